"""Records on their way to `newstap link`, and what a single process makes of them in that order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer

from ingest.config import Stories
from ingest.items import unlinked
from ingest.linking import Linking
from ingest.wiring import MIGRATIONS
from processors.records import Mode, Record
from sinks.codec import decode_record, encode_record
from sinks.kafka_admin import Plan, prepare
from sinks.kafka_client import Connection
from sinks.kafka_messages import Names, message
from sinks.store import Store
from tests.processors.stories.newsroom import stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def fresh(seed: int, count: int) -> list[Record]:
    """Return a stream in which each state of an article is another document, and each tenth comes twice."""
    made = [
        replace(one, origin=replace(one.origin, mode=Mode.WORK, document_id=f"d{n}"))
        for n, one in enumerate(stream(seed, count))
    ]
    return [one for n, each in enumerate(made) for one in [each] * (2 if n % 10 == 9 else 1)]


class Desk:
    """Hands records on as workers do; a context manager.

    Args:
        bootstrap: of the broker.
        prefix: of the topics, which are made.
    """

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._names = Names(prefix, scaled=True)
        prepare(Connection(bootstrap), Plan(self._names, partitions=3))
        self._producer = KafkaProducer(bootstrap_servers=bootstrap)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close()

    def hand_on(self, records: Iterable[Record]) -> None:
        """Write records; they are there when this returns."""
        for one in records:
            made = message(unlinked(one), (self._names.enriched,), datetime.now(UTC))
            self._producer.send(self._names.enriched, made.value, made.key, made.headers)
        self._producer.flush(timeout=60)

    def write(self, value: bytes) -> None:
        """Write what is no record."""
        self._producer.send(self._names.enriched, value, b"key").get(timeout=60)


def linked_alone(folder: Path, records: Sequence[Record]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what a single process delivers of records in their order, by key and revision."""
    stage = Linking(Stories())
    store = Store(folder / "alone.sqlite", MIGRATIONS)
    try:
        with store.transaction() as connection:
            outcomes = [stage.settle(connection, one)[0] for one in records]
    finally:
        store.close()
    told = [json.loads(encode_record(one)) for one in outcomes if isinstance(one, Record)]
    return {(row["id"], row["revision"]["n"]): row for row in told}


def decoded(messages: Iterable[Any]) -> list[Record]:
    """Return the records of messages."""
    return [decode_record(one.value) for one in messages]
