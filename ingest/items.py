"""Outcomes as items of the outbox: encoded, with the key and the times that sinks need."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from processors.records import Failed, Form, Mode, Origin, Outcome, Page, Record, Skipped, Step
from sinks.base import Item, Kind
from sinks.codec import decode_record, decode_whole_page, encode_failed, encode_record, encode_skipped


def item_of(outcome: Outcome) -> Item:
    """Encode an outcome; the outbox gives it its number."""
    if isinstance(outcome, Record):
        return _record(outcome)
    if isinstance(outcome, Failed):
        return dead_letter(outcome)
    return _skipped(outcome)


def unlinked(outcome: Outcome) -> Item:
    """Encode an outcome, of which a record is yet to be linked."""
    item = item_of(outcome)
    return replace(item, kind=Kind.ENRICHED) if item.kind is Kind.RECORD else item


def dead_letter(failed: Failed, *, key: str | None = None) -> Item:
    """Encode a dead letter, whole and without its input."""
    short = encode_failed(replace(failed, page=None))
    return Item(
        seq=0,
        kind=Kind.DEAD_LETTER,
        key=key or _digest(short),
        body=encode_failed(failed),
        label=failed.step,
        short=short if failed.page is not None else None,
        fetched=failed.origin.fetched,
    )


def refusal(item: Item, sink: str, why: str) -> Item:
    """Make the dead letter of an item that a sink will never take; a record or a page is its own input."""
    error = f"{sink}: {item.key}/{item.revision}: {why}"
    page, origin = None, Origin(mode=Mode.REPLAY)
    if item.kind in {Kind.RECORD, Kind.ENRICHED}:
        record = decode_record(item.body)
        origin = record.origin
        page = Page(form=Form.LINE, body=item.body, origin=origin, url=record.article.url)
    elif item.kind is Kind.PAGE:
        page = decode_whole_page(item.body)
        origin = page.origin
    failed = Failed(origin=origin, url=None if page is None else page.url, step=Step.DELIVER, error=error, page=page)
    return dead_letter(failed, key=item.key if item.kind is not Kind.PAGE else None)


def _record(record: Record) -> Item:
    return Item(
        seq=0,
        kind=Kind.RECORD,
        key=record.id,
        body=encode_record(record),
        revision=record.revision.n,
        topics=tuple(tag.topic for tag in record.article.topics),
        published=record.article.published,
        fetched=record.origin.fetched,
    )


def _skipped(skipped: Skipped) -> Item:
    body = encode_skipped(skipped)
    return Item(
        seq=0, kind=Kind.SKIPPED, label=skipped.reason, key=_digest(body), body=body, fetched=skipped.origin.fetched
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
