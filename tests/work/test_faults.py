"""Workers that are killed, stand still, come and go, and lose their broker: each page is settled once, in order."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.broker import VARIABLE
from tests.faults import Place, published
from tests.kafka_fixtures import committed
from tests.work.feeding import Feeder
from tests.work.forgetful import leave_to_nobody
from tests.work.running import LONG, arriving, configured, ended, owners, running, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker, OwnBroker
    from tests.faults import Seen

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(1800 if LONG else 400)]


class Crew:
    """Workers of one group, each with a folder and a name of its own; a context manager.

    Args:
        folder: of the test.
        bootstrap: of the broker.
        prefix: of the topics.
    """

    def __init__(self, folder: Path, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self._folder = folder
        self._config = configured(folder, bootstrap, prefix)
        self._stacks: dict[str, ExitStack] = {}
        self._running: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.kill(name)

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start one."""
        cwd = self._folder / name
        cwd.mkdir(exist_ok=True)
        command = ("work", "--config", self._config, "--workers", 1, "--instance", name)
        here = {**os.environ, VARIABLE: self.bootstrap}
        self._stacks[name] = ExitStack()
        self._running[name] = self._stacks[name].enter_context(running(*command, cwd=cwd, env=here))
        return self._running[name]

    def kill(self, name: str) -> None:
        """Kill one, with SIGKILL; it may not have ended by itself."""
        met = self._running.pop(name).poll() is None
        self._stacks.pop(name).close()
        assert met, f"worker {name} ended by itself"

    def leave(self, name: str) -> None:
        """End one in good order. Where the group gave its partitions to another just then, it says so by code 1."""
        assert ended(self._running.pop(name)) in {0, 1}
        self._stacks.pop(name).close()

    def end(self) -> None:
        """End all in good order."""
        for process in self._running.values():
            assert ended(process) == 0
        for name in list(self._running):
            self._running.pop(name)
            self._stacks.pop(name).close()

    def until_shared(self, *counts: int) -> None:
        """Wait until each has so many partitions."""
        until(lambda: owners(self.bootstrap, self.prefix) == sorted(counts), 120)

    def settled(self, accepted: list[Seen]) -> Place:
        """Return what was to become of pages, and what has."""
        return Place(accepted, published(committed(self.bootstrap, f"{self.prefix}.articles.v1")))


@pytest.fixture
def moments() -> random.Random:
    """Random moments, which can be had again."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    return random.Random(seed)


def caught_up(crew: Crew, accepted: list[Seen]) -> float:
    """Return after how many seconds all was settled."""
    began = time.monotonic()
    with arriving(crew.bootstrap, f"{crew.prefix}.articles.v1") as arrived:
        until(lambda: arrived() >= len(accepted), 180)
    return time.monotonic() - began


def test_a_worker_that_is_killed_again_and_again(
    tmp_path: Path, broker: Broker, topic_prefix: str, moments: random.Random, fault_row: Callable[..., None]
) -> None:
    """Beside one that lives; from within its start to some way into its work."""
    kills = 20 if LONG else 2
    with Feeder(broker.bootstrap, topic_prefix) as feeder, Crew(tmp_path, broker.bootstrap, topic_prefix) as crew:
        crew.start("one")
        for number in range(kills):
            crew.start("two")
            if number % 3 == 1:
                crew.until_shared(1, 2)
            time.sleep(moments.uniform(0.0, 3.0 if LONG else 1.0))
            crew.kill("two")
        crew.start("two")
        accepted = feeder.enough()
        behind = caught_up(crew, accepted)
        crew.until_shared(1, 2)
        crew.end()

    fault_row(f"worker killed (kill -9) {kills} times", crew.settled(accepted), seconds=behind)


def test_rebalance_storms(
    tmp_path: Path, broker: Broker, topic_prefix: str, moments: random.Random, fault_row: Callable[..., None]
) -> None:
    """Three workers; one after another is killed, or leaves, and joins again before the others have come to rest."""
    turns = 30 if LONG else 2
    names = ("one", "two", "three")
    with Feeder(broker.bootstrap, topic_prefix) as feeder, Crew(tmp_path, broker.bootstrap, topic_prefix) as crew:
        for name in names:
            crew.start(name)
        crew.until_shared(1, 1, 1)
        for turn in range(turns):
            name = names[turn % 3]
            (crew.leave if turn % 2 else crew.kill)(name)
            time.sleep(moments.uniform(0.0, 1.5 if LONG else 0.3))
            crew.start(name)
            time.sleep(moments.uniform(0.0, 4.0 if LONG else 1.0))
        accepted = feeder.enough()
        behind = caught_up(crew, accepted)
        crew.until_shared(1, 1, 1)
        crew.end()

    fault_row(
        f"rebalance storm: one of 3 workers killed, or leaving, {turns} times", crew.settled(accepted), seconds=behind
    )


def test_a_worker_that_stood_still_has_lost_its_share(
    tmp_path: Path, broker: Broker, topic_prefix: str, fault_row: Callable[..., None]
) -> None:
    """The other has taken over by the time it wakes, perhaps within a transaction; it commits nothing, and rejoins."""
    rounds = 6 if LONG else 1
    with Feeder(broker.bootstrap, topic_prefix) as feeder, Crew(tmp_path, broker.bootstrap, topic_prefix) as crew:
        one, _ = crew.start("one"), crew.start("two")
        for _ in range(rounds):
            crew.until_shared(1, 2)
            one.send_signal(signal.SIGSTOP)
            until(lambda: owners(broker.bootstrap, topic_prefix) == [3])
            one.send_signal(signal.SIGCONT)
        accepted = feeder.enough()
        behind = caught_up(crew, accepted)
        crew.until_shared(1, 2)
        crew.end()

    fault_row(f"worker stopped (SIGSTOP) {rounds} times", crew.settled(accepted), seconds=behind)


@pytest.mark.skipif(
    not LONG, reason="make torture: a busy broker shares out anew by itself, and leaves nothing to nobody"
)
def test_a_partition_that_was_left_to_nobody_is_shared_out_after_a_while(
    tmp_path: Path, broker: Broker, topic_prefix: str, fault_row: Callable[..., None]
) -> None:
    """A static member that comes back is given what it had, and nothing makes its group share out anew."""
    with Feeder(broker.bootstrap, topic_prefix) as feeder, Crew(tmp_path, broker.bootstrap, topic_prefix) as crew:
        accepted = feeder.enough()
        leave_to_nobody(broker.bootstrap, f"newstap-work-{topic_prefix}", f"{topic_prefix}.pages.v1", "one")
        crew.start("one")
        behind = caught_up(crew, accepted)
        crew.until_shared(3)
        crew.end()

    assert "nobody has the partitions 2" in (tmp_path / "one" / "log").read_text()
    fault_row("partition left to nobody by a rebalance", crew.settled(accepted), seconds=behind)


def test_a_broker_that_is_away_costs_nothing_but_delay(
    tmp_path: Path, fault_broker: OwnBroker, fault_row: Callable[..., None]
) -> None:
    """Killed while two workers are busy: they need no restart, lose nothing and repeat nothing."""
    times, away = (3, 20.0) if LONG else (1, 3.0)
    bootstrap = fault_broker.bootstrap
    with Feeder(bootstrap, "faulty") as feeder, Crew(tmp_path, bootstrap, "faulty") as crew:
        crew.start("one")
        crew.start("two")
        for _ in range(times):
            with arriving(bootstrap, "faulty.articles.v1") as arrived:  # not longer: the library leaves sockets open
                before = arrived()
                until(lambda before=before, arrived=arrived: arrived() > before)
            fault_broker.kill()
            time.sleep(away)
            fault_broker.start()
        accepted = feeder.enough()
        behind = caught_up(crew, accepted)
        crew.until_shared(1, 2)
        crew.end()
        place = crew.settled(accepted)

    fault_row(f"broker killed (kill -9) under two workers {times} times, {away:.0f} s", place, seconds=behind)
