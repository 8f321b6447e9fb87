"""WARC 0.18 to 1.1 (ISO 28500): responses and resources as pages.

`frames.py` cuts the file into records and proves them whole, FastWARC parses their headers, and we undo the codings
ourselves, with a limit.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from fastwarc.warc import WarcRecord, WarcRecordType

from ingest.sources.base import Position
from ingest.sources.frames import Broken, Format, Frame, Frames
from ingest.sources.http import Block, checked_digest, held_bytes, outcome_of, percent_encoded
from ingest.sources.lines import Read, unreadable
from ingest.sources.order import Order
from ingest.sources.told import Told, is_ours
from processors.records import ArchiveRef, Failed, Mode, Origin, Page, Reason, Skipped, Step, writable

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.revisit | WarcRecordType.conversion

# A version line with a named field under it: text that merely speaks of WARC is hardly ever both.
_HEAD = re.compile(rb"WARC/[01]\.\d{1,2}[ \t]*\r?\n[A-Za-z][A-Za-z0-9-]{1,40}[ \t]*:")
_LENGTHS = re.compile(rb"^((?:[\r\f][ \t\r\f]*)?)content-length[ \t\r\f]*:", re.IGNORECASE | re.MULTILINE)
"""Whatever FastWARC takes for a length: it strips ASCII white space around names."""
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def read_warc(stream: IO[bytes], name: str, start: Position, *, max_bytes: int) -> Iterator[Read]:
    """Yield a page or an outcome for each response, resource, revisit and conversion record, and for each damage.

    Of an archive of ours, for each page, entry and skipped document that it tells of; see `ingest.sources.told`.

    Args:
        stream: the file; it must be able to seek. Its first bytes tell whether it is gzip or LZ4.
        name: the file's, for origins.
        start: where to go on.
        max_bytes: of a decoded page.
    """
    told = Told(name, max_bytes) if is_ours(stream) else None
    frames = Frames(stream, FORMAT, start, max_block=held_bytes(max_bytes))
    order = Order(start.ordinal, told)
    for frame in frames:
        order.next()
        read = broken(frame, name) if isinstance(frame, Broken) else _outcome(frame, name, max_bytes, told)
        yield from order.placed(read, frame.place, frames.position(0))
    yield from order.rest()


def broken(frame: Broken, name: str) -> Failed:
    """Return the dead letter of a stretch of an archive that holds no whole record."""
    return unreadable(name, frame.place.in_file, frame.error)


def _length(head: bytes) -> int | None:
    match = _LENGTH.search(head)
    return int(match[1]) if match else None


FORMAT = Format(
    head=_HEAD,
    search=_HEAD,
    head_end=re.compile(rb"\n\r?\n"),
    trailer=re.compile(rb"\r?\n\r?\n|[\r\n]*(?:WARC/|\Z)"),
    length=_length,
)


def _outcome(frame: Frame, name: str, limit: int, told: Told | None) -> Page | Skipped | Failed | None:
    try:
        record = WarcRecord.from_bytes(_bearable(frame.head))
    except (OSError, ValueError) as error:
        return unreadable(name, frame.place.in_file, f"a record whose head cannot be read: {error}")
    if told is not None:
        return told.outcome(record, frame)
    if not record.record_type & DOCUMENTS:
        return None
    headers = fields_of(record)
    url = percent_encoded((headers.get("warc-target-uri") or "").strip("<> \t")) or None
    digest = headers.get("warc-payload-digest")
    archive = ArchiveRef(file=name, offset=frame.place.in_file, digest=digest if checked_digest(digest) else None)
    origin = Origin(mode=Mode.REPLAY, fetched=_fetched(headers.get("warc-date")), archive=archive)
    if record.record_type == WarcRecordType.revisit:
        return Skipped(origin=origin, url=url, reason=Reason.REVISIT)
    if headers.get("warc-segment-number"):
        problem = f"{name}: at byte {archive.offset}: one segment of a document that is spread over several records"
        return Failed(origin=origin, url=url, step=Step.READ, error=problem)
    content_type = headers.get("content-type") or ""
    block = Block(
        body=frame.block,
        length=frame.length,
        url=url,
        origin=origin,
        is_http="application/http" in content_type.lower() or (not content_type and frame.block.startswith(b"HTTP/")),
        content_type=content_type,
        digests=(headers.get("warc-block-digest"), digest),
        truncated=headers.get("warc-truncated"),
    )
    return outcome_of(block, limit=limit)


def fields_of(record: WarcRecord) -> dict[str, str]:
    """Return a record's header fields by their names in lower case, of repeated ones the first.

    Each look-up by FastWARC takes longer than this.
    """
    return {name.lower(): value for name, value in reversed(list(record.headers.items()))}


def _bearable(head: bytes) -> bytes:
    """Return a head that FastWARC can be trusted with: lines end as it wants them, and the standard, and no length.

    It allocates as many bytes as the last length says, and ends the whole process where there are not so many.
    """
    if head.count(b"\r\n") != head.count(b"\n"):
        head = re.sub(rb"\r?\n", b"\r\n", head)
    return _LENGTHS.sub(rb"\1X-Length:", head)


def _fetched(stamp: str | None) -> datetime | None:
    """Read a WARC date; one without a zone is UTC, as the standard asks for."""
    try:
        moment = writable(datetime.fromisoformat((stamp or "").strip()))
    except ValueError:
        return None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
