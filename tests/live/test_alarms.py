"""The service raises alarms, and tells them in its state, its metrics and its log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ingest import alarms, feedstore, state
from ingest.alarms import AlarmKind, Look, Scope, rhythm
from ingest.alarms.kept import Key
from ingest.alarms.rhythm import DAY, HOUR
from ingest.alarms.series import Series
from ingest.audit import audit
from ingest.config import load
from ingest.feedstore import Feed
from ingest.schedule import Settings
from sinks.kafka_client import Connection, KafkaTroubleError
from sinks.kafka_reading import read_topic
from tests.live.running import Running, item, rss
from tests.site import Site, answer, looped
from tests.work.running import ended, running, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker.process import Broker


def adds_up(folder: Path) -> str:
    """What the audit says; it must find nothing wrong."""
    told = io.StringIO()
    assert audit(load(folder / "newstap.toml", {}), None, told) == 0, told.getvalue()
    return told.getvalue()


def _prepared(folder: Path, url: str) -> None:
    """A state in which the feed had something each hour for two months, up to a day ago, and was asked until now."""
    now = time.time()
    last = now - DAY
    known = rhythm.begin(last - 60 * DAY)
    for n in range(60 * 24 + 1):
        known = rhythm.arrived(known, last - (60 * 24 - n) * HOUR)
    with closing(state.owned(folder)) as store, store.transaction() as connection:
        feedstore.add(connection, [Feed(url=url)], settings=Settings(), now=last)
        (claimed,) = feedstore.claim(connection, now, lease=60, limit=1)
        asked = replace(claimed.state, last_items=last, last_success=now, next_due=now)
        feedstore.commit(connection, claimed, asked, now=now)
        series: dict[Key, Series | None] = {Key(Scope.FEED, str(claimed.id)): Series(rhythm=known)}
        alarms.keep(connection, Look(now - 60, series))


@looped
async def test_a_feed_that_had_something_each_hour_is_told_after_a_day_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Site() as site:
        site.on("/feed", answer(rss()))
        _prepared(tmp_path / "var" / "state", site.url("/feed"))
        async with Running(tmp_path, site.url("/feed")) as service:
            await service.until(lambda: "alarm " in caplog.text)
    with closing(state.owned(tmp_path / "var" / "state")) as store, store.reading() as connection:
        (alarm,) = alarms.current(connection)
    assert (alarm.kind, alarm.name) == (AlarmKind.STALE, site.url("/feed"))
    assert "alarm stale: answers, and has had nothing new for" in caplog.text


def _told(broker: Broker, topic: str) -> list[dict[str, Any]]:
    """The values of the topic's messages, in order."""
    return [json.loads(one.body or b"") for one in read_topic(Connection(broker.bootstrap, {}, 5.0), topic)]


def _has_told(broker: Broker, topic: str, number: int) -> bool:
    """Whether there are so many messages; a topic that is being made has no answer yet."""
    try:
        return len(_told(broker, topic)) == number
    except KafkaTroubleError:
        return False


@pytest.mark.kafka
@looped
async def test_an_alarm_that_is_raised_and_one_that_is_over_are_a_message_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broker: Broker, topic_prefix: str
) -> None:
    """A restart in between repeats nothing, and the audit knows what the messages are."""
    caplog.set_level(logging.INFO)
    kafka: dict[str, dict[str, Any]] = {
        "alarms": {"kafka": True},
        "sinks.kafka": {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 1},
    }
    async with Site() as site:
        site.on("/feed", answer(rss()))
        _prepared(tmp_path / "var" / "state", site.url("/feed"))
        async with Running(tmp_path, site.url("/feed"), **kafka) as service:
            await service.until(lambda: "alarm stale: " in caplog.text)
        assert "alarm messages           1" in adds_up(tmp_path)
        async with Running(tmp_path, site.url("/feed"), **kafka) as service:
            site.on("/feed", answer(rss(item(1))))
            await service.until(lambda: service.records)
        async with Running(tmp_path, site.url("/feed"), **kafka) as service:  # looks at once
            await service.until(lambda: "alarm stale is over" in caplog.text)
            await service.until(lambda: _has_told(broker, f"{topic_prefix}.alarms.v1", 2))
        assert "alarm messages           2" in adds_up(tmp_path)

    raised, over = _told(broker, f"{topic_prefix}.alarms.v1")
    assert (raised["state"], over["state"]) == ("raised", "over")
    assert raised["name"] == site.url("/feed")
    assert raised["since"] == raised["at"] == over["since"] < over["at"]
    assert "answers, and has had nothing new for" in raised["why"]


@pytest.mark.kafka
@looped
async def test_what_stood_is_over_when_alarms_are_turned_off(
    tmp_path: Path, broker: Broker, topic_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A broker that was away when it was raised changes nothing."""
    caplog.set_level(logging.INFO)
    sink = {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 1}
    async with Site() as site:
        site.on("/feed", answer(rss()))
        _prepared(tmp_path / "var" / "state", site.url("/feed"))
        files: dict[str, dict[str, Any]] = {
            "alarms": {"kafka": True},
            "sinks.kafka": sink | {"bootstrap": "127.0.0.1:1"},
        }
        async with Running(tmp_path, site.url("/feed"), **files) as service:
            await service.until(lambda: "alarm stale: " in caplog.text)
        off: dict[str, dict[str, Any]] = {"alarms": {"kafka": True, "enabled": False}, "sinks.kafka": sink}
        async with Running(tmp_path, site.url("/feed"), **off) as service:
            await service.until(lambda: _has_told(broker, f"{topic_prefix}.alarms.v1", 2))

    assert [one["state"] for one in _told(broker, f"{topic_prefix}.alarms.v1")] == ["raised", "over"]


@pytest.mark.kafka
@looped
async def test_a_fetcher_tells_them_too(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    sink = {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 1}
    async with Site() as site:
        site.on("/feed", answer(rss()))
        _prepared(tmp_path / "var" / "state", site.url("/feed"))
        config = Running(tmp_path, site.url("/feed"), alarms={"kafka": True}, **{"sinks.kafka": sink}).file
        with running("fetch", "--config", config, cwd=tmp_path) as fetching:
            await asyncio.to_thread(until, lambda: _has_told(broker, f"{topic_prefix}.alarms.v1", 1))
            assert await asyncio.to_thread(ended, fetching) == 0

    assert [one["kind"] for one in _told(broker, f"{topic_prefix}.alarms.v1")] == ["stale"]
