"""A fetcher whose topics strangers have written to, with a real broker: it polls what it should, and tells the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer

from ingest.fleet.publishing import all_feeds
from sinks.kafka_admin import Plan
from sinks.kafka_client import Connection
from sinks.kafka_messages import Names
from tests.fleet.fetchers import PARTITIONS, Fleet
from tests.kafka_fixtures import Header
from tests.work.running import until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

KINDS = ("feeds", "fetch-state", "page-requests")
PLAIN = [(None, b"{"), (b"\xff", b"[" * 50_000), (b'["feed", 1]', b"{}"), (b"0" * 32, b"null"), (b"x", b"\0" * 100_000)]


def written(bootstrap: str, prefix: str, kinds: Iterable[str] = KINDS) -> int:
    """Write what is none of ours into each partition of these topics; return how many messages that is."""
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    sent = [
        producer.send(f"{prefix}.{kind}.v1", value, key=key or b"\x00", headers=headers, partition=number)
        for kind in kinds
        for number in range(PARTITIONS)
        for key, value, headers in [*((*one, []) for one in PLAIN), (b"h", b"h", [(Header("h"), b"")])]
    ]
    producer.close()
    assert all(one.succeeded() for one in sent)
    return len(sent)


def told(fleet: Fleet, name: str) -> list[str]:
    """Return where the messages are that a fetcher has told of."""
    return re.findall(r"passed over: (partition \d+ of \S+, offset \d+)", fleet.log(name))


def test_a_fetcher_tells_each_message_once_and_goes_on(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    """What was there before it, what comes while it runs, and what the library itself cannot take apart."""
    fleet = Fleet(tmp_path, broker.bootstrap, topic_prefix, 4, 8, 3.0)
    with fleet.open():
        before = written(broker.bootstrap, topic_prefix)
        fleet.begin("one")
        fleet.until_polled(0.0, 120)
        until(lambda: len(told(fleet, "one")) >= before, 120)
        later = written(broker.bootstrap, topic_prefix, KINDS[::2])  # states are read by who takes the partition next
        until(lambda: len(told(fleet, "one")) >= before + later, 120)
        fleet.until_delivered(120)
        places = told(fleet, "one")
        assert len(set(places)) == len(places) == before + later
        assert fleet.stop("one") == 0
        assert len(all_feeds(Connection(broker.bootstrap), Plan(Names(topic_prefix, (), scaled=True, fleet=True)))) == 8
