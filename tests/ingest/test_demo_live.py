"""`newstap demo` live: the configuration the service gets, and when it is told to end."""

from __future__ import annotations

import threading
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from ingest.config import Archive, Config, FilesSink, KafkaSink, Sinks, Topics, load
from ingest.demo.live import configuration, watching
from ingest.demo.newsroom import Newsroom, hosted

if TYPE_CHECKING:
    from collections.abc import Iterator

TO = Path("var/demo")


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with hosted(pace_seconds=0.001) as opened:
        yield opened


def poll(room: Newsroom, times: int) -> None:
    """Read every feed that is up so often, after everything is published."""
    while not room.rested.is_set():
        threading.Event().wait(0.01)
    with httpx.Client(trust_env=False, timeout=20) as http:
        for url in [offer.url for offer in room.feeds if not offer.down] * times:
            http.get(url)


def test_the_service_is_told_of_every_feed_and_that_it_may_reach_loopback(room: Newsroom) -> None:
    config = configuration(room.feeds, TO, Config())
    assert [feed.url for feed in config.feeds] == [offer.url for offer in room.feeds]
    assert len({feed.url for feed in config.feeds}) == 10
    assert config.fetch.allow_networks == (ip_network("127.0.0.0/8"),)
    assert [*config.cautions(), *config.schedule.clashes(), *config.sinks.clashes()] == []


def test_all_it_keeps_lies_in_the_folder_and_what_the_user_configured_stays(room: Newsroom) -> None:
    base = Config(
        topics=Topics(enabled=("china",)),
        sinks=Sinks(files=FilesSink(path=Path("elsewhere"), compression="gzip"), kafka=KafkaSink()),
        archive=Archive(keep_days=3),
    )
    config = configuration(room.feeds, TO, base)
    assert config.topics == base.topics
    assert config.sinks == Sinks(files=FilesSink(path=TO, compression="gzip"), kafka=KafkaSink())
    assert config.state.path.is_relative_to(TO)
    assert config.archive is not None
    assert config.archive.path.is_relative_to(TO)
    assert config.archive.keep_days == 3
    assert configuration(room.feeds, TO, Config()).archive is None
    assert config.dashboard.listen == "127.0.0.1:0"


def test_its_feeds_are_what_a_configuration_file_could_say(room: Newsroom, tmp_path: Path) -> None:
    """Names, languages, zones and options pass the checks that a user's own would have to pass."""
    feeds = configuration(room.feeds, TO, Config()).feeds
    tables = [
        f'[[feeds]]\nurl = "{feed.url}"\nname = "{feed.name}"\nlanguage = "{feed.language}"\n'
        f'zone = "{feed.zone}"\ntags = {list(feed.tags)}\n'
        for feed in feeds
    ]
    file = tmp_path / "newstap.toml"
    file.write_text("\n".join(tables), encoding="utf-8")
    assert load(file, {}).feeds == feeds


def test_it_ends_when_every_feed_was_read_twice_and_all_is_delivered(room: Newsroom) -> None:
    idle, stop = threading.Event(), threading.Event()
    with watching(room, idle, stop, ends=True):
        poll(room, 1)
        idle.set()
        assert not stop.wait(0.5), "one poll is not enough"
        idle.clear()
        poll(room, 1)
        assert not stop.wait(0.5), "something is pending"
        idle.set()
        assert stop.wait(20)


def test_it_goes_on_where_somebody_watches(room: Newsroom) -> None:
    idle, stop = threading.Event(), threading.Event()
    idle.set()
    with watching(room, idle, stop, ends=False):
        poll(room, 2)
        assert not stop.wait(0.5)
    assert not stop.is_set()


def test_nobody_waits_for_the_end_when_the_service_has_ended_by_itself(room: Newsroom) -> None:
    stop = threading.Event()
    with watching(room, threading.Event(), stop, ends=True):
        pass
    assert not stop.is_set()
    assert not any(thread.name == "demo-end" for thread in threading.enumerate())
