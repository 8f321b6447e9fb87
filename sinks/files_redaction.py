"""Takes lines out of what a files sink wrote: stones of the same length stand in their place.

No line or byte behind them moves, so lengths that a ledger committed, and places that were told, stay true. Whoever
calls keeps the sink from running meanwhile. Each file is replaced whole or not at all; a rest of a killed run goes when
the sink opens its folder (`part-*.part`).
"""

from __future__ import annotations

import gzip
import os
import shutil
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import zstandard

from sinks.files import FOLDERS
from sinks.files_marker import sync_folder
from sinks.files_reading import STONE, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sinks.base import Kind


def redact(path: Path, find: Callable[[Kind, bytes], str | None]) -> int:
    """Put stones in the place of lines, in all files of a sink's folder; return how many those were.

    Args:
        path: the sink's folder.
        find: tells whose line one is that is to go; None for what stays.

    Raises:
        OSError: a file cannot be read or written; it is as it was.
    """
    replaced = 0
    for kind, folder in FOLDERS.items():
        for file in sorted((path / folder).glob("*.jsonl*")):
            if file.suffix != ".part":
                replaced += _file(file, partial(find, kind))
    return replaced


def stone(key: str, length: int) -> bytes:
    """Return the line that stands for one of so many bytes; ValueError where it is longer than that."""
    made = STONE + key.encode("ascii") + b'"}'
    if len(made) > length:
        raise ValueError(f"a line of {length} bytes is too short for its stone")
    return made.ljust(length)


def _file(file: Path, find: Callable[[bytes], str | None]) -> int:
    """Rewrite one file where it holds anything that is to go."""
    size = found = 0
    with opened(file) as stream:
        for line in stream:
            size += len(line)
            found += _wanted(line, find) is not None
    if found:
        part = file.with_name(f"part-{file.name}.part")
        try:
            _rewrite(file, part, size, find)
            part.replace(file)
        except OSError:
            part.unlink(missing_ok=True)  # it holds what others are not to find there
            raise
        sync_folder(file.parent)
    return found


def _wanted(line: bytes, find: Callable[[bytes], str | None]) -> str | None:
    if line.startswith(STONE) or not line.endswith(b"\n"):
        return None
    return find(line[:-1])


def _rewrite(file: Path, part: Path, size: int, find: Callable[[bytes], str | None]) -> None:
    with opened(file) as stream, part.open("wb") as raw:
        with _packed(file, raw, size) as target:
            for line in stream:
                key = _wanted(line, find)
                target.write(line if key is None else stone(key, len(line) - 1) + b"\n")
        raw.flush()
        was = file.stat()
        os.fchown(raw.fileno(), was.st_uid, was.st_gid)
        os.fsync(raw.fileno())
    shutil.copymode(file, part)


def _packed(file: Path, raw: IO[bytes], size: int) -> Any:  # noqa: ANN401 - three kinds of writers have no common type
    if file.suffix == ".gz":
        return gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0)
    if file.suffix == ".zst":
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        return packer.stream_writer(raw, size=size, closefd=False)
    return open(os.dup(raw.fileno()), "wb")  # noqa: PTH123 - closed by the caller, the file beneath stays open
