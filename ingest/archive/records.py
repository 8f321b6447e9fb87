"""WARC 1.1 records (ISO 28500:2017) as gzip members. Pure, but for the record ids that are drawn."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.sources.http import percent_encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.fetch.messages import Headers

HTTP_RESPONSE = "application/http; msgtype=response"
HTTP_REQUEST = "application/http; msgtype=request"
JSON = "application/json"
FIELDS = "application/warc-fields"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_LEVEL = 6
_GZIP = 31
"""What zlib calls a gzip member: without a name and a time, so that the same record gives the same bytes."""
_GZIP_HEAD = 10
"""Bytes of a gzip member's head without optional fields, as zlib writes it (RFC 1952, 2.3)."""
_FLAGS = 3
"""Where the flags stand in it."""
_COMMENT = 0x10
_CHUNKED = b"transfer-encoding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records that belong together, each a gzip member, in the order they are written."""

    members: tuple[bytes, ...] = field(repr=False)
    main: int
    """Which of them a locator points at."""
    digest: str
    """What a locator says of it."""

    @property
    def size(self) -> int:
        """Bytes, compressed."""
        return sum(map(len, self.members))

    @property
    def offset(self) -> int:
        """Bytes of the group before the record that a locator points at."""
        return sum(map(len, self.members[: self.main]))


def digest_of(body: bytes) -> str:
    """Return a digest as WARC labels it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def new_id() -> str:
    """Return an id for a record."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def stamp(moment: datetime) -> str:
    """Return a time as WARC 1.1 writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def member(kind: str, block: bytes, *, date: str, content_type: str, more: Mapping[str, str | None]) -> bytes:
    """Return one record as a gzip member.

    Args:
        kind: `WARC-Type`.
        block: its content.
        date: as `stamp` writes it.
        content_type: of the block.
        more: further header fields, the record's id among them; those that are None are left out.
    """
    fields = {
        "WARC-Type": kind,
        "WARC-Date": date,
        **more,
        "Content-Type": content_type,
        "WARC-Block-Digest": digest_of(block),
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    whole = (f"WARC/1.1\r\n{head}\r\n".encode(), block, b"\r\n\r\n")
    return b"".join([*map(packer.compress, whole), packer.flush()])


class TooLongError(ValueError):
    """A record does not fit into the length that it is to have."""


def member_of_length(
    length: int, kind: str, block: bytes, *, date: str, content_type: str, more: Mapping[str, str | None]
) -> bytes:
    """Return one record as a gzip member of so many bytes: what is missing stands as spaces in the comment of its head.

    The comment (FCOMMENT of RFC 1952) may have any length, and readers skip it: the record is the same without.

    Args:
        length: of the whole member.
        kind: as for `member`, like all that follows.
        block: its content.
        date: as `stamp` writes it.
        content_type: of the block.
        more: further header fields.

    Raises:
        TooLongError: the record alone is longer.
    """
    packed = member(kind, block, date=date, content_type=content_type, more=more)
    missing = length - len(packed)
    if missing < 0:
        raise TooLongError(f"a record of {len(packed)} bytes does not fit into {length}")
    if not missing:
        return packed
    head = bytearray(packed[:_GZIP_HEAD])
    head[_FLAGS] |= _COMMENT
    return bytes(head) + b" " * (missing - 1) + b"\0" + packed[_GZIP_HEAD:]


def uri(url: str | None) -> str | None:
    """Return a URL as a header can hold it."""
    return None if url is None else percent_encoded(url)


def response_head(status_line: bytes, headers: Headers) -> bytes:
    """Return the head of an answer as received; chunks are joined, so what speaks of them gets another name."""
    lines = [status_line]
    for name, value in headers.raw:
        shown = b"X-Archive-Orig-" + name if name.lower() == _CHUNKED else name
        lines.append(shown + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def warcinfo(name: str, *, date: str, software: str) -> bytes:
    """Return the record that begins a file."""
    fields = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    }
    return member(
        "warcinfo",
        as_fields(fields.items()),
        date=date,
        content_type=FIELDS,
        more={"WARC-Record-ID": new_id(), "WARC-Filename": name},
    )


def as_fields(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return a block of `application/warc-fields`."""
    return "".join(f"{name}: {value}\r\n" for name, value in pairs).encode()
