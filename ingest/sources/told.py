"""Archives that `newstap run` wrote: what is a document there, and the very page that processors saw.

`docs/archive-format.md` is the format. A `metadata` record tells the page, the `response` behind it holds the body. All
else there (feeds, polls that brought nothing new) is no document.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from fastwarc.warc import WarcRecord, WarcRecordType

from ingest.sources.http import Block, body_of, checked_digest
from ingest.sources.lines import unreadable
from ingest.sources.members import DamageError, Members, Place
from processors.records import ArchiveRef, Failed, Mode, Origin, Page, Skipped
from sinks.codec import CodecError, decode_page, decode_skipped, decode_whole_page, load_object

if TYPE_CHECKING:
    from ingest.sources.frames import Frame

_HEAD = 2048
_OURS = re.compile(rb"\r\nsoftware: newstap")


def is_ours(stream: IO[bytes]) -> bool:
    """Say whether an archive begins as ours do."""
    try:
        head = Members(stream, Place()).peek(_HEAD)
    except DamageError:
        return False
    return head.startswith(b"WARC/") and _OURS.search(head) is not None


class Told:
    """Puts documents together, record by record, in the order of a file.

    Args:
        name: the file's, for origins.
        limit: bytes of a decoded page.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._page: tuple[str, dict[str, Any]] | None = None
        """What was told last of a page, with the id of the response that holds it."""
        self.completed = False
        """Whether the last record was the response that was waited for."""

    @property
    def waiting(self) -> object | None:
        """The page that was told of last, while its response has not come; None where none is waited for."""
        return self._page

    def outcome(self, record: WarcRecord, frame: Frame) -> Page | Skipped | Failed | None:
        """Return what a record completes; None where that is nothing."""
        self.completed = False
        try:
            if record.record_type == WarcRecordType.metadata:
                return self._metadata(record, frame)
            if record.record_type == WarcRecordType.response and self._page is not None:
                return self._response(record, frame)
        except (CodecError, KeyError, TypeError, RecursionError) as error:
            return unreadable(self._name, frame.place.in_file, f"metadata that cannot be read: {error}")
        return None

    def _metadata(self, record: WarcRecord, frame: Frame) -> Page | Skipped | Failed | None:
        self._page = None
        if frame.length > len(frame.block):
            return unreadable(self._name, frame.place.in_file, f"metadata of {frame.length} bytes")
        row = load_object(frame.block)
        kind = row["kind"]
        if kind == "page":
            self._page = (record.headers.get("WARC-Concurrent-To") or "", row)
            return None
        archive = self._place(record.headers.get("WARC-Block-Digest"), frame)
        if kind == "entry":
            page = decode_whole_page(_dumped({"schema": row["schema"], "page": True, **row["page"]}))
            return replace(page, origin=_replayed(page.origin, archive), as_of=_as_of(row))
        if kind == "skipped":
            skipped = decode_skipped(_dumped(row["skipped"]))
            return replace(skipped, origin=_replayed(skipped.origin, archive))
        return None

    def _response(self, record: WarcRecord, frame: Frame) -> Page | Skipped | Failed | None:
        if self._page is None or self._page[0] != record.headers.get("WARC-Record-ID"):
            return None
        row, self._page, self.completed = self._page[1], None, True
        digest = record.headers.get("WARC-Payload-Digest")
        page = decode_page(_dumped(row["page"]), b"")
        block = Block(
            body=frame.block,
            length=frame.length,
            url=page.url,
            origin=_replayed(page.origin, self._place(digest, frame)),
            is_http=True,
            digests=(record.headers.get("WARC-Block-Digest"), digest),
        )
        body = body_of(block, limit=self._limit)
        return replace(page, body=body, origin=block.origin, as_of=_as_of(row)) if isinstance(body, bytes) else body

    def _place(self, digest: str | None, frame: Frame) -> ArchiveRef:
        return ArchiveRef(
            file=self._name, offset=frame.place.in_file, digest=digest if checked_digest(digest) else None
        )


def _replayed(origin: Origin, archive: ArchiveRef) -> Origin:
    return replace(origin, mode=Mode.REPLAY, archive=archive)


def _as_of(row: dict[str, Any]) -> str | None:
    fingerprint = row.get("fingerprint")
    return None if fingerprint is None else json.dumps(fingerprint)


def _dumped(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode()
