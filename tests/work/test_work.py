"""`newstap work`: pages become records, by as many workers as there are, each page once."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer

from sinks.codec import decode_whole_page
from tests.broker import VARIABLE
from tests.broker.process import free_port
from tests.commands import rows
from tests.ingest.newsroom import archive, keys, newstap
from tests.work.running import (
    LONG,
    arriving,
    configured,
    ended,
    killed_now_and_then,
    known,
    limited,
    owners,
    running,
    stories,
    until,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker

    Read = Callable[[str], list[Any]]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900 if LONG else 180)]


def test_the_records_are_those_of_a_single_process(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """Only `origin.mode` differs: duplicates, revision numbers and dead letters are the same.

    Copies and stories, which workers leave out, are left out of both.
    """
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    inputs = archive(tmp_path / "in", 3, 30)
    stories(inputs / "stories.jsonl", range(1000, 1040), versions=2)
    distributed = newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path)
    assert distributed.returncode == 0
    assert "113 documents read: 113 pages + 0 skipped + 0 dead letters" in distributed.stderr
    again = newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path)
    assert "nothing new" in again.stderr
    assert newstap("replay", inputs, "--to", "out", "--config", config, cwd=tmp_path).returncode == 0
    records, letters = rows(tmp_path / "out" / "records"), rows(tmp_path / "out" / "dead-letters")
    with running("work", "--config", config, "--workers", "1", cwd=tmp_path) as worker:
        with arriving(broker.bootstrap, f"{topic_prefix}.articles.v1") as published:
            until(lambda: published() >= len(records))
        until(lambda: len(read_topic(f"{topic_prefix}.dead-letters.v1")) >= len(letters))
        assert ended(worker) == 0

    published = values(read_topic(f"{topic_prefix}.articles.v1"))
    assert known(published) == known(records)
    assert len(published) == len(records) > 100
    assert {record["origin"]["mode"] for record in published} == {"work"}
    same = [{**record, "origin": {**record["origin"], "mode": "replay"}} for record in published]
    assert sorted(map(str, same)) == sorted(map(str, records))
    told = values(read_topic(f"{topic_prefix}.dead-letters.v1"))
    assert Counter(letter["error"] for letter in told) == Counter(letter["error"] for letter in letters)
    assert len(letters) == 3


def test_each_site_is_in_one_partition(tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read) -> None:
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    inputs = stories(tmp_path / "in.jsonl", range(60))
    assert newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path).returncode == 0
    pages = read_topic(f"{topic_prefix}.pages.v1")
    partitions = {page.key: page.partition for page in pages}
    assert len(pages) == 60
    assert {(page.key, page.partition) for page in pages} == set(partitions.items())
    assert set(partitions.values()) == {0, 1, 2}
    assert {dict(page.headers)["ce_type"] for page in pages} == {b"newstap.page.v1"}
    assert len({dict(page.headers)["ce_id"] for page in pages}) == 60


@pytest.mark.slow
@pytest.mark.torture
def test_distributing_killed_at_random_moments_hands_each_page_over_once(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    number, kills = (40_000, 20) if LONG else (4000, 3)
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    inputs = stories(tmp_path / "in.jsonl", range(number))
    command = ("replay", inputs, "--distribute", "--rate", 1500, "--config", config)
    killed_now_and_then(command, tmp_path, kills, least=0.5, most=1.5)
    done = newstap(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    pages = [decode_whole_page(message.value) for message in read_topic(f"{topic_prefix}.pages.v1")]
    places = Counter(page.origin.archive.offset for page in pages if page.origin.archive is not None)
    assert len(places) == number
    assert set(places.values()) == {1}


@pytest.mark.slow
def test_workers_share_the_pages_and_take_over_from_each_other(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """One ends in good order while the other works on: it has the rest at once, and no record twice."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    command = ("work", "--config", config, "--workers", "1")
    with (
        running(*command, cwd=tmp_path / "one") as one,
        running(*command, cwd=tmp_path / "two") as two,
        arriving(broker.bootstrap, f"{topic_prefix}.articles.v1") as published,
    ):
        until(lambda: owners(broker.bootstrap, topic_prefix) == [1, 2])
        inputs = stories(tmp_path / "in.jsonl", range(300), versions=2)
        assert newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path).returncode == 0
        until(lambda: published() > 100)
        assert ended(one) == 0
        assert len(owners(broker.bootstrap, topic_prefix)) == 1, "it left the group, which need not notice by itself"
        until(lambda: owners(broker.bootstrap, topic_prefix) == [3])
        until(lambda: published() >= 600)
        assert ended(two) == 0

    found = keys(values(read_topic(f"{topic_prefix}.articles.v1")))
    assert len(found) == 600
    assert set(found.values()) == {1}
    assert Counter(n for _, n in found) == {1: 300, 2: 300}


@pytest.mark.slow
def test_what_kafka_refuses_and_what_is_no_page_are_dead_letters(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """A topic's limit that nobody told us of is met by the broker's refusal; the others of the transaction come."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix, more='compression = "none"\n')
    words = " ".join(f"The ferry left at {n}." for n in range(20_000))
    inputs = stories(tmp_path / "in.jsonl", range(20))
    with running("work", "--config", config, "--workers", "1", cwd=tmp_path) as worker:
        until(lambda: owners(broker.bootstrap, topic_prefix) == [3])
        limited(broker.bootstrap, f"{topic_prefix}.articles.latest.v1", 50_000)
        with inputs.open("a") as more:
            more.write(f'{{"url": "https://site1.example/long", "title": "Long", "text": "{words}"}}\n')
        assert newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path).returncode == 0
        until(lambda: len(read_topic(f"{topic_prefix}.dead-letters.v1")) == 1)
        with arriving(broker.bootstrap, f"{topic_prefix}.articles.v1") as published:
            until(lambda: published() == 20)
        with KafkaProducer(bootstrap_servers=broker.bootstrap) as other:
            other.send(f"{topic_prefix}.pages.v1", b"no page of ours", b"key").get(timeout=30)
        until(lambda: len(read_topic(f"{topic_prefix}.dead-letters.v1")) == 2)
        assert ended(worker) == 0
    letters = {letter["step"]: letter for letter in values(read_topic(f"{topic_prefix}.dead-letters.v1"))}
    assert sorted(letters) == ["deliver", "read"]
    assert letters["read"]["input"]["body"] == "no page of ours"
    letter = letters["deliver"]
    assert "Long" in letter["input"]["body"]
    assert {each["origin"]["mode"] for each in letters.values()} == {"work"}
    assert "listening" not in (tmp_path / "log").read_text(), "the listener is off unless it is asked for"


def test_two_of_one_name_are_one_too_many(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    """On one state folder the second refuses; elsewhere it takes the first one's place, and that one ends."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix)
    other = configured(tmp_path / "other", broker.bootstrap, topic_prefix)
    name = ("--instance", "mine", "--workers", "1")
    with running("work", "--config", config, *name, cwd=tmp_path) as first:
        until(lambda: owners(broker.bootstrap, topic_prefix) == [3])
        second = newstap("work", "--config", config, *name, cwd=tmp_path)
        assert second.returncode == 2
        assert "another worker runs as mine" in second.stderr
        with running("work", "--config", other, *name, cwd=tmp_path / "other") as third:
            assert first.wait(60) == 1
            assert "another worker runs as mine" in (tmp_path / "log").read_text()
            until(lambda: owners(broker.bootstrap, topic_prefix) == [3])
            assert ended(third) == 0


def test_a_worker_whose_broker_is_away_ends_in_time(tmp_path: Path) -> None:
    config = configured(tmp_path, f"127.0.0.1:{free_port()}", "nowhere")
    away = {name: value for name, value in os.environ.items() if name != VARIABLE}
    with running("work", "--config", config, "--workers", "1", cwd=tmp_path, env=away) as worker:
        until(lambda: "tried again" in (tmp_path / "log").read_text())
        began = time.monotonic()
        assert ended(worker) == 0
        assert time.monotonic() - began < 60
