"""Which reader a file needs, by its name or its first bytes, and files opened as a stream of decompressed bytes."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


STDIN = "-"


class Layout(StrEnum):
    """What an archived file holds."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"
    LINES = "lines"
    WARC = "warc"
    ARC = "arc"


SUFFIXES = {
    ".txt": Layout.TEXT,
    ".html": Layout.HTML,
    ".htm": Layout.HTML,
    ".json": Layout.JSON,
    ".jsonl": Layout.LINES,
    ".ndjson": Layout.LINES,
    ".warc": Layout.WARC,
    ".arc": Layout.ARC,
}


class InputError(Exception):
    """An input that cannot be used: named wrongly, missing, or of an unknown kind. Usage, so exit code 2."""


def layout_of(name: str) -> Layout | None:
    """Return what a file of this name holds, or None where newstap does not read its kind."""
    lower = name.lower()
    for packed in (".gz", ".lz4"):
        if lower.endswith(packed):
            inner = SUFFIXES.get(Path(lower.removesuffix(packed)).suffix)
            return inner if packed == ".gz" or inner is Layout.WARC else None
    return SUFFIXES.get(Path(lower).suffix)


def sniffed(head: bytes) -> tuple[Layout, bool]:
    """Return what standard input holds, by its first bytes, and whether it is gzip."""
    packed = head.startswith(b"\x1f\x8b")
    start = head
    if packed:
        with suppress(zlib.error):  # damage is found, and told, by who reads it
            start = zlib.decompressobj(wbits=31).decompress(head, len(head))
    elif head.startswith(b"\x04\x22\x4d\x18"):
        return Layout.WARC, False  # of what is read here, only WARC comes as LZ4
    return _sniffed(start.lstrip(b"\xef\xbb\xbf \t\r\n")), packed


def _sniffed(start: bytes) -> Layout:
    if start.startswith(b"WARC/"):
        return Layout.WARC
    if start.startswith(b"filedesc://"):
        return Layout.ARC
    if start.startswith(b"{"):
        first, newline, _ = start.partition(
            b"\n"
        )  # a line of its own is whole; what is spread over lines is one document
        return Layout.LINES if first.rstrip().endswith(b"}") or not newline else Layout.JSON
    return Layout.HTML if start.startswith(b"<") else Layout.TEXT


def unpacked(raw: IO[bytes], name: str) -> IO[bytes]:
    """Return a stream of the decompressed bytes of a file, by its name; see `gunzipped`."""
    return gunzipped(raw) if name.lower().endswith(".gz") else raw


def gunzipped(raw: IO[bytes]) -> IO[bytes]:
    """Return a stream of the decompressed bytes of gzip data, of one member or several.

    Damaged or cut data raises OSError, EOFError or zlib.error while reading, behind what is whole: see `DAMAGED`.
    """
    return io.BufferedReader(_AsItComes(gzip.GzipFile(fileobj=raw, mode="rb")), 1 << 17)


class _AsItComes(io.RawIOBase):
    """Gives what is decompressed at once: `GzipFile.readinto` gathers, and drops what it has where damage follows."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed

    def readable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - what can be written to; Python 3.11 has no name for it
        """See `io.RawIOBase`."""
        return self._packed.readinto1(buffer)


DAMAGED = (OSError, EOFError, zlib.error)


def discovered(inputs: Iterable[str]) -> tuple[list[str], int]:
    """Return the files to read, in order, and how many others the directories held.

    Each input keeps its place; a directory stands for what is below it, sorted by path.

    Raises:
        InputError: an input does not exist, or is a file of a kind that newstap does not read.
    """
    files: dict[Path, str] = {}
    ignored = 0
    for given in inputs:
        path = Path(given)
        if given == STDIN:
            files[path] = given
        elif path.is_dir():
            for found in _below(path):
                if layout_of(found.name) is None:
                    ignored += 1
                else:
                    files.setdefault(_real(found), str(found))
        else:
            _refuse_unusable(path)
            files.setdefault(_real(path), given)
    return list(files.values()), ignored


def _refuse_unusable(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such file or directory")
    if layout_of(path.name) is None:
        kinds = ", ".join(SUFFIXES)
        raise InputError(f"{path}: not a kind of file that can be replayed; {kinds}, each also .gz, .warc also .lz4")
    if not path.is_file():
        raise InputError(f"{path}: neither a file nor a directory; give what comes out of it as -")


def _below(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted; hidden ones (our own `.newstap` among them) are left out.

    Links to folders are followed, each folder once; a link that leads nowhere counts as a file, so that it is missed.
    """
    found: list[Path] = []
    been: set[Path] = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_refuse_closed):
        here = Path(place)
        been.add(_real(here))
        folders[:] = [name for name in sorted(folders) if name[0] != "." and _real(here / name) not in been]
        paths = (here / name for name in files if name[0] != ".")
        found += [path for path in paths if path.is_file() or not path.exists()]
    return sorted(found)


def _real(path: Path) -> Path:
    """Return where links lead; `Path.resolve` raises where they lead in circles."""
    return Path(os.path.realpath(path))


def _refuse_closed(error: OSError) -> None:
    raise InputError(f"{error.filename}: {error.strerror}") from error
