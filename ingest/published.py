"""Records as they were published: of each article the newest, to hold against what would become of its document now.

They are indexed in a file of their own, so that memory does not depend on how many there are.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from dataclasses import replace
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from ingest.sources.opening import InputError
from processors.records import Mode, Origin, Record, Revision
from sinks.codec import CodecError, decode_record, encode_record
from sinks.files_reading import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from processors.records import ArchiveRef, Outcome
    from sinks.files_reading import Line

_SCHEMA = """
CREATE TABLE record (
    id TEXT PRIMARY KEY, n INTEGER NOT NULL, place TEXT, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX record_place ON record (place);
"""
_PUT = """
INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    n = excluded.n, place = excluded.place, body = excluded.body WHERE excluded.n >= record.n
"""
_NOWHERE = Origin(mode=Mode.REPLAY)


class Verdict(Enum):
    """What an outcome is, beside the newest record that was published of its article."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NEW = "new"
    """Nothing was published of it."""
    GONE = "no record any more"
    SUPERSEDED = "superseded"
    """Of an older state of the article than the newest that was published."""
    ABSENT = "no record"
    """Neither then nor now."""


class Compared(NamedTuple):
    """An outcome beside what was published."""

    verdict: Verdict
    before: Record | None = None
    """The newest record, where the outcome is of its document."""


class Published:
    """The newest record of each article in a folder of a files sink.

    Args:
        folder: of the records, or the one that holds `records/`.
        scratch: where the index may lie.

    Raises:
        InputError: there are none, or a line is no record.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        inner = folder / "records"
        self._connection = sqlite3.connect(scratch / "published.sqlite")
        self._connection.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_SCHEMA}")
        try:
            self._fill(inner if inner.is_dir() else folder)
        except BaseException:
            self.close()
            raise

    def _fill(self, folder: Path) -> None:
        with self._connection:
            self._connection.executemany(_PUT, _rows(read_lines(folder)))
        if not len(self):
            raise InputError(f"{folder}: no records there; name the folder of a files sink")

    def close(self) -> None:
        """Let go of the index."""
        self._connection.close()

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM record").fetchone()[0])

    def compared(self, outcome: Outcome) -> Compared:
        """Return what an outcome is beside the newest record of its article."""
        if not isinstance(outcome, Record):
            before = self._found("place", _place(outcome.origin.archive))
            return Compared(Verdict.ABSENT) if before is None else Compared(Verdict.GONE, before)
        place = _place(outcome.origin.archive)
        before = self._found("place", place) or self._found("id", outcome.id)
        if before is None:
            return Compared(Verdict.NEW)
        if content_of(before) == content_of(outcome):
            return Compared(Verdict.UNCHANGED, before)
        if before.id == outcome.id and not _is_same_document(before, outcome):
            return Compared(Verdict.NEW if _is_later(outcome, before) else Verdict.SUPERSEDED, before)
        return Compared(Verdict.CHANGED, before)

    def _found(self, column: str, value: str | None) -> Record | None:
        row = value and self._connection.execute(f"SELECT body FROM record WHERE {column} = ?", (value,)).fetchone()  # noqa: S608 - one of two names of ours
        return decode_record(zlib.decompress(row[0])) if row else None


def content_of(record: Record) -> bytes:
    """Return a digest of what a record says of its article, not of how it came to us or by which versions."""
    bare = replace(record, id="", origin=_NOWHERE, revision=Revision(), dup=None, story=None, fingerprint={})
    return hashlib.blake2b(encode_record(bare), digest_size=16).digest()


def _rows(lines: Iterable[Line]) -> Iterable[tuple[str, int, str | None, bytes]]:
    for line in lines:
        try:
            record = decode_record(line.body)
        except CodecError as error:
            raise InputError(f"{line.path}, line {line.number}: no record: {error}") from error
        yield record.id, record.revision.n, _place(record.origin.archive), zlib.compress(line.body, 1)


def _place(archive: ArchiveRef | None) -> str | None:
    """Return where a document lies, however the folder of its archive is named now."""
    return None if archive is None else f"{PurePath(archive.file).name}:{archive.offset}"


def _is_same_document(before: Record, now: Record) -> bool:
    """Say whether two records of one article are of the same document of an archive, not of two states of it."""
    known = [
        (before.origin.fetched, now.origin.fetched),
        (_place(before.origin.archive), _place(now.origin.archive)),
    ]
    told = [one == other for one, other in known if one is not None and other is not None]
    return any(told) if told else before.revision.n == now.revision.n


def _is_later(now: Record, before: Record) -> bool:
    fetched, then = now.origin.fetched, before.origin.fetched
    return fetched is not None and then is not None and fetched > then
