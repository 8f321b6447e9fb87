"""The wire format: records, dead letters and skips as one line of JSON each, and back.

orjson writes NaN as null, reads integers beyond 64 bits as floats and refuses lone surrogates; texts reach this module
without surrogates (extraction and the decoders replace them), and `encode` replaces any that a user's processor brings.
The decoder ignores unknown fields and refuses an unknown schema, so that the two ends can be upgraded in any order.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from processors.records import (
    SCHEMA,
    Failed,
    Form,
    Mode,
    Outcome,
    Page,
    Reason,
    Record,
    Removal,
    Revision,
    Skipped,
    Step,
    TextSource,
)
from sinks.bodies import body_of, body_row
from sinks.fields import by_name as _by_name
from sinks.fields import count as _count
from sinks.fields import text as _text
from sinks.fields import text_or_none as _text_or_none
from sinks.rows import article_of, copy_of, hint_of, origin_of, revision_of, story_of

if TYPE_CHECKING:
    from collections.abc import Callable

_ARTICLE = (
    *("url", "canonical_url", "title", "text", "summary", "authors", "published", "modified", "language"),
    *("site", "image", "image_caption", "section", "paywalled", "wire", "topics"),
    *("removed", "text_source", "provenance"),
)
"""What of an article stands in a record, in the documented order."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_WRONG = (KeyError, TypeError, AttributeError, ValueError)
"""What reading a row of another shape than ours raises."""


class CodecError(ValueError):
    """Not a line of the wire format; the text names the field and what it should be."""


def encode_record(record: Record) -> bytes:
    """Return the record as UTF-8 JSON, fields in the documented order, without a newline."""
    return _dumps(
        {
            "schema": SCHEMA,
            "id": record.id,
            **{name: getattr(record.article, name) for name in _ARTICLE},
            "removed": [_removal_row(removal) for removal in record.article.removed],
            "revision": _revision_row(record.revision),
            "dup": record.dup,
            "story": record.story,
            "origin": record.origin,
            "fingerprint": record.fingerprint,
        }
    )


def encode_failed(failed: Failed) -> bytes:
    """Return a dead letter: where it came from, the step, the error, the attempt, and the input to replay."""
    return _dumps(
        {
            "schema": SCHEMA,
            "dead_letter": True,
            "url": failed.url,
            "step": failed.step,
            "error": failed.error,
            "attempt": failed.attempt,
            "origin": failed.origin,
            "input": None if failed.page is None else _page_row(failed.page),
        }
    )


def encode_outcome(outcome: Outcome) -> bytes:
    """Return an outcome as one letter and its JSON: how worker processes answer."""
    if isinstance(outcome, Record):
        return b"R" + encode_record(outcome)
    return b"F" + encode_failed(outcome) if isinstance(outcome, Failed) else b"S" + encode_skipped(outcome)


def decode_outcome(body: bytes) -> Outcome:
    """Read an outcome back.

    Raises:
        CodecError: not an outcome.
    """
    readers: dict[bytes, Callable[[bytes], Outcome]] = {b"R": decode_record, b"F": decode_failed, b"S": decode_skipped}
    if body[:1] not in readers:
        raise CodecError("not an outcome")
    return readers[body[:1]](body[1:])


def encode_page_header(page: Page) -> bytes:
    """Return all of a page but its body, which goes beside it as it is."""
    row = {"origin": page.origin, "attempt": page.attempt, "input": _page_fields(page)}
    return _dumps(row if page.as_of is None else row | {"as_of": page.as_of})


def decode_page(header: bytes, body: bytes) -> Page:
    """Put a page together again from `encode_page_header` and its body.

    Raises:
        CodecError: not such a header.
    """
    row = load_object(header)
    try:
        page = _page(row["input"], row, body)
        return page if row.get("as_of") is None else replace(page, as_of=_text(row, "as_of"))
    except _WRONG as error:
        raise CodecError(f"not a page: {type(error).__name__}: {error}") from error


def encode_whole_page(page: Page) -> bytes:
    """Return a page as one line of JSON: how fetchers hand it to workers."""
    row = {"schema": SCHEMA, "page": True, "attempt": page.attempt, "origin": page.origin, "input": _page_row(page)}
    return _dumps(row)


def decode_whole_page(body: bytes) -> Page:
    """Read a page back.

    Raises:
        CodecError: not a page of schema 1.
    """
    row = _known(body)
    if row.get("page") is not True:
        raise CodecError("not a page: page must be true")
    try:
        return _page(row["input"], row, body_of(row["input"]))
    except _WRONG as error:
        raise CodecError(f"not a page: {type(error).__name__}: {error}") from error


def encode_skipped(skipped: Skipped) -> bytes:
    """Return what is kept of a skipped document."""
    return _dumps(
        {"schema": SCHEMA, "url": skipped.url, "reason": skipped.reason}
        | {"detail": skipped.detail, "origin": skipped.origin}
    )


def decode_record(body: bytes) -> Record:
    """Read a record back.

    Raises:
        CodecError: not a record of schema 1.
    """
    row = _known(body)
    try:
        return Record(
            id=_text(row, "id"),
            article=article_of(row),
            origin=origin_of(row.get("origin") or {"mode": Mode.REPLAY}),
            fingerprint=_by_name(row, "fingerprint", _text_or_none),
            revision=revision_of(row.get("revision") or {"n": 1}),
            dup=copy_of(row["dup"]) if row.get("dup") else None,
            story=story_of(row["story"]) if row.get("story") else None,
        )
    except _WRONG as error:
        raise CodecError(f"not a record: {type(error).__name__}: {error}") from error


def decode_skipped(body: bytes) -> Skipped:
    """Read a skipped document back.

    Raises:
        CodecError: not one of schema 1.
    """
    row = _known(body)
    try:
        return Skipped(
            origin=origin_of(row["origin"]),
            url=_text_or_none(row, "url"),
            reason=Reason(row["reason"]),
            detail=_text_or_none(row, "detail"),
        )
    except _WRONG as error:
        raise CodecError(f"not a skipped document: {type(error).__name__}: {error}") from error


def decode_failed(body: bytes) -> Failed:
    """Read a dead letter back.

    Raises:
        CodecError: not a dead letter of schema 1.
    """
    row = _known(body)
    if row.get("dead_letter") is not True:
        raise CodecError("not a dead letter: dead_letter must be true")
    try:
        return Failed(
            origin=origin_of(row["origin"]),
            url=_text_or_none(row, "url"),
            step=Step(row["step"]),
            error=_text(row, "error"),
            page=_page(row["input"], row, body_of(row["input"])) if row.get("input") else None,
            attempt=_count(row, "attempt", 1) if "attempt" in row else 1,
        )
    except _WRONG as error:
        raise CodecError(f"not a dead letter: {type(error).__name__}: {error}") from error


def load_object(body: bytes) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        CodecError: not JSON (RFC 8259), or not an object.
    """
    row = _loaded(body)
    if not isinstance(row, dict):
        raise CodecError(f"not a JSON object but {type(row).__name__}")
    return row


def load_array(body: bytes) -> list[Any]:
    """Parse one JSON array.

    Raises:
        CodecError: not JSON (RFC 8259), or not an array.
    """
    rows = _loaded(body)
    if not isinstance(rows, list):
        raise CodecError(f"not a JSON array but {type(rows).__name__}")
    return rows


def _loaded(body: bytes) -> Any:  # noqa: ANN401 - whatever it holds
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # A line of a file of lines is its line 1: that would be taken for the file's.
        place = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"character {error.pos}"
        raise CodecError(f"not JSON: {error.msg} at {place}") from error


def _known(body: bytes) -> dict[str, Any]:
    row = load_object(body)
    if row.get("schema") != SCHEMA or row["schema"] is True:
        raise CodecError(f"schema {row.get('schema')!r} is not known; this version reads {SCHEMA}")
    return row


def _dumps(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:
        if "surrogate" not in str(error):
            raise
        return orjson.dumps(_without_surrogates(value))


def _without_surrogates(value: Any) -> Any:  # noqa: ANN401 - walks any plain value
    """Rebuild plain values with U+FFFD for each lone surrogate; the slow path, taken after orjson refused one."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)  # one for one: evidence offsets must still hold
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _without_surrogates(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _removal_row(removal: Removal) -> dict[str, object]:
    """A receipt stands only where there is one: most rules know nothing of other articles."""
    row: dict[str, object] = {"rule": removal.rule, "text": removal.text}
    return row if removal.seen is None else row | {"seen": removal.seen, "since": removal.since}


def _revision_row(revision: Revision) -> dict[str, object]:
    return {
        "n": revision.n,
        "of": revision.of,
        "previous": revision.previous,
        "class": revision.kind,
        "changed": revision.changed,
        "correction": revision.correction,
        "numbers": revision.numbers,
        "diff": revision.diff,
    }


def _page_row(page: Page) -> dict[str, object]:
    return _page_fields(page) | body_row(page.body)


def _page_fields(page: Page) -> dict[str, object]:
    return {name: getattr(page, name) for name in ("form", "url", "content_type", "hint", "text_source")}


def _page(row: dict[str, Any], letter: dict[str, Any], body: bytes) -> Page:
    return Page(
        form=Form(row["form"]),
        body=body,
        origin=origin_of(letter["origin"]),
        attempt=_count(letter, "attempt", 1) if "attempt" in letter else 1,
        url=_text_or_none(row, "url"),
        content_type=_text_or_none(row, "content_type"),
        hint=hint_of(row.get("hint") or {}),
        text_source=TextSource(row.get("text_source", TextSource.PAGE)),
    )
