"""The pipeline's own part: commits together with progress, the end in order, and waiting where it must."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.delivery import MAX_ROWS, Delivery
from ingest.items import item_of
from ingest.linking import settle
from ingest.pipeline import HandOn, Pipeline
from ingest.sources.base import Entry, Mark, Position, SourceError
from ingest.wiring import MIGRATIONS
from processors.records import Mode, Origin, Reason, Skipped
from sinks.outbox import Outbox
from sinks.store import Store, StoreFullError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from processors.records import Outcome

    Answer = tuple[Outcome | None, Mark]

SKIPPED = Skipped(origin=Origin(mode=Mode.REPLAY), url=None, reason=Reason.NOT_HTML)


class Shelf:
    """A source of outcomes that remembers in the store what was committed of it."""

    name = "shelf"

    def __init__(self, count: int, *, error: Exception | None = None, full: int = 0) -> None:
        self._count = count
        self._error = error
        self._full = full
        self.read = 0
        self.commits: list[int] = []

    def entries(self) -> Iterator[Entry]:
        for n in range(1, self._count + 1):
            self.read = n
            outcome = replace(SKIPPED, detail=str(n))
            yield Entry(content=outcome, mark=Mark("shelf", Position(n)))
        if self._error is not None:
            raise self._error

    def commit(self, connection: sqlite3.Connection, marks: Sequence[Mark]) -> None:
        if self._full:
            self._full -= 1
            raise StoreFullError("disk full")
        self.commits.append(marks[-1].position.ordinal)

    def done(self, marks: Sequence[Mark]) -> None:
        assert self.commits[-1] == marks[-1].position.ordinal, "told only after the commit"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(Store(tmp_path / "job.sqlite", MIGRATIONS), job="test")
    yield outbox
    outbox.store.close()


def pipeline(box: Outbox, source: Shelf, stop: threading.Event, **more: object) -> Pipeline:
    delivery = Delivery(box, [])
    return Pipeline(source=source, pool=HandOn(), settle=settle, outbox=box, delivery=delivery, stop=stop, **more)


def settled(box: Outbox) -> int:
    return sum(box.tally().values())


def test_all_is_committed_in_batches_with_its_progress(box: Outbox) -> None:
    source = Shelf(450)
    seen: list[Outcome] = []
    assert pipeline(box, source, threading.Event(), on_outcome=seen.append).run()
    assert source.commits == [200, 400, 450]
    assert settled(box) == len(seen) == 450


def test_an_outcome_is_shown_once_it_is_committed(box: Outbox) -> None:
    shown: list[int] = []
    pipeline(box, Shelf(3), threading.Event(), on_outcome=lambda outcome: shown.append(settled(box))).run()
    assert shown == [3, 3, 3]


def test_what_came_before_an_error_of_the_source_is_kept(box: Outbox) -> None:
    source = Shelf(7, error=SourceError("changed"))
    with pytest.raises(SourceError):
        pipeline(box, source, threading.Event()).run()
    assert source.commits == [7]
    assert settled(box) == 7


def test_a_stop_commits_what_is_settled_and_says_that_there_is_more(box: Outbox) -> None:
    stop = threading.Event()
    source = Shelf(1000)
    assert not pipeline(box, source, stop, on_outcome=lambda outcome: stop.set()).run()
    assert source.commits[-1] == settled(box) < 1000


def test_a_full_disk_is_waited_for_and_loses_nothing(box: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    source = Shelf(5, full=1)
    assert pipeline(box, source, threading.Event()).run()
    assert source.commits == [5]
    assert settled(box) == 5
    assert "cannot be saved: disk full" in caplog.text


def test_the_rate_is_held(box: Outbox) -> None:
    began = time.monotonic()
    pipeline(box, Shelf(11), threading.Event(), rate=20.0).run()
    assert 0.5 <= time.monotonic() - began < 30


def test_nothing_is_read_while_the_sinks_have_no_room(box: Outbox) -> None:
    """With a full outbox and no sink that takes anything, reading waits until it is told to stop."""
    with box.store.transaction() as connection:
        box.add(connection, [item_of(SKIPPED)] * MAX_ROWS)
    stop = threading.Event()
    source = Shelf(100)
    threading.Timer(0.3, stop.set).start()
    assert not pipeline(box, source, stop).run()
    assert source.read == 1
    assert source.commits == []
