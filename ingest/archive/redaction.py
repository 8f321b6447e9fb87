"""Takes documents out of an archive: tombstones stand where their records lay, each as long as what it replaces.

No byte behind them moves, so every other locator and index line stays true, and so does the committed length of the
file being written. Whoever calls holds the archive's folder: a service that appends to a file must not run.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING

from ingest.archive import index
from ingest.archive.files import files_of
from ingest.archive.reading import Stored, stored
from ingest.archive.records import JSON, TooLongError, member_of_length, new_id
from ingest.archived import ArchiveError
from sinks.files_marker import sync_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

KIND = "retracted"
_BLOCK = json.dumps({"schema": 1, "kind": KIND}, separators=(",", ":")).encode()
_OF_A_PAGE = frozenset({"request", "response"})


def redact(path: Path, ids: Collection[str], *, end: int | None = None) -> int:
    """Put tombstones in the place of documents, and return how many records those were.

    What became no record (`skipped`, `failed`), or was handed to workers, has no id to go by and stays. Killed at any
    moment it leaves each file as it was or done, an index missing at most, and called again does the rest.

    Args:
        path: the archive's folder.
        ids: of the documents' records.
        end: bytes of the last file that count; by default all.

    Raises:
        ArchiveError: a record cannot be replaced; its file is as it was.
        OSError: a file cannot be written; it is as it was.
    """
    files = files_of(path)
    last = max(files, default=0)
    return sum(_file(file, ids, end if number == last else None) for number, file in files.items())


def _file(file: Path, ids: Collection[str], end: int | None) -> int:
    beside = index.index_of(file)
    stones = {record.offset: _tombstone(file, record) for record in _about(file, ids, end)}
    if not stones:
        return 0
    indexed = beside.exists()
    beside.unlink(missing_ok=True)  # before the file changes: a missing index is made again, a wrong one is believed
    _rewrite(file.resolve(), stones)
    if indexed:
        index.write(file)
    return len(stones)


def _about(file: Path, ids: Collection[str], end: int | None) -> Iterator[Stored]:
    """Yield the records of documents: `metadata`, and the `request` and `response` behind it."""
    is_about = False
    for record in stored(file, end=end):
        if not isinstance(record, Stored):
            is_about = False
            continue
        if record.kind not in _OF_A_PAGE:
            is_about = record.kind == "metadata" and record.record_id in ids
        if is_about:
            yield record


def _tombstone(file: Path, record: Stored) -> bytes:
    try:
        return member_of_length(
            record.length,
            "metadata",
            _BLOCK,
            date=record.headers.get("warc-date", ""),
            content_type=JSON,
            more={"WARC-Record-ID": new_id()},
        )
    except TooLongError as error:
        raise ArchiveError(f"{file}: at byte {record.offset}: {error}") from error


def _rewrite(file: Path, stones: dict[int, bytes]) -> None:
    """Replace a file by one with other bytes at some places, whole or not at all."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        shutil.copyfile(file, part)
        _overwrite(part, stones, file.stat())
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)  # it holds what is to go
        raise
    sync_folder(file.parent)


def _overwrite(part: Path, stones: dict[int, bytes], was: os.stat_result) -> None:
    """Write at places of a file; owner, mode and times become what they were: the service goes on with all of them."""
    with part.open("r+b") as stream:
        for offset, stone in stones.items():
            stream.seek(offset)
            stream.write(stone)
        stream.flush()
        os.fchown(stream.fileno(), was.st_uid, was.st_gid)
        os.fchmod(stream.fileno(), stat.S_IMODE(was.st_mode))
        os.utime(stream.fileno(), ns=(was.st_atime_ns, was.st_mtime_ns))
        os.fsync(stream.fileno())
