"""What fetchers of a group promise, whatever happens to them: the table of docs/scaling.md."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from ingest.fleet.service import SESSION_SECONDS
from tests.fleet.books import Thaw
from tests.fleet.fetchers import Fleet
from tests.work.forgetful import NOBODYS, leave_to_nobody
from tests.work.running import LONG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(3000 if LONG else 500)]

HOSTS, FEEDS, INTERVAL = (300, 3000, 40.0) if LONG else (12, 36, 3.0)
SOON = 2 * SESSION_SECONDS if LONG else 60.0
"""Seconds until every feed is polled again, counted from when it was due. In its short form the test shares a machine
of two cores with others, and a rebalance waits for each member's turn."""
PATIENCE = 300.0 if LONG else 120.0


def test_feeds_go_on_elsewhere_and_nothing_is_lost_doubled_or_early(
    tmp_path: Path, broker: Broker, topic_prefix: str, fetcher_row: Callable[..., None]
) -> None:
    """Fetchers are added, killed, stopped and frozen; each feed goes on, when it is due and not before."""
    fleet = Fleet(tmp_path, broker.bootstrap, topic_prefix, HOSTS, FEEDS, INTERVAL)
    rows: list[tuple[str, int, list[int], float]] = []

    def after(fault: str, moment: float, *thaws: Thaw) -> None:
        seconds = fleet.until_polled(moment, PATIENCE)
        fleet.until_delivered(PATIENCE)
        books, pages = fleet.books(thaws)
        before = [sum(row[2][n] for row in rows) for n in range(len(books))]
        counts = [len(found) - known for found, known in zip(books, before, strict=True)]
        rows.append((fault, pages, counts, seconds))
        fetcher_row(*rows[-1])
        assert not any(books), books

    with fleet.open():
        began = time.time()
        for name in ("one", "two", "three"):
            fleet.begin(name)
        fleet.until_polled(began, PATIENCE)

        moment = time.time()
        fleet.begin("four")
        fleet.until_shared_out(4, PATIENCE)
        after("one is added", moment)

        moment = time.time()
        fleet.process("one").kill()
        after("one is killed", moment)

        moment = time.time()
        assert fleet.stop("two") == 0
        after("one ends in good order", moment)

        moment = time.time()
        os.kill(fleet.process("three").pid, signal.SIGSTOP)
        time.sleep(SESSION_SECONDS + 3)
        fleet.until_shared_out(1, PATIENCE)
        fleet.until_polled(moment, PATIENCE)
        woken = time.time()
        os.kill(fleet.process("three").pid, signal.SIGCONT)
        fleet.until_shared_out(2, PATIENCE)
        fleet.until_polled(woken, PATIENCE)
        after("one is frozen, and comes back", moment, Thaw("three", woken))
    assert max(seconds for _, _, _, seconds in rows) < SOON, rows


@pytest.mark.skipif(
    not LONG, reason="make torture: a busy broker shares out anew by itself, and leaves nothing to nobody"
)
def test_a_partition_that_was_left_to_nobody_is_shared_out_after_a_while(
    tmp_path: Path, broker: Broker, topic_prefix: str
) -> None:
    """A fetcher that comes back is given what it had; it notices, leaves, and has everything then."""
    fleet = Fleet(tmp_path, broker.bootstrap, topic_prefix, 6, 12, 3.0)
    with fleet.open():
        leave_to_nobody(broker.bootstrap, f"newstap-fetch-{topic_prefix}-town", f"{topic_prefix}.feeds.v1", "one")
        fleet.begin("one")
        fleet.until_shared_out(1, PATIENCE)
        fleet.until_polled(time.time(), PATIENCE)
        fleet.until_delivered(PATIENCE)
        books, _ = fleet.books()
    assert f"nobody has the partitions {NOBODYS};" in (tmp_path / "one" / "log").read_text()
    assert not any(books), books
