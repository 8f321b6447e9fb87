"""Names, keys, headers and timestamps, without a broker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sinks.base import Kind
from sinks.kafka import KafkaSink
from sinks.kafka_messages import Names, event_time, headers, message, milliseconds, weight
from sinks.kafka_producer import compressed_size
from tests.sinks.kafka_driver import MemoryLedger, item

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = Names("news", ("china", "north-korea"))


def test_names_are_those_of_the_contract() -> None:
    assert NAMES.every() == (
        "news.articles.v1",
        "news.articles.latest.v1",
        "news.topic.china.v1",
        "news.topic.north-korea.v1",
        "news.dead-letters.v1",
    )


@pytest.mark.parametrize("topic", ["", "no spaces", "a/b", "ü", "x" * 240])
def test_a_name_kafka_would_not_take_is_refused_at_once(topic: str) -> None:
    with pytest.raises(ValueError, match=r"is no Kafka topic|has no name"):
        Names("news", (topic,))


def test_a_record_goes_to_both_article_topics_and_to_one_for_each_of_its_topics() -> None:
    record = item(1, topics=("north-korea",))

    assert NAMES.of(record) == ("news.articles.v1", "news.articles.latest.v1", "news.topic.north-korea.v1")


def test_a_dead_letter_goes_to_its_own_topic_only() -> None:
    assert NAMES.of(item(1, kind=Kind.DEAD_LETTER, topics=("china",))) == ("news.dead-letters.v1",)


def test_a_topic_that_is_not_enabled_never_makes_a_topic_name() -> None:
    with pytest.raises(ValueError, match="'sport' is not enabled"):
        NAMES.of(item(1, topics=("sport",)))


@pytest.mark.parametrize(
    ("published", "fetched", "expected"),
    [
        (NOW - 5 * HOUR, NOW - HOUR, NOW - 5 * HOUR),
        (NOW - 5 * HOUR, None, NOW - 5 * HOUR),
        (NOW, NOW - HOUR, NOW - HOUR),  # published after it was fetched: the page is wrong
        (NOW + HOUR, None, NOW),
        (None, NOW - HOUR, NOW - HOUR),
        (None, None, NOW),
        (None, NOW + 5 * HOUR, NOW + timedelta(minutes=59)),  # an archive with a wrong clock
        (NOW + 4 * HOUR, NOW + 5 * HOUR, NOW + timedelta(minutes=59)),
        (datetime(1912, 4, 15, tzinfo=UTC), None, datetime(1970, 1, 1, tzinfo=UTC)),
        (NOW, NOW, NOW),
    ],
)
def test_event_time(published: datetime | None, fetched: datetime | None, expected: datetime) -> None:
    assert event_time(item(1, published=published, fetched=fetched), NOW) == expected


def test_milliseconds_are_exact_for_any_zone() -> None:
    moscow = timezone(timedelta(hours=3))

    assert milliseconds(datetime(1970, 1, 1, 3, 0, 1, 999_999, tzinfo=moscow)) == 1999


def test_headers_are_cloudevents_in_binary_mode() -> None:
    record = item(7, topics=("china", "north-korea"), revision=3)

    assert headers(record, datetime(2023, 7, 27, 8, 51, tzinfo=timezone(-5 * HOUR))) == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"id-7/3"),
        ("ce_source", b"newstap"),
        ("ce_type", b"newstap.article.v1"),
        ("ce_time", b"2023-07-27T13:51:00.000Z"),
        ("content-type", b"application/json"),
        ("schema", b"1"),
        ("topics", b"china,north-korea"),
    ]


def test_a_dead_letter_has_its_own_event_type_and_no_topics() -> None:
    told = dict(headers(item(2, kind=Kind.DEAD_LETTER), NOW))

    assert told["ce_type"] == b"newstap.dead-letter.v1"
    assert told["topics"] == b""


def test_key_and_value_are_passed_on_as_they_are() -> None:
    made = message(item(1, b"{}", key="наука"), ("a", "b"), NOW)

    assert made.key.decode() == "наука"
    assert made.item.body == b"{}"
    assert (made.weight, weight([made, made])) == (2 * made.size, 4 * made.size)


@pytest.mark.parametrize("size", [0, 1, 100, 100_000])
def test_the_reckoned_size_is_never_below_the_real_one(size: int) -> None:
    made = message(item(1, b"x" * size, key="k" * 200), ("a",), NOW)

    assert compressed_size(made, "none") <= made.size <= compressed_size(made, "none") + 200


def test_compression_counts_when_the_broker_compares_sizes() -> None:
    made = message(item(1, b"x" * 100_000), ("a",), NOW)

    assert compressed_size(made, "lz4") < 2_000


@pytest.mark.parametrize(
    "options", [{"delivery": "twice"}, {"compression": "rar"}, {"bootstrap": "here"}, {"topics": ("a b",)}]
)
def test_settings_that_cannot_work_are_told_at_once(options) -> None:
    with pytest.raises(ValueError, match=r"neither|none of|no host:port|no Kafka topic"):
        KafkaSink(MemoryLedger("owner"), **{"bootstrap": "127.0.0.1:9092", **options})
