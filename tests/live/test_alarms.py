"""The service raises alarms, and tells them in its state, its metrics and its log."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import alarms, feedstore, state
from ingest.alarms import AlarmKind, Look, Scope, rhythm
from ingest.alarms.kept import Key
from ingest.alarms.rhythm import DAY, HOUR
from ingest.alarms.series import Series
from ingest.feedstore import Feed
from ingest.schedule import Settings
from tests.live.running import Running, rss
from tests.site import Site, answer, looped

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
