"""Outcomes as items of the outbox."""

from __future__ import annotations

from datetime import UTC, datetime

from ingest.items import dead_letter, item_of
from processors.records import (
    Article,
    Failed,
    Form,
    Mode,
    Origin,
    Page,
    Reason,
    Record,
    Revision,
    Skipped,
    Step,
    TopicTag,
)
from sinks.base import Kind
from sinks.codec import decode_failed, decode_record, decode_skipped

ORIGIN = Origin(mode=Mode.REPLAY, fetched=datetime(1937, 5, 6, 19, 25, tzinfo=UTC))


def test_a_record_has_its_key_revision_topics_and_times() -> None:
    tags = (TopicTag(topic="china", score=0.5, evidence=()), TopicTag(topic="russia", score=0.4, evidence=()))
    article = Article(title="A", text="", topics=tags, published=datetime(1937, 5, 6, tzinfo=UTC))
    record = Record(id="key", article=article, origin=ORIGIN, fingerprint={}, revision=Revision(n=3))
    item = item_of(record)
    assert (item.kind, item.key, item.revision, item.topics) == (Kind.RECORD, "key", 3, ("china", "russia"))
    assert (item.published, item.fetched) == (article.published, ORIGIN.fetched)
    assert decode_record(item.body).id == "key"


def test_a_dead_letter_is_there_with_and_without_its_input() -> None:
    page = Page(form=Form.HTML, body=b"<p>" * 1000, origin=ORIGIN)
    failed = Failed(origin=ORIGIN, url="https://example.org/a", step=Step.EXTRACT, error="slow", page=page)
    item = item_of(failed)
    assert (item.kind, item.label) == (Kind.DEAD_LETTER, "extract")
    assert decode_failed(item.body) == failed
    assert item.short is not None
    assert decode_failed(item.short).page is None
    assert dead_letter(failed, key="mine").key == "mine"


def test_keys_without_an_id_are_of_the_content() -> None:
    one, other = (Skipped(origin=ORIGIN, url=url, reason=Reason.EMPTY) for url in ("https://a.example/", None))
    assert item_of(one).key == item_of(one).key != item_of(other).key
    assert decode_skipped(item_of(one).body) == one
    assert item_of(one).label == "empty"
