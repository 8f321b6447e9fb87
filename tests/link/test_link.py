"""`newstap link`: the records of all workers, in one order, become those that a single process would publish."""

from __future__ import annotations

import json
import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import Place, Seen, published
from tests.ingest.newsroom import newstap
from tests.link.newsroom import Desk, decoded, fresh, linked_alone
from tests.work.running import (
    LISTEN,
    LONG,
    arriving,
    configured,
    ended,
    figures,
    limited,
    owners,
    running,
    until,
    values,
)
from tests.work.test_hostile import poison

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker

    Read = Callable[[str], list[Any]]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900 if LONG else 240)]


def told(messages: list[Any]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return records by key and revision; each may be there once."""
    rows = values(messages)
    found = {(row["id"], row["revision"]["n"]): row for row in rows}
    assert len(found) == len(rows), "published twice"
    return found


def is_at_work(folder: Path) -> bool:
    """Say whether the link of a folder was given the partition last."""
    lines = [line for line in (folder / "log").read_text().splitlines() if " partitions 0 " in line]
    return bool(lines) and "are ours" in lines[-1]


def knows_better(folder: Path) -> bool:
    """Say whether a link that stood still has learned that it has nothing any more, by the group or by a refusal."""
    told = (folder / "log").read_text()
    return "were taken from us" in told or "tried again every few seconds" in told


def test_the_records_are_those_of_a_single_process(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """Two workers, and one that links what they hand on: all is as if one process had had it in that order."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix, linked=True)
    inputs = tmp_path / "in.jsonl"
    with inputs.open("w") as file:
        for one in fresh(41, 100):
            row = {"url": f"https://site{one.id[-1]}.example/{one.id}", "title": one.article.title}
            row |= {"text": one.article.text, "fetched": one.origin.fetched.isoformat()}
            file.write(json.dumps(row) + "\n")
    with ExitStack() as stack:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            command = ("work", "--config", config, "--workers", 1, "--instance", name)
            stack.enter_context(running(*command, cwd=tmp_path / name))
        link = stack.enter_context(running("link", "--config", config, cwd=tmp_path))
        until(lambda: owners(broker.bootstrap, topic_prefix) == [1, 2])
        assert newstap("replay", inputs, "--distribute", "--config", config, cwd=tmp_path).returncode == 0
        enriched = stack.enter_context(arriving(broker.bootstrap, f"{topic_prefix}.enriched.v1"))
        until(lambda: enriched() == 110)
        wanted = linked_alone(tmp_path, decoded(read_topic(f"{topic_prefix}.enriched.v1")))
        # In both topics: a transaction that is committed ends in one partition after the other.
        for topic in ("articles.v1", "articles.latest.v1"):
            arrived = stack.enter_context(arriving(broker.bootstrap, f"{topic_prefix}.{topic}"))
            until(lambda arrived=arrived: arrived() >= len(wanted))
        assert ended(link) == 0

    found = told(read_topic(f"{topic_prefix}.articles.v1"))
    assert found == wanted
    assert told(read_topic(f"{topic_prefix}.articles.latest.v1")) == wanted
    assert {row["origin"]["mode"] for row in found.values()} == {"work"}
    assert any(row["dup"] for row in found.values())
    assert any(row["story"] and row["story"]["size"] > 1 for row in found.values())
    assert len(wanted) < 110, "repeats are skipped"
    assert not read_topic(f"{topic_prefix}.issued.v1"), "workers remember nothing"


@pytest.mark.slow
@pytest.mark.torture
def test_killed_again_and_again_it_publishes_each_once_with_the_same_stories(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read, fault_row: Callable[..., None]
) -> None:
    """Each time soon after something of what it has in hand is there."""
    kills, share = (20, 250) if LONG else (3, 400)
    config = configured(tmp_path, broker.bootstrap, topic_prefix, linked=True)
    records = fresh(42, kills * share)
    wanted = linked_alone(tmp_path, records)
    with (
        Desk(broker.bootstrap, topic_prefix) as desk,
        arriving(broker.bootstrap, f"{topic_prefix}.articles.v1") as arrived,
    ):
        for number in range(kills):
            before = arrived()
            desk.hand_on(records[number * share : (number + 1) * share])
            with running("link", "--config", config, cwd=tmp_path) as link:
                until(lambda before=before: arrived() > before)
                assert link.poll() is None
        desk.hand_on(records[kills * share :])
        began = time.monotonic()
        with running("link", "--config", config, cwd=tmp_path) as link:
            until(lambda: arrived() >= len(wanted), 180)
            behind = time.monotonic() - began
            assert ended(link) == 0

    found = read_topic(f"{topic_prefix}.articles.v1")
    place = Place([Seen(*key) for key in wanted], published(found))
    fault_row(f"link killed (kill -9) {kills} times", place, seconds=behind)
    assert told(found) == wanted


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.slow)])
def test_one_stands_by_and_takes_over(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read, how: signal.Signals
) -> None:
    """From one that was killed, and from one that stood still: when it wakes, it stands by itself."""
    config = configured(tmp_path, broker.bootstrap, topic_prefix, linked=True)
    records = fresh(43, 300)
    wanted = linked_alone(tmp_path, records)
    with ExitStack() as stack:
        desk = stack.enter_context(Desk(broker.bootstrap, topic_prefix))
        arrived = stack.enter_context(arriving(broker.bootstrap, f"{topic_prefix}.articles.v1"))
        links = {}
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            command = ("link", "--config", config, "--instance", name)
            links[name] = stack.enter_context(running(*command, cwd=tmp_path / name))
            until(lambda: is_at_work(tmp_path / "one"))
        until(lambda: "standing by, as two" in (tmp_path / "two" / "log").read_text())
        desk.hand_on(records[:150])
        until(lambda: arrived() > 0)
        desk.hand_on(records[150:])
        links["one"].send_signal(how)
        until(lambda: is_at_work(tmp_path / "two"))
        until(lambda: arrived() >= len(wanted))
        assert "what is remembered was read in" in (tmp_path / "two" / "log").read_text()
        if how is signal.SIGSTOP:
            links["one"].send_signal(signal.SIGCONT)
            until(lambda: knows_better(tmp_path / "one"))
            assert ended(links["one"]) == 0
        assert ended(links["two"]) == 0

    assert told(read_topic(f"{topic_prefix}.articles.v1")) == wanted


def test_what_kafka_refuses_and_what_is_no_record_are_dead_letters(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """A topic's limit that nobody told us of is met by the broker's refusal; the others of the transaction come.

    What the library cannot take apart among what is remembered is passed over.
    """
    config = configured(tmp_path, broker.bootstrap, topic_prefix, more=f'compression = "none"\n{LISTEN}', linked=True)
    records = fresh(44, 20)
    words = " ".join(f"The ferry left at {n}." for n in range(20_000))
    long = replace(records[0], id="long", article=replace(records[0].article, text=words))
    wanted = linked_alone(tmp_path, records)
    with ExitStack() as stack:
        desk = stack.enter_context(Desk(broker.bootstrap, topic_prefix))
        poison(broker, f"{topic_prefix}.linked.v1", 1)
        link = stack.enter_context(running("link", "--config", config, cwd=tmp_path))
        until(lambda: is_at_work(tmp_path))
        limited(broker.bootstrap, f"{topic_prefix}.articles.latest.v1", 50_000)
        desk.hand_on([*records[:10], replace(long, origin=replace(long.origin, document_id="long")), *records[10:]])
        desk.write(b"no record of ours")
        until(lambda: len(read_topic(f"{topic_prefix}.dead-letters.v1")) == 2)
        with arriving(broker.bootstrap, f"{topic_prefix}.articles.v1") as arrived:
            until(lambda: arrived() == len(wanted))
        shown = figures(tmp_path)
        assert ended(link) == 0

    letters = {letter["step"]: letter for letter in values(read_topic(f"{topic_prefix}.dead-letters.v1"))}
    assert sorted(letters) == ["deliver", "read"]
    assert json.loads(letters["deliver"]["input"]["body"])["id"] == "long"
    assert f"passed over: partition 0 of {topic_prefix}.linked.v1, offset 0" in (tmp_path / "log").read_text()
    assert letters["read"]["input"]["body"] == "no record of ours"
    assert shown["newstap_partitions"] == 1
    assert shown['newstap_sink_refused_total{sink="kafka"}'] == 1


def test_where_nothing_is_linked_it_says_so(tmp_path: Path) -> None:
    config = configured(tmp_path, "127.0.0.1:9", "nowhere")
    done = newstap("link", "--config", config, cwd=tmp_path)
    assert done.returncode == 2
    assert "stories.enabled" in done.stderr
