"""Asking the group beside the service: never by whoever looks, and never for longer than anybody waits."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.fleet.asking import Asking
from ingest.owners import Shares
from sinks.kafka_client import AwayError
from tests.work.running import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHARES = Shares(members={"one": (0,)}, partitions=1, lag=None)


@contextmanager
def asking(ask: Callable[[], Shares], *, pace: float = 0.01, rest: float = 0.02) -> Iterator[Asking]:
    """Have a group asked for as long as the block takes."""
    thread = Asking("group", ask, pace=pace, rest=rest)
    thread.start()
    try:
        yield thread
    finally:
        thread.end()
        assert not thread.is_alive()


def test_who_looks_does_not_wait_for_an_answer() -> None:
    """Kafka may take its time: until then nothing is known, and that is told at once."""
    answer, asked = threading.Event(), threading.Event()

    def ask() -> Shares:
        asked.set()
        assert answer.wait(60)
        return SHARES

    with asking(ask) as group:
        assert asked.wait(60)
        assert (group.told().shares, group.told().at, group.told().trouble) == (None, None, None)
        answer.set()
        until(lambda: group.told().shares == SHARES)
        assert 0 <= time.time() - (group.told().at or 0.0) < 60


def test_while_it_is_away_the_last_answer_stays_and_since_when_does_too() -> None:
    away, asked = threading.Event(), itertools.count()

    def ask() -> Shares:
        next(asked)
        if away.is_set():
            raise AwayError(f"nobody there, {next(asked)}")
        return SHARES

    with asking(ask) as group:
        until(lambda: group.told().shares is not None)
        away.set()
        until(lambda: group.told().trouble is not None)
        first = group.told()
        until(lambda: group.told().trouble != first.trouble)
        later = group.told()
        assert (later.shares, later.at, later.since) == (SHARES, first.at, first.since)
        away.clear()
        until(lambda: group.told().trouble is None)
        assert group.told().since is None


def test_it_is_asked_at_a_pace_however_often_somebody_looks() -> None:
    """A page that is asked for in a loop costs the broker nothing."""
    times: list[float] = []

    def ask() -> Shares:
        times.append(time.monotonic())
        return SHARES

    with asking(ask, pace=0.5, rest=60) as group:

        def looked() -> bool:
            for _ in range(1000):
                group.told()
            return len(times) >= 3

        until(looked)
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.5


def test_while_nobody_looks_it_is_hardly_asked() -> None:
    asked = threading.Semaphore(0)

    def ask() -> Shares:
        asked.release()
        return SHARES

    with asking(ask, pace=0.01, rest=3600) as group:
        assert asked.acquire(timeout=60)
        assert not asked.acquire(timeout=0.3)
        group.told()
        assert asked.acquire(timeout=60), "who looks has it asked again"


def test_an_error_of_ours_is_told_and_leaves_the_service_alone() -> None:
    def ask() -> Shares:
        raise ValueError("no such thing")

    with asking(ask) as group:
        until(lambda: group.told().trouble == "an error of ours: no such thing")
