"""An archive that is written as a stream: tar (POSIX pax), encrypted by age while it is written.

Nothing of it is ever on a disk unencrypted, and memory does not grow with it. A part whose length nobody knows before
its end is cut into pieces of 8 MiB: `keys.jsonl.000001` and so on, which are one file when put together in order. The
last member is `manifest.json`: an archive without it was never finished.
Formats: https://age-encryption.org/v1, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from penstock.tenancy.erasure.errors import ErasureError

PIECE_BYTES = 8 * 1024 * 1024
FORMAT = 1
"""The version of what is in the archive; it rises where a reader of an older one would be wrong."""


def json_bytes(content: object) -> bytes:
    """JSON on one line; halves of characters, which have no UTF-8, are escaped."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(content, separators=(",", ":")).encode()


class Part:
    """One file in the archive, while it is written. `about` goes into the manifest beside its size and digest."""

    def __init__(self, archive: Archive, path: str, about: dict[str, Any]) -> None:
        self.about = about
        self._archive, self._path = archive, path
        self._waiting = bytearray()
        self._digest, self._bytes, self._pieces = hashlib.sha256(), 0, 0

    def write(self, data: bytes | memoryview) -> None:
        self._digest.update(data)
        self._bytes += len(data)
        self._waiting += data
        while len(self._waiting) > PIECE_BYTES:
            self._put(self._waiting[:PIECE_BYTES])
            del self._waiting[:PIECE_BYTES]

    def line(self, content: object) -> None:
        """A line of JSON."""
        self.write(json_bytes(content) + b"\n")

    def end(self) -> dict[str, Any]:
        """What the manifest says of it."""
        self._put(self._waiting, last=True)
        said = {"path": self._path, "bytes": self._bytes, "sha256": self._digest.hexdigest()}
        return {**said, **({"pieces": self._pieces} if self._pieces > 1 else {}), **self.about}

    def _put(self, piece: bytes | bytearray, last: bool = False) -> None:
        self._pieces += 1
        whole = last and self._pieces == 1
        self._archive.member(self._path if whole else f"{self._path}.{self._pieces:06d}", piece)


class Archive:
    """The archive that is to be at `path`, for whoever has an identity of one of the `recipients` (`age1…`). It is
    written under another name, `partial`."""

    def __init__(self, path: Path, recipients: Sequence[str], about: dict[str, Any]) -> None:
        self.path, self.partial = path, path.with_name(f"{path.name}.partial")
        self.sha256, self.bytes = "", 0
        self.failure: BaseException | None = None
        """Why it cannot be written."""
        self._recipients, self._about, self._parts = recipients, about, list[dict[str, Any]]()
        handle = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = _Measured(os.fdopen(handle, "wb"))
        reader, writer = os.pipe()
        self._pipe = os.fdopen(writer, "wb", buffering=1024 * 1024)
        self._worker = threading.Thread(target=self._encrypt, args=(os.fdopen(reader, "rb", buffering=0),))
        self._worker.start()

    @contextmanager
    def part(self, path: str, **about: Any) -> Iterator[Part]:
        """A file in the archive, to be written from its beginning to its end before the next."""
        part = Part(self, path, about)
        yield part
        self._parts.append(part.end())

    def note(self, **about: Any) -> None:
        """Something to be said in the manifest."""
        self._about.update(about)

    def member(self, path: str, content: bytes | bytearray) -> None:
        """A member of the tar."""
        info = tarfile.TarInfo(path)
        info.size, info.mode = len(content), 0o600
        self._pipe.write(info.tobuf(tarfile.PAX_FORMAT))
        self._pipe.write(content)
        self._pipe.write(bytes(-len(content) % tarfile.BLOCKSIZE))

    def finish(self) -> None:
        """Ends it with the manifest, and sees to it that it is on the disk."""
        manifest = {"format": FORMAT, **self._about, "parts": self._parts}
        self.member("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False).encode())
        self._pipe.write(bytes(2 * tarfile.BLOCKSIZE))
        self._pipe.close()
        self._worker.join()
        if self.failure is not None:
            raise self.failure
        with self._file.file as file:
            file.flush()
            os.fsync(file.fileno())
        self.sha256, self.bytes = self._file.digest.hexdigest(), self._file.written

    def publish(self) -> None:
        """Gives the file its name, for good."""
        self.partial.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abandon(self) -> None:
        """Removes what is written."""
        # Whoever encrypts sees the end of the pipe, and what is then complete as a file goes with it.
        for file in (self._pipe, self._file.file):
            with suppress(OSError):
                file.close()
            self._worker.join()
        self.partial.unlink(missing_ok=True)

    def _encrypt(self, reader: BinaryIO) -> None:
        import pyrage  # type: ignore[import-untyped]

        with reader:
            try:
                to = [pyrage.x25519.Recipient.from_str(text) for text in self._recipients]
                pyrage.encrypt_io(reader, self._file, to)
            except BaseException as error:
                self.failure = error


@contextmanager
def archived(path: Path, recipients: Sequence[str], about: dict[str, Any]) -> Iterator[Archive]:
    """Writes an archive: when this is left it is complete on the disk, to be published; left by an exception nothing
    of it is. Raises ErasureError where it cannot be written."""
    try:
        archive = Archive(path, recipients, about)
    except OSError as error:
        raise ErasureError(f"{path} cannot be written: {error.strerror}. Name another --out.") from None
    try:
        archive.member("README.txt", files(__package__).joinpath("data", "archive.txt").read_bytes())
        yield archive
        archive.finish()
    except BaseException:
        archive.abandon()
        if archive.failure is None:
            raise
        raise ErasureError(f"{path} cannot be written: {archive.failure}. Make room, or name another --out.") from None


class _Measured:
    """A file of which it is known what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.written = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.file.write(data)
        self.digest.update(data)
        self.written += len(data)
        return len(data)

    def flush(self) -> None:
        self.file.flush()
