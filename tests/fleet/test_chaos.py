"""Fetchers of a group, and their broker, in whatever order bad luck has: the same books, and all to be zero.

The seed is printed, and can be given: `NEWSTAP_SEED=N`. What is at a fault's moment under way differs all the same.
"""

from __future__ import annotations

import heapq
import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.fleet.books import Thaw
from tests.fleet.fetchers import Fleet
from tests.ingest.newsroom import asked_to_end
from tests.work.running import LONG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import OwnBroker

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(1800)),
    pytest.mark.skipif(not LONG, reason="minutes for each seed: NEWSTAP_LONG=1"),
]

HOSTS, FEEDS, INTERVAL = 12, 40, 3.0
NAMES = ("one", "two", "three")
SECONDS = float(os.environ.get("NEWSTAP_CHAOS_SECONDS", "400"))
"""Of faults."""
PATIENCE = 180.0


class Luck:
    """Bad luck, until its time is over; then everything runs.

    Args:
        fleet: of fetchers.
        broker: theirs.
        chance: what happens when.
    """

    def __init__(self, fleet: Fleet, broker: OwnBroker, chance: random.Random) -> None:
        self.thaws: list[Thaw] = []
        self._fleet = fleet
        self._broker = broker
        self._chance = chance
        self._frozen: set[str] = set()
        self._broker_stands = False
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        """What ends a fault, and when (monotonic seconds)."""

    def strike(self, seconds: float) -> None:
        """Have things happen for so many seconds, then end what has not ended."""
        end = time.monotonic() + seconds
        next_fault = time.monotonic()
        while (now := time.monotonic()) < end:
            if now >= next_fault:
                self._fault()
                next_fault = now + self._chance.uniform(0.5, 12.0)
            while self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            time.sleep(0.05)
        while self._later:
            heapq.heappop(self._later)[2]()
        for name in NAMES:
            if not self._runs(name):
                self._start(name)

    def _fault(self) -> None:
        """Do one thing that can be done now."""
        running = [name for name in NAMES if self._runs(name) and name not in self._frozen]
        resting = [name for name in NAMES if not self._runs(name)]
        deeds: list[Callable[[], None]] = [lambda name=name: self._start(name) for name in resting * 3]
        for name in running:
            deeds += [lambda name=name: self._kill(name), lambda name=name: self._stop(name)]
            deeds += [lambda name=name: self._freeze(name, self._chance.uniform(3.0, 15.0))]
        if not self._broker_stands:
            deeds.append(lambda: self._pause(self._chance.uniform(5.0, 20.0)))
        self._chance.choice(deeds)()

    def _runs(self, name: str) -> bool:
        return name in self._fleet.names and self._fleet.process(name).poll() is None

    def _start(self, name: str) -> None:
        self._told(f"{name} starts")
        self._fleet.begin(name)

    def _kill(self, name: str) -> None:
        self._told(f"{name} is killed")
        self._fleet.process(name).kill()
        self._fleet.process(name).wait()

    def _stop(self, name: str) -> None:
        self._told(f"{name} is asked to end")
        asked_to_end(self._fleet.process(name))

    def _freeze(self, name: str, seconds: float) -> None:
        self._told(f"{name} is frozen for {seconds:.1f} s")
        process = self._fleet.process(name)
        os.kill(process.pid, signal.SIGSTOP)
        self._frozen.add(name)

        def thaw() -> None:
            self._told(f"{name} goes on")
            self.thaws.append(Thaw(name, time.time()))
            self._frozen.discard(name)
            os.kill(process.pid, signal.SIGCONT)

        self._at(seconds, thaw)

    def _pause(self, seconds: float) -> None:
        self._told(f"the broker is frozen for {seconds:.1f} s")
        self._broker.pause()
        self._broker_stands = True

        def resume() -> None:
            self._told("the broker goes on")
            self._broker_stands = False
            self._broker.resume()

        self._at(seconds, resume)

    def _at(self, seconds: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, len(self.thaws) + id(deed), deed))

    def _told(self, what: str) -> None:
        print(f"{time.time():.2f} {what}", flush=True)  # noqa: T201 - pytest shows it where the test fails


def test_nothing_is_lost_doubled_early_or_overlaps_whatever_happens(
    tmp_path: Path, fault_broker: OwnBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSTAP_KAFKA_BOOTSTRAP", raising=False)  # that of another broker, where there is one
    seed = int(os.environ.get("NEWSTAP_SEED", random.randrange(2**32)))
    print(f"seed {seed}", flush=True)  # noqa: T201 - pytest shows it where the test fails
    fleet = Fleet(tmp_path, fault_broker.bootstrap, "chaos", HOSTS, FEEDS, INTERVAL)
    with fleet.open():
        luck = Luck(fleet, fault_broker, random.Random(seed))
        luck.strike(SECONDS)
        moment = time.time()
        fleet.until_polled(moment, PATIENCE)
        fleet.until_delivered(PATIENCE)
        books, pages = fleet.books(luck.thaws)
    print(f"{pages} pages, {len(luck.thaws)} thaws", books)  # noqa: T201 - as above
    assert pages
    assert not any(books), books
