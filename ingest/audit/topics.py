"""What Kafka holds of a state's records: in the topic of all articles, in the compacted one, in each topic's own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ingest.audit.holdings import Holdings
from sinks.kafka_client import KafkaTroubleError
from sinks.kafka_messages import Names
from sinks.kafka_reading import Stored, read_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.audit.books import Books
    from ingest.progress import Counting
    from sinks.kafka_client import Connection


def of_topics(connection: Connection, prefix: str, before: Books, count: Counting) -> Holdings:
    """Return what the topics hold of the records that the books know; others' records are passed over."""
    held, names = Holdings(), Names(prefix)
    try:
        for message in count.over(read_topic(connection, names.dead_letters)):
            if message.body is not None:
                held.letter(message.body, _where(names.dead_letters, message), "kafka")
        for message in count.over(read_topic(connection, names.articles)):
            if message.key in before.latest:
                if message.body is None:
                    held.problems.append(f"{_where(names.articles, message)}: a tombstone for {message.key}")
                else:
                    held.record(message.body, _where(names.articles, message), topics=True)
        held.problems += _compacted(connection, names, held, before, count)
        held.problems += _streams(connection, names, held, count)
    except KafkaTroubleError as error:
        held.problems.append(str(error))
    return held


def _compacted(connection: Connection, names: Names, held: Holdings, before: Books, count: Counting) -> Iterator[str]:
    """Tell which articles the compacted topic lacks, has an older revision of, or still has although they are gone."""
    latest: dict[str, int | None] = {}
    for message in count.over(read_topic(connection, names.latest)):
        if message.key in before.latest:
            one = Holdings()
            if message.body is not None:
                one.record(message.body, "")
            latest[message.key] = next((n for _, n in one.records), None)
    place = before.places["kafka"]
    withheld = place.stones.union(key for key, _ in place.withheld)
    for key, n in before.latest.items():
        if key in withheld or (key, n) in held.refused:
            continue
        if key in before.withdrawn:
            if latest.get(key) is not None:
                yield f"{names.latest}: has {key}, which is withdrawn"
        elif latest.get(key) is None:
            yield f"{names.latest}: {'a tombstone for' if key in latest else 'lacks'} {key}"
        elif latest[key] != n:
            yield f"{names.latest}: has revision {latest[key]} of {key}, not {n}"


def _streams(connection: Connection, names: Names, held: Holdings, count: Counting) -> Iterator[str]:
    """Tell which topics' own streams differ from what the records say."""
    wanted: dict[str, Counter[tuple[str, int]]] = {}
    for key, topics in held.topics.items():
        for topic in topics:
            wanted.setdefault(topic, Counter())[key] += 1
    for topic, keys in sorted(wanted.items()):
        name, one, ids = names.stream(topic), Holdings(), {key for key, _ in keys}
        for message in count.over(read_topic(connection, name)):
            if message.body is not None and message.key in ids:
                one.record(message.body, _where(name, message))
        if missing := keys - one.records:
            yield f"{name}: lacks {missing.total()} records, first {next(iter(missing))[0]}"
        if doubled := Counter({key: n for key, n in one.records.items() if n > 1}):
            yield f"{name}: holds {len(doubled)} records more than once, first {next(iter(doubled))[0]}"


def _where(topic: str, message: Stored) -> str:
    return f"{topic}, partition {message.partition}, offset {message.offset}"
