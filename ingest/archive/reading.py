"""Our own archive files, read back record by record."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ingest.sources.base import Position
from ingest.sources.frames import Broken, Frame, Frames
from ingest.sources.warc import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BLOCK = 2**30
"""Bytes of a record that are held: pages are limited where they are fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One record of a file."""

    offset: int
    length: int = 0
    """Of the gzip member."""
    headers: dict[str, str]
    """Names in lower case."""
    block: bytes = field(repr=False)

    @property
    def kind(self) -> str:
        """`WARC-Type`."""
        return self.headers.get("warc-type", "")

    @property
    def told(self) -> dict[str, Any]:
        """What a `metadata` record of ours says; empty where it is none, or cannot be read."""
        try:
            row = json.loads(self.block)
        except (ValueError, RecursionError):
            return {}
        return row if isinstance(row, dict) else {}

    @property
    def told_kind(self) -> str:
        """The kind of document that it tells of; "" where it tells of none."""
        kind = self.told.get("kind")
        return kind if isinstance(kind, str) else ""

    @property
    def record_id(self) -> str | None:
        """The id of the record that became of the document."""
        became = self.told.get("became")
        found = became.get("record") if isinstance(became, dict) else None
        return found if isinstance(found, str) else None


def stored(file: Path, *, start: int = 0, end: int | None = None) -> Iterator[Stored | Broken]:
    """Yield the records of a file, and what is none.

    Args:
        file: of ours: each record a gzip member.
        start: where a record begins.
        end: bytes of the file that count; by default all of them.
    """
    with file.open("rb") as stream:
        size = stream.seek(0, 2) if end is None else end
        before: Stored | Broken | None = None
        for found in Frames(stream, FORMAT, Position(0, start, start, start), max_block=MAX_BLOCK):
            if found.place.in_file >= size:
                break
            now = found if isinstance(found, Broken) else _stored(found)
            if before is not None:
                yield _measured(before, found.place.in_file)
            before = now
        if before is not None:
            yield _measured(before, size)


def one(file: Path, offset: int) -> Stored | Broken | None:
    """Return the record at an offset; its length is not told."""
    with file.open("rb") as stream:
        found = next(iter(Frames(stream, FORMAT, Position(0, offset, offset, offset), max_block=MAX_BLOCK)), None)
    return _stored(found) if isinstance(found, Frame) else found


def _stored(frame: Frame) -> Stored:
    lines = (line.partition(":") for line in frame.head.decode("utf-8", "replace").splitlines()[1:])
    headers = {name.strip().lower(): value.strip() for name, colon, value in lines if colon}
    return Stored(offset=frame.place.in_file, headers=headers, block=frame.block)


def _measured(record: Stored | Broken, end: int) -> Stored | Broken:
    return replace(record, length=end - record.offset) if isinstance(record, Stored) else record
