"""The cluster's programs: what pins them, and when a built one is used again."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.cluster import toolbox
from sandbox.cluster.toolbox import Toolbox, go_version
from sandbox.cluster.tools import MODULES, TOOLS, Edit, Tool
from sandbox.errors import SandboxError

KUBECTL = TOOLS["kubectl"]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What is asked of go, which is not run: every build makes an empty program."""
    asked: list[tuple[str, ...]] = []

    def run(*words: str, cwd: Path) -> str:
        asked.append(words)
        if words[0] == "build":
            Path(words[words.index("-o") + 1]).touch()
        return "go1.26.0\n" if words[0] == "env" else ""

    monkeypatch.setattr(toolbox, "_run", run)
    return asked


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_every_program_is_pinned_with_its_checksum_and_named_as_a_tool(tool: Tool) -> None:
    assert re.fullmatch(r"v\d+\.\d+\.\d+", tool.version)
    assert f"{tool.module} {tool.version} h1:" in (tool.folder / "go.sum").read_text()
    # What is only read has no package that would keep its requirement.
    if tool.package:
        assert re.search(rf"^(tool |\t){re.escape(tool.package)}$", (tool.folder / "go.mod").read_text(), re.MULTILINE)
    assert tool.package or tool.carries


def test_all_of_kubernetes_is_of_one_release() -> None:
    text = (MODULES / "kubernetes" / "go.mod").read_text()
    replaced = dict(re.findall(r"^\t(k8s\.io/\S+) => \1 (\S+)$", text, re.MULTILINE))
    assert len(replaced) > 25 and set(replaced.values()) == {"v0.36.3"}
    assert KUBECTL.version == "v1.36.3"


def test_programs_of_kubernetes_know_their_version() -> None:
    for stamp in ("gitVersion=v1.36.3", "gitMajor=1", "gitMinor=36"):
        assert f"-X k8s.io/component-base/version.{stamp}" in KUBECTL.symbols
    assert "-X" not in TOOLS["etcd"].symbols


def test_a_program_is_built_once_and_checksums_stay_on(tmp_path: Path, builds: list[tuple[str, ...]]) -> None:
    box = Toolbox(tmp_path)
    assert [tool.name for tool in box.missing("kubectl", "etcd")] == ["kubectl", "etcd"]
    nowhere = box.place("kubectl")
    assert not nowhere.exists() and "build" not in {words[0] for words in builds}
    first = box.path("kubectl")
    assert box.place("kubectl") == first
    assert first == box.path("kubectl") and first.exists()
    assert [words[:3] for words in builds if words[0] == "build"] == [("build", "-mod=readonly", "-trimpath")]
    assert [tool.name for tool in box.missing("kubectl", "etcd")] == ["etcd"]


def test_a_cache_that_is_named_from_here_is_not_looked_for_in_the_modules_folder(
    tmp_path: Path, builds: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Toolbox(Path("cache")).path("kubectl").exists()
    (build,) = (words for words in builds if words[0] == "build")
    assert Path(build[build.index("-o") + 1]).is_absolute()


def test_another_go_or_other_pins_build_anew(
    tmp_path: Path, builds: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Toolbox(tmp_path)
    paths = {box.path("kubectl")}
    monkeypatch.setattr(toolbox, "go_version", lambda: "go1.27.0")
    paths.add(box.path("kubectl"))
    pinned = Tool._pinned
    monkeypatch.setattr(Tool, "_pinned", lambda tool, file: pinned(tool, file) + "\n")
    paths.add(box.path("kubectl"))
    assert len(paths) == 3


def test_a_failed_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*words: str, cwd: Path) -> str:
        if words[0] == "build":
            Path(words[words.index("-o") + 1]).touch()
            raise SandboxError("`go build` failed: no space left on device")
        return "go1.26.0"

    monkeypatch.setattr(toolbox, "_run", run)
    with pytest.raises(SandboxError, match="no space left"):
        Toolbox(tmp_path).path("kubectl")
    assert list((tmp_path / "kubectl").iterdir()) == []


def test_without_go_a_program_that_was_built_is_used_and_another_refused_with_advice(
    tmp_path: Path, builds: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Toolbox(tmp_path)
    built = box.path("kubectl")
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert box.path("kubectl") == built
    with pytest.raises(SandboxError, match="Install Go 1.26 or newer"):
        box.path("etcd")


def test_what_a_program_needs_of_its_module_is_kept_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module"
    for name in ("kustomize/stage/pod.yaml", "docs/other.md"):
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        (module / name).write_text(name)
        (module / name).chmod(0o444)

    def run(*words: str, cwd: Path) -> str:
        if words[0] == "build":
            Path(words[words.index("-o") + 1]).touch()
        return {"list": f"{module}\n", "env": "go1.26.0"}.get(words[0], "")

    monkeypatch.setattr(toolbox, "_run", run)
    folder = Toolbox(tmp_path / "cache").folder("kwok")
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == [
        "kustomize/stage/pod.yaml",
        "kwok",
    ]


def test_the_go_that_is_there_tells_its_version() -> None:
    assert go_version().startswith("go1.")


def test_an_edit_changes_a_copy_of_the_module_and_fails_where_there_is_nothing_to_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.go").write_text('listen(":8080")')
    compiled: list[str] = []

    def run(*words: str, cwd: Path) -> str:
        if words[0] == "build":
            Path(words[words.index("-o") + 1]).touch()
            pins = next(word for word in words if word.startswith("-modfile=")).partition("=")[2]
            text = Path(pins).read_text()
            assert text.startswith((cwd / "go.mod").read_text()) and Path(pins).with_name("go.sum").exists()
            replaced = re.search(r"^replace k8s.io/kubernetes => (\S+)$", text, re.MULTILINE)
            assert replaced
            compiled.append(Path(replaced[1], "main.go").read_text())
        return {"list": f"{module}\n", "env": "go1.26.0"}.get(words[0], "")

    monkeypatch.setattr(toolbox, "_run", run)
    edits = (Edit("main.go", '":8080"', '"127.0.0.1:8080"'),)
    monkeypatch.setitem(TOOLS, "kubectl", replace(KUBECTL, edits=edits))
    assert TOOLS["kubectl"].source != KUBECTL.source
    Toolbox(tmp_path / "cache").path("kubectl")
    assert compiled == ['listen("127.0.0.1:8080")']
    assert (module / "main.go").read_text() == 'listen(":8080")'
    (module / "main.go").write_text("listen(port)")
    with pytest.raises(SandboxError, match="main.go of k8s.io/kubernetes v1.36.3 has not one"):
        Toolbox(tmp_path / "other").path("kubectl")


def test_of_a_module_that_is_only_read_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crds = tmp_path / "module/example/prometheus-operator-crd"
    crds.mkdir(parents=True)
    (crds / "rules.yaml").write_text("kind: X")
    asked: list[str] = []

    def run(*words: str, cwd: Path) -> str:
        asked.append(words[0])
        return {"list": f"{tmp_path / 'module'}\n", "env": "go1.26.0"}.get(words[0], "")

    monkeypatch.setattr(toolbox, "_run", run)
    folder = Toolbox(tmp_path / "cache").folder("prometheus-operator")
    assert (folder / "example/prometheus-operator-crd/rules.yaml").read_text() == "kind: X"
    assert "build" not in asked
