"""One JSON document of an archive (a page of form LINE) as the page or the record that it holds.

Accepted: `{"html": …}` or `{"text": …}` with optional `id`, `url`, `title`, `summary`, `authors`, `published`,
`modified`, `language`, `fetched`; a newstap record; a dead letter. Unknown fields are ignored, wrong types refused: a
guess here would be a record with wrong facts later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from processors.dates import machine_date, written_date
from processors.records import Form, Hint, Origin, Page, Reason, Record, Skipped, TextSource
from sinks.codec import CodecError, decode_failed, decode_record, load_object

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Of the times in a line: archives are older than the web; what is on the day before is a clock that was not set."""

_NOTHING = "holds neither html nor text nor title"


class DocumentError(ValueError):
    """The line does not hold a document; the text names the field and what it should be."""


def document_of(page: Page) -> Page | Record | Skipped:
    """Return what a page of form LINE holds; a record keeps its own origin but for the mode.

    What was skipped once has nothing that could be replayed, so a line of `skipped/` is skipped again; so is one that
    names a document by `id` or `url`, and holds nothing of it.

    Raises:
        DocumentError: not JSON, not an object, or a field of the wrong type.
    """
    try:
        # A byte order mark begins the first line of a file, and a later one where files were put together.
        body = page.body.removeprefix(b"\xef\xbb\xbf")
        row = load_object(body)
        if row.get("dead_letter") is True:
            return _retried(body, page)
        if "schema" in row and "fingerprint" in row and "origin" in row:
            record = decode_record(body)
            return replace(record, origin=_taken_over(record.origin, page.origin))
        if "schema" in row and "reason" in row and "origin" in row:
            detail = "a document that newstap skipped before: its input is in the archive that it names"
            return Skipped(origin=page.origin, url=None, reason=Reason.EMPTY, detail=detail)
    except CodecError as error:
        raise DocumentError(str(error)) from error
    return _given(row, page)


def _retried(body: bytes, page: Page) -> Page | Record | Skipped:
    failed = decode_failed(body)
    if failed.page is None:
        raise DocumentError(f"a dead letter without its input ({failed.error}); replay the archive it names instead")
    again = replace(failed.page, origin=_taken_over(failed.origin, page.origin), attempt=failed.attempt + 1)
    return document_of(again) if again.form is Form.LINE else again


def _taken_over(origin: Origin, here: Origin) -> Origin:
    return replace(origin, mode=here.mode, archive=origin.archive or here.archive)


def _given(row: dict[str, Any], page: Page) -> Page | Skipped:
    html, text, title = _text(row, "html"), _text(row, "text"), _text(row, "title")
    url, document_id = (_text(row, "url") or "").strip() or None, _id(row)
    if html is None and text is None and title is None:
        if url is None and document_id is None:
            raise DocumentError(_NOTHING)
        origin = replace(page.origin, document_id=document_id)
        return Skipped(origin=origin, url=url, reason=Reason.EMPTY, detail=_NOTHING)
    hint = Hint(
        title=title,
        summary=_text(row, "summary"),
        authors=_names(row),
        published=_time(row, "published"),
        modified=_time(row, "modified"),
        language=_text(row, "language"),
    )
    fetched = _time(row, "fetched")
    origin = replace(page.origin, document_id=document_id, fetched=fetched or page.origin.fetched)
    return Page(
        form=Form.HTML if html is not None else Form.GIVEN,
        body=(html if html is not None else text or "").encode("utf-8", "replace"),
        origin=origin,
        url=url,
        content_type="text/html; charset=utf-8",  # JSON is UTF-8, whatever the page's meta tags say of its former bytes
        hint=hint,
        text_source=TextSource.PAGE if html is not None else TextSource.ARCHIVE,
        attempt=page.attempt,
    )


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value or None if name != "text" else value
    raise DocumentError(f"{name} must be a string, not {type(value).__name__}")


def _id(row: dict[str, Any]) -> str | None:
    value = row.get("id")
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    # What is read as a fraction may have been a whole number of over 64 bits, and is another number now.
    raise DocumentError(f"id must be a string or a whole number of up to 64 bits, not {type(value).__name__}")


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    value = row.get("authors")
    names = [value] if isinstance(value, str) else value or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DocumentError("authors must be a list of strings")
    return tuple(name.strip() for name in names if name.strip())


def _time(row: dict[str, Any], name: str) -> datetime | None:
    """Read a time; one that nobody can make sense of counts as absent, since the document itself is still good."""
    value = _text(row, name)
    return None if value is None else machine_date(value, earliest=_EARLIEST) or written_date(value)
