"""ARC 1 and 2, the Internet Archive's format before WARC (one line of fields before each document)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from ingest.sources.base import Position
from ingest.sources.frames import Broken, Format, Frame, Frames
from ingest.sources.http import Block, held_bytes, outcome_of, percent_encoded
from ingest.sources.lines import Read
from ingest.sources.warc import broken
from processors.records import ArchiveRef, Failed, Mode, Origin, Page, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

# URL, address, date, type and length; ARC 2 has five more fields before the length. URLs may hold spaces.
_LINE = (
    rb"(?P<url>[a-z][a-z0-9+.-]{1,20}:[^\r\n]{1,4096}?) [0-9a-fA-F.:]{2,45} (?P<date>\d{8,17}) [^ \r\n]{1,200}"
    rb"(?: [^ \r\n]{1,200} [^ \r\n]{1,200} [^ \r\n]{1,4096} \d{1,18} [^ \r\n]{1,1024})? (?P<length>\d{1,18})\r?\n"
)
_HEAD = re.compile(_LINE)


def read_arc(stream: IO[bytes], name: str, start: Position, *, max_bytes: int) -> Iterator[Read]:
    """Yield a page or an outcome for each document fetched by HTTP, and for each damage; arguments as for WARC."""
    frames = Frames(stream, FORMAT, start, max_block=held_bytes(max_bytes))
    ordinal = start.ordinal
    for frame in frames:
        read = broken(frame, name) if isinstance(frame, Broken) else _outcome(frame, name, max_bytes)
        if read is not None:
            ordinal += 1
            yield read, frames.position(ordinal)


def _length(head: bytes) -> int | None:
    match = _HEAD.match(head)
    return int(match["length"]) if match else None


FORMAT = Format(
    head=_HEAD,
    search=re.compile(rb"(?<=\n)" + _LINE),
    head_end=re.compile(rb"\n"),
    trailer=re.compile(rb"\r?\n|\Z"),
    length=_length,
)


def _outcome(frame: Frame, name: str, limit: int) -> Page | Skipped | Failed | None:
    fields = _HEAD.match(frame.head)
    if fields is None or not fields["url"].startswith((b"http://", b"https://")):
        return None  # the file's own description, or a look-up in the DNS
    origin = Origin(
        mode=Mode.REPLAY,
        fetched=_fetched(fields["date"].decode("ascii")),
        archive=ArchiveRef(file=name, offset=frame.place.in_file),
    )
    url = percent_encoded(fields["url"].decode("utf-8", "replace"))
    block = Block(body=frame.block, length=frame.length, url=url, origin=origin, is_http=True)
    return outcome_of(block, limit=limit)


def _fetched(stamp: str) -> datetime | None:
    """Read an ARC date, `YYYYMMDDhhmmss` in UTC."""
    try:
        return datetime.strptime(stamp[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
