"""Which engine is taken: versions that will do, downloads that are refused, and what is said when nothing works."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox.engine import FORCED, VERSION, find_engine
from sandbox.engine.installed import OLDEST, UnavailableError, check_version, dotted, parse_version
from sandbox.engine.release import MACHINES, SYSTEMS, Release
from sandbox.errors import SandboxError

ARCHIVE = f"pulumi-v{VERSION}-{SYSTEMS[platform.system()]}-{MACHINES[platform.machine()]}.tar.gz"
SCRIPT = "#!/bin/sh\necho v{version}\n"

Publish = Callable[[str], None]


def put_program(folder: Path, name: str, version: str = VERSION) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(SCRIPT.format(version=version))
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, beside those with /bin/sh: it has neither pulumi nor go."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(FORCED, raising=False)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a web server for `tmp_path / "web"`."""
    (tmp_path / "web").mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web")))
    threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()


@pytest.fixture
def release(tmp_path: Path, server: str) -> Release:
    """A release whose programs all say that they are the pinned version, published with its right checksum."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in ("pulumi", "pulumi-language-python"):
            member = tarfile.TarInfo(f"pulumi/{name}")
            content = SCRIPT.format(version=VERSION).encode()
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    (tmp_path / "web" / ARCHIVE).write_bytes(packed.getvalue())
    publish_checksum(tmp_path, hashlib.sha256(packed.getvalue()).hexdigest())
    return Release(VERSION, archives=(server,), checksums=server)


def publish_checksum(tmp_path: Path, digest: str) -> None:
    (tmp_path / "web" / f"pulumi-{VERSION}-checksums.txt").write_text(f"{'0' * 64}  other.zip\n{digest}  {ARCHIVE}\n")


NOWHERE = Release(VERSION, archives=("http://127.0.0.1:9",), checksums="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.258.0\n", (3, 258, 0)),
        ("3.258.0", (3, 258, 0)),
        ("v3.300.1-alpha.1763700000+dirty", (3, 300, 1)),
        ("  v10.0.12\nA new version is available", (10, 0, 12)),
    ],
)
def test_versions_are_read_as_pulumi_prints_them(text: str, version: tuple[int, int, int]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "v3", "pulumi v3.258.0", "three"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UnavailableError, match="as its version"):
        parse_version(text)


@pytest.mark.parametrize("version", [(2, 999, 0), (3, 0, 0), (OLDEST[0], OLDEST[1] - 1, 99), (4, 0, 0)])
def test_versions_that_are_too_old_or_of_another_major_are_refused(version: tuple[int, int, int]) -> None:
    with pytest.raises(UnavailableError, match=f"It is {dotted(version)}"):
        check_version(version)


@pytest.mark.parametrize("version", [OLDEST, (OLDEST[0], OLDEST[1] + 1, 0)])
def test_versions_from_the_oldest_on_will_do(version: tuple[int, int, int]) -> None:
    check_version(version)


def test_a_suitable_pulumi_on_path_is_taken(path: Path, tmp_path: Path) -> None:
    put_program(path, "pulumi")
    put_program(path, "pulumi-language-python")
    assert find_engine(tmp_path / "cache", NOWHERE) == path / "pulumi"


def test_a_forced_pulumi_comes_first(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_program(path, "pulumi")
    put_program(tmp_path / "mine", "pulumi", version="3.1.0")
    monkeypatch.setenv(FORCED, str(tmp_path / "mine" / "pulumi"))
    assert find_engine(tmp_path / "cache", NOWHERE) == tmp_path / "mine" / "pulumi"


def test_a_forced_pulumi_that_does_not_run_is_an_error(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FORCED, "/no/such/pulumi")
    with pytest.raises(SandboxError, match=f"{FORCED} names `/no/such/pulumi`"):
        find_engine(tmp_path / "cache", NOWHERE)


def test_the_release_is_downloaded_once_and_kept(path: Path, tmp_path: Path, release: Release) -> None:
    found = find_engine(tmp_path / "cache", release)
    assert sorted(file.name for file in found.parent.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert find_engine(tmp_path / "cache", NOWHERE) == found


def test_an_unsuitable_pulumi_on_path_is_passed_over(path: Path, tmp_path: Path, release: Release) -> None:
    put_program(path, "pulumi", version="3.1.0")
    assert find_engine(tmp_path / "cache", release).parent.name == f"v{VERSION}"


def test_a_release_of_another_place_is_tried_when_the_first_is_not_there(
    path: Path, tmp_path: Path, release: Release
) -> None:
    places = (f"{release.checksums}/missing", release.checksums)
    assert find_engine(tmp_path / "cache", Release(VERSION, places, release.checksums)).exists()


def test_a_download_with_the_wrong_checksum_is_refused(path: Path, tmp_path: Path, release: Release) -> None:
    publish_checksum(tmp_path, "a" * 64)
    with pytest.raises(SandboxError, match=f"{ARCHIVE} was refused: its SHA-256 is [0-9a-f]{{64}}, not {'a' * 64}"):
        find_engine(tmp_path / "cache", release)
    assert [left.name for left in (tmp_path / "cache").iterdir()] == ["lock"]


def test_a_release_without_a_checksum_of_the_archive_is_refused(path: Path, tmp_path: Path, release: Release) -> None:
    (tmp_path / "web" / f"pulumi-{VERSION}-checksums.txt").write_text(f"short  {ARCHIVE}\n")
    with pytest.raises(SandboxError, match=f"has no SHA-256 checksum of {ARCHIVE}"):
        find_engine(tmp_path / "cache", release)


def test_a_download_that_breaks_off_is_refused(path: Path, tmp_path: Path, release: Release) -> None:
    archive = tmp_path / "web" / ARCHIVE
    archive.write_bytes(archive.read_bytes()[:-10])
    with pytest.raises(SandboxError, match="was refused"):
        find_engine(tmp_path / "cache", release)


def test_when_nothing_works_every_way_is_named_and_what_to_install(path: Path, tmp_path: Path) -> None:
    put_program(path, "pulumi", version="3.1.0")
    begun = time.monotonic()
    with pytest.raises(SandboxError) as caught:
        find_engine(tmp_path / "cache", NOWHERE)
    assert time.monotonic() - begun < 5
    message = str(caught.value)
    assert f"On PATH: `{path}/pulumi` was found. It is 3.1.0" in message
    assert (
        f"Downloading pulumi v{VERSION}: http://127.0.0.1:9/pulumi-{VERSION}-checksums.txt could not be read" in message
    )
    assert f"Building pulumi v{VERSION} from its Go module: There is no `go` on PATH." in message
    assert f"Install pulumi {dotted(OLDEST)}" in message
    assert "or Go 1.25.11 or newer" in message


def test_a_build_that_fails_says_what_go_said(path: Path, tmp_path: Path) -> None:
    put_program(path, "go")
    (path / "go").write_text("#!/bin/sh\necho 'go: downloading x' >&2; echo 'no space left' >&2; exit 1\n")
    with pytest.raises(SandboxError, match=r"`go build` failed: no space left\n"):
        find_engine(tmp_path / "cache", NOWHERE)


def test_two_runs_at_once_prepare_the_engine_once(path: Path, tmp_path: Path) -> None:
    put_program(path, "go")
    (path / "go").write_text(
        f"""#!/bin/sh
PATH=/usr/bin:/bin
sdk={tmp_path}/sdk/python
mkdir -p "$sdk/cmd" "$sdk/dist"; touch "$sdk/cmd/pulumi-language-python-exec" "$sdk/dist/pulumi-resource-pulumi-python"
[ "$1" = list ] && {{ echo {tmp_path}/sdk; exit; }}
echo built >> {tmp_path}/builds; sleep 0.5
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho v{VERSION}\\n' > "$2"; chmod +x "$2"
"""
    )
    with ThreadPoolExecutor(2) as runs:
        found = list(runs.map(lambda _: find_engine(tmp_path / "cache", NOWHERE), range(2)))
    assert found == [tmp_path / "cache" / f"v{VERSION}" / "pulumi"] * 2
    assert (tmp_path / "builds").read_text() == "built\n"
    assert os.access(found[0].parent / "pulumi-language-python", os.X_OK)


def test_the_pinned_version_is_that_of_the_go_module() -> None:
    module = (Path(find_engine.__code__.co_filename).parent / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{VERSION} " in module
    assert f"github.com/pulumi/pulumi/sdk/v3 v{VERSION} " in module
