"""The Kafka sink against a real broker: what arrives, exactly once, and what is refused."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.partitioner.default import murmur2

from sinks.base import ItemRefusedError, Kind, Landed, SinkBrokenError, SinkUnavailableError
from tests.sinks.kafka_driver import (
    PUBLISHED,
    FullDiskLedger,
    MemoryLedger,
    drive,
    item,
    items,
    keys,
    keys_of,
)

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.kafka


def test_a_record_arrives_with_key_headers_and_event_time(make, topic_prefix, read_topic) -> None:
    sink = make()
    drive(sink, [item(1, b'{"title": "One"}', revision=2)])

    (message,) = read_topic(f"{topic_prefix}.articles.v1")
    assert (message.key, message.value) == (b"id-1", b'{"title": "One"}')
    assert message.timestamp == PUBLISHED.timestamp() * 1000
    assert dict(message.headers)["ce_id"] == b"id-1/2"
    assert dict(message.headers)["topics"] == b"china"


def test_each_kind_and_topic_has_its_stream(make, topic_prefix, read_topic) -> None:
    """Skips are not for Kafka, but count in the sequence."""
    ledger = MemoryLedger(topic_prefix)
    outbox = [item(1), item(2), item(3, kind=Kind.DEAD_LETTER, topics=())]
    sink = make(ledger)
    sink.open()
    sink.write(outbox)
    sink.flush(9)

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == ["id-1", "id-2"]
    assert keys(read_topic(f"{topic_prefix}.articles.latest.v1")) == ["id-1", "id-2"]
    assert keys(read_topic(f"{topic_prefix}.topic.china.v1")) == ["id-1"]
    assert keys(read_topic(f"{topic_prefix}.dead-letters.v1")) == ["id-3"]
    assert Kind.SKIPPED not in sink.kinds
    assert ledger.seq == 9


def test_a_tombstone_is_for_the_compacted_topic_alone(make, topic_prefix, read_topic) -> None:
    """It follows the record in the record's own partition, without a value: compaction forgets the article."""
    stone = item(2, b"", kind=Kind.TOMBSTONE, key="id-1", topics=())
    drive(make(), [item(1), stone])

    first, last = read_topic(f"{topic_prefix}.articles.latest.v1")
    assert (first.key, last.key) == (b"id-1", b"id-1")
    assert first.partition == last.partition
    assert (first.value is None, last.value is None) == (False, True)
    assert dict(last.headers)["ce_type"] == b"newstap.tombstone.v1"
    assert dict(last.headers)["ce_id"] == b"id-1/1/tombstone"
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == ["id-1"]
    assert keys(read_topic(f"{topic_prefix}.topic.china.v1")) == ["id-1"]


def test_a_record_is_where_the_sink_tells_that_it_landed(make, topic_prefix, read_topic) -> None:
    landed: list[Landed] = []
    drive(make(landed=landed.extend, max_items=2), [*items(5), item(6, kind=Kind.DEAD_LETTER, topics=())])

    assert [one.key for one in landed] == [f"id-{n}" for n in range(1, 6)]
    for name in (f"{topic_prefix}.articles.v1", f"{topic_prefix}.articles.latest.v1"):
        found = {m.key.decode(): f"{name}/{m.partition} at {m.offset}" for m in read_topic(name)}
        assert all(found[one.key] in one.place.split(", ") for one in landed)


def test_a_key_stays_in_one_partition_in_order(make, topic_prefix, read_topic) -> None:
    outbox = [item(seq, b'{"n": %d}' % seq, key=f"key-{seq % 7}", revision=seq) for seq in range(1, 301)]
    drive(make(max_items=50), outbox)

    seen: dict[bytes, list[int]] = {}
    partitions: dict[bytes, set[int]] = {}
    expected = {f"key-{n}".encode(): {murmur2(f"key-{n}".encode()) % 2**31 % 2} for n in range(7)}
    for message in read_topic(f"{topic_prefix}.articles.v1"):
        seen.setdefault(message.key, []).append(json.loads(message.value)["n"])
        partitions.setdefault(message.key, set()).add(message.partition)
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert partitions == expected, "where other clients would look for it"
    assert sum(map(len, seen.values())) == 300


def test_topics_are_made_so_that_old_news_stays(make, broker, topic_prefix) -> None:
    make(partitions=3).open()

    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    names = [f"{topic_prefix}.articles.v1", f"{topic_prefix}.articles.latest.v1"]
    told = admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names], config_filter="all"
    )
    parts = [len(topic["partitions"]) for topic in admin.describe_topics(names)]
    admin.close()
    assert [told["topic"][name]["retention.ms"]["value"] for name in names] == ["-1", "-1"]
    assert [told["topic"][name]["cleanup.policy"]["value"] for name in names] == ["delete", "compact"]
    assert parts == [3, 3]


def test_a_long_flush_is_several_transactions_each_with_its_watermark(make, topic_prefix, read_topic) -> None:
    saved = []

    class Noting(MemoryLedger):
        def save(self, seq: int, state: dict[str, Any]) -> None:
            saved.append(seq)
            super().save(seq, state)

    sink = make(Noting(topic_prefix), max_items=10)
    sink.open()
    sink.write(items(25))
    sink.flush(25)

    assert saved == [10, 20, 25]
    assert len(read_topic(f"{topic_prefix}.articles.v1")) == 25


def test_bytes_bound_a_transaction_too(make, topic_prefix) -> None:
    ledger = MemoryLedger(topic_prefix)
    sink = make(ledger, max_bytes=40_000)
    sink.open()
    sink.write(items(10, size=6000))

    assert 0 < ledger.seq < 10


def test_nothing_uncommitted_is_seen(make, topic_prefix, read_topic) -> None:
    """A sink that dies between `write` and `flush` leaves nothing behind."""
    sink = make(max_items=1000)
    sink.open()
    sink.write(items(5))
    sink.close()

    assert read_topic(f"{topic_prefix}.articles.v1") == []


def test_what_was_written_before_trouble_elsewhere_is_taken_back(make, topic_prefix, read_topic) -> None:
    """The driver calls `open` where it could not come to `flush`, as when it cannot read on from a full disk."""
    ledger = MemoryLedger(topic_prefix)
    sink = make(ledger)
    sink.open()
    sink.write(items(5))
    assert sink.open() == 0
    drive(sink, items(8))

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(8)
    assert ledger.seq == 8


def test_what_is_refused_takes_nothing_back_that_was_written_before_it(make, topic_prefix, read_topic) -> None:
    ledger = MemoryLedger(topic_prefix)
    sink = make(ledger, max_request_size=50_000)
    sink.open()
    sink.write(items(5))
    with pytest.raises(ItemRefusedError) as raised:
        sink.write([item(6), item(7, b"x" * 60_000)])

    assert [one.seq for one, _ in raised.value.refused] == [7]
    assert sink.open() == ledger.seq == 5
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(5)


def test_no_repeat_after_a_failure_between_kafkas_commit_and_ours(make, topic_prefix, read_topic) -> None:
    ledger = FullDiskLedger(topic_prefix)
    drive(make(ledger), items(20), batch=5)

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(20)
    assert ledger.seq == 20


def test_no_repeat_after_a_crash_between_kafkas_commit_and_ours(make, topic_prefix, read_topic) -> None:
    """The ledger of the second run knows nothing; Kafka does."""
    drive(make(MemoryLedger(topic_prefix)), items(20)[:12])
    again = make(MemoryLedger(topic_prefix))

    assert again.open() == 12
    drive(again, items(20))
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(20)


def test_owners_and_slots_do_not_disturb_each_other(make, topic_prefix) -> None:
    one = make(MemoryLedger(f"{topic_prefix}-live"))
    two = make(MemoryLedger(f"{topic_prefix}-replay"))
    three = make(MemoryLedger(f"{topic_prefix}-live"), slot=1)
    for sink in (one, two, three, one, two, three):
        sink.open()
        seq = sink._seq + 1
        sink.write([item(seq)])
        sink.flush(seq)

    assert [sink._seq for sink in (one, two, three)] == [2, 2, 2]


def test_a_second_process_on_the_same_state_stops_the_first(make, topic_prefix, read_topic) -> None:
    first, second = make(), make()
    first.open()
    first.write([item(1)])
    first.flush(1)
    assert second.open() == 1

    first.write([item(2)])
    with pytest.raises(SinkBrokenError, match="another process delivers as newstap-"):
        first.flush(2)
    drive(second, items(3))
    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(3)


def test_a_watermark_above_the_outbox_is_another_states(make, topic_prefix) -> None:
    drive(make(), items(5))
    fresh = make(MemoryLedger(topic_prefix, last=3))

    with pytest.raises(SinkBrokenError, match=f"group newstap-{topic_prefix}-0 .* 5 items .* only ever made 3"):
        fresh.open()


def test_a_broker_that_forgot_is_no_reason_to_deliver_again(make, topic_prefix, caplog) -> None:
    ledger = MemoryLedger(topic_prefix)
    ledger.save(7, {"watermark": 5})

    assert make(ledger).open() == 7
    assert "the broker's watermark is 0, the one we committed was 5" in caplog.text


def test_items_that_are_not_for_kafka_leave_its_watermark_behind(make, topic_prefix, caplog) -> None:
    ledger = MemoryLedger(topic_prefix)
    sink = make(ledger)
    drive(sink, items(3))
    sink.flush(9)
    sink.close()

    assert sink.open() == 9
    assert ledger.state == {"watermark": 3}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_at_least_once_delivers_without_transactions(make, topic_prefix, read_topic) -> None:
    ledger = MemoryLedger(topic_prefix)
    drive(make(ledger, delivery="at-least-once"), items(30))

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(30)
    assert ledger.seq == 30
    assert make(MemoryLedger(topic_prefix), delivery="at-least-once").open() == 0


def test_missing_topics_that_may_not_be_made_are_named(make, topic_prefix) -> None:
    with pytest.raises(SinkBrokenError, match=rf"missing topics: {topic_prefix}\.articles\.v1, "):
        make(create_topics=False).open()


def test_a_topic_deleted_while_running_is_made_again(make, broker, topic_prefix, read_topic) -> None:
    sink = make(stall_seconds=1.0)
    drive(sink, items(3))
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.delete_topics([f"{topic_prefix}.topic.china.v1"])
    admin.close()
    drive(sink, items(8))

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(8)
    assert keys(read_topic(f"{topic_prefix}.topic.china.v1")) == ["id-5", "id-7"]


def test_a_topic_that_would_delete_the_news_is_warned_of(make, broker, topic_prefix, caplog) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics({f"{topic_prefix}.articles.v1": {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    sink = make()
    sink.open()

    assert f"topic {topic_prefix}.articles.v1 has retention.ms=604800000: older news is deleted" in caplog.text
    assert [problem.split(":")[1] for problem in sink.check()] == [
        f" topic {topic_prefix}.articles.v1 has retention.ms=604800000"
    ]


def test_check_says_what_stands_in_the_way_and_changes_nothing(make, topic_prefix, read_topic) -> None:
    assert make().check() == []
    assert make(create_topics=False).check()[0] == (
        f"kafka: topic {topic_prefix}.articles.v1 is missing and create_topics is off"
    )
    (problem, *_) = make(replication=3).check()
    assert "cannot be created" in problem
    assert "InvalidReplicationFactorError" in problem
    assert make(bootstrap="127.0.0.1:1", patience_seconds=0.2).check()[0].endswith("no broker answers")


def test_a_client_of_the_older_offset_is_told_by_its_group(make, broker, topic_prefix) -> None:
    """The watermark is an ordinary group offset, to be seen with Kafka's own tools."""
    sink = make()
    drive(sink, items(6))

    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=sink.identity, enable_auto_commit=False)
    assert consumer.committed(TopicPartition(f"{topic_prefix}.articles.v1", 0)) == 6
    consumer.close()


@pytest.mark.parametrize("compression", ["none", "gzip", "lz4", "zstd"])
def test_every_compression_is_read_back(make, topic_prefix, read_topic, compression) -> None:
    drive(make(compression=compression), items(20))

    assert keys(read_topic(f"{topic_prefix}.articles.v1")) == keys_of(20)


def test_close_is_safe_in_any_state(make) -> None:
    sink = make()
    sink.close()
    sink.open()
    sink.write([item(1)])
    sink.close()
    sink.close()
    sink.flush(0)
    with pytest.raises(SinkUnavailableError, match="not open"):
        sink.write([item(1)])
