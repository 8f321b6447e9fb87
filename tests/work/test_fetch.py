"""`newstap fetch`: feeds and their pages into Kafka, and what workers make of them."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.demo.newsroom import hosted
from ingest.demo.newsroom.expected import expected
from ingest.demo.newsroom.script import load
from sinks.codec import decode_whole_page
from tests.ingest.newsroom import html, keys, newstap
from tests.live.running import Running, item, rss
from tests.site import Site, answer, looped
from tests.work.running import LONG, ended, figures, killed_now_and_then, known, running, until, until_told, values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker

    Read = Callable[[str], list[Any]]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900 if LONG else 240)]

WHOLE = (
    "The council counted the stones of the bridge once more, and this time it was not content with the number. " * 30
)


SENT = {
    **{f'newstap_sink_{name}{{sink="kafka"}}': 0.0 for name in ("lag_rows", "oldest_seconds", "refused_total")},
    'newstap_sink_up{sink="kafka"}': 1.0,
}
"""What a fetcher tells when everything was sent."""


def _lags(prefix: str) -> list[str]:
    return [f'newstap_consumer_lag{{partition="{n}",topic="{prefix}.pages.v1"}}' for n in range(2)]


def script(site: Site) -> str:
    """A feed that shows four articles and changes one of them; a page that is edited, one that is not there."""
    page = answer(html(2), Content_Type="text/html")
    edited = answer(html(2).replace("in spring", "in autumn"), Content_Type="text/html")
    links = [site.on("/a/1", answer(html(1), Content_Type="text/html")), site.on("/a/2", page, edited)]
    links += [site.url("/a/3"), site.on("/a/4", answer(b"%PDF", Content_Type="application/pdf"))]
    first = [item(n, link=link) for n, link in enumerate(links, 1)]
    first.append(item(5, link=None, description=WHOLE))
    later = [*first[:1], item(2, link=links[1], description="It was counted again."), *first[2:]]
    return site.on("/feed", answer(rss(*first)), answer(rss(*later)))


@looped
async def test_the_records_are_those_of_a_single_process(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """The same feed, read by the service and by a fetcher with a worker: only `origin` differs.

    Copies and stories, which workers leave out, are left out of both. Both tell in their figures how far they are.
    """
    common = {"fetch": {"pages": True}, "stories": {"enabled": False}}
    began = time.time()
    async with Site() as site:
        alone = Running(tmp_path / _made(tmp_path, "alone"), script(site), **common)
        async with alone:
            await alone.until(lambda: len(alone.records) == 6)
            await alone.until(lambda: len([each for each in site.asked if each.target == "/feed"]) >= 4)
        kafka = {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 2}
        folder = tmp_path / _made(tmp_path, "scaled")
        sections = {**common, "dashboard": {"listen": "127.0.0.1:0"}, "sinks.kafka": kafka}
        config = Running(folder, script(site), **sections).file
        one, two = (folder / _made(folder, name) for name in ("fetching", "working"))
        with running("fetch", "--config", config, cwd=one) as fetch, running("work", "--config", config, cwd=two):
            await asyncio.to_thread(until, lambda: len(read_topic(f"{topic_prefix}.articles.v1")) >= 6)
            sent, made = await asyncio.to_thread(until_told, one, SENT), await asyncio.to_thread(figures, two)
            assert await asyncio.to_thread(ended, fetch) == 0
            await asyncio.to_thread(until_told, two, dict.fromkeys(_lags(topic_prefix), 0.0))
    assert sent['newstap_sink_delivered_total{sink="kafka"}'] >= 6
    assert made['newstap_sink_delivered_total{sink="kafka"}'] == 6
    assert made['newstap_sink_refused_total{sink="kafka"}'] == 0
    for told in (sent, made):
        assert began <= told['newstap_sink_last_commit_timestamp_seconds{sink="kafka"}'] <= time.time()
    audited = await asyncio.to_thread(newstap, "audit", "--config", config, cwd=folder)

    assert audited.returncode == 0, audited.stdout
    assert re.search(r"^  page +[6-9]", audited.stdout, re.MULTILINE), audited.stdout
    records = alone.written()
    published = values(read_topic(f"{topic_prefix}.articles.v1"))
    assert len(published) == len(records) == 6
    assert known(published) == known(records)
    assert {record["origin"]["mode"] for record in published} == {"work"}
    assert {record["origin"]["feed"] for record in published} == {site.url("/feed")}
    pages = read_topic(f"{topic_prefix}.pages.v1")
    assert {decode_whole_page(page.value).origin.mode.value for page in pages} == {"run"}
    assert len(pages) >= 6


@pytest.mark.slow
@pytest.mark.torture
def test_killed_at_random_moments_each_item_is_delivered_once(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """Fetcher and worker are both killed again and again while the newsroom publishes."""
    kills, pace = (20, 1.0) if LONG else (2, 0.1)
    with hosted(pace_seconds=pace) as room:
        folder = tmp_path / _made(tmp_path, "scaled")
        kafka = {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 2}
        feeds = [{"url": feed.url, "zone": feed.zone} for feed in room.feeds]
        config = Running(
            folder,
            *feeds,
            fetch={"pages": True, "host_delay_seconds": 0.02},
            stories={"enabled": False},
            **{"sinks.kafka": kafka},
        ).file
        stories = expected(load())
        fetch, work = ("fetch", "--config", config), ("work", "--config", config)
        for _ in range(kills):
            killed_now_and_then(fetch, folder, 1, least=0.8, most=2.5)
            with running(*fetch, cwd=folder):
                killed_now_and_then(work, folder, 1, least=1.5, most=4.0)
        with running(*fetch, cwd=folder) as fetching, running(*work, cwd=folder) as working:
            until(lambda: room.rested.is_set() and room.polls_since_rest() >= 2, 120)
            until(lambda: len({row["id"] for row in values(read_topic(f"{topic_prefix}.articles.v1"))}) >= len(stories))
            assert ended(fetching) == 0
            until(lambda: _settled(broker, topic_prefix))
            assert ended(working) == 0

    found = keys(values(read_topic(f"{topic_prefix}.articles.v1")))
    assert len({key for key, _ in found}) == len(stories)
    assert set(found.values()) == {1}
    for key, count in Counter(key for key, _ in found).items():
        assert sorted(n for each, n in found if each == key) == list(range(1, count + 1))


def test_a_page_that_is_too_large_is_a_dead_letter(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Read
) -> None:
    """What a feed carries may be larger than any page: it is not lost, and what comes behind it is not held up."""

    async def scenario() -> None:
        async with Site() as site:
            long = WHOLE * 500
            site.on("/feed", answer(rss(item(1), item(2, description=long), item(3))))
            kafka = {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "max_request_bytes": 100_000}
            fetch = {"max_page_bytes": 1000}
            config = Running(tmp_path, site.url("/feed"), fetch=fetch, **{"sinks.kafka": kafka}).file
            with running("fetch", "--config", config, cwd=tmp_path) as fetching:
                await asyncio.to_thread(until, lambda: len(read_topic(f"{topic_prefix}.pages.v1")) == 2)
                await asyncio.to_thread(until, lambda: len(read_topic(f"{topic_prefix}.dead-letters.v1")) == 1)
                assert await asyncio.to_thread(ended, fetching) == 0

    asyncio.run(scenario())
    (letter,) = values(read_topic(f"{topic_prefix}.dead-letters.v1"))
    assert letter["step"] == "deliver"
    assert "max_page_bytes" in letter["error"]
    assert letter["origin"]["mode"] == "run"


@pytest.mark.parametrize("command", ["fetch", "work", "link"])
def test_files_are_not_for_the_parts_of_a_service(tmp_path: Path, command: str) -> None:
    """All write to Kafka alone; the message names the command that keeps files."""
    config = tmp_path / "newstap.toml"
    config.write_text('[sinks.kafka]\nbootstrap = "127.0.0.1:9"\n[sinks.files]\npath = "out"\n')
    done = newstap(command, "--config", config, cwd=tmp_path)
    assert done.returncode == 2
    assert "newstap export" in done.stderr
    config.write_text("")
    without = newstap(command, "--config", config, cwd=tmp_path)
    assert without.returncode == 2
    assert "sinks.kafka" in without.stderr


def _made(folder: Path, name: str) -> str:
    (folder / name).mkdir()
    return name


def _settled(broker: Broker, prefix: str) -> bool:
    """Say whether the group has read all pages."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        group_id=f"newstap-work-{prefix}",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    try:
        topic = f"{prefix}.pages.v1"
        parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        # Behind the last page lies the end of its transaction, which nobody commits.
        return all((consumer.committed(part) or 0) + 1 >= end for part, end in consumer.end_offsets(parts).items())
    finally:
        consumer.close()
