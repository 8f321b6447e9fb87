"""Delivery against sinks that are away, refuse or break: nothing lost, nothing twice, nothing unbounded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

import pytest

from ingest.delivery import BATCH_ROWS, MAX_ROWS, READ_ROWS, Delivery
from ingest.items import item_of
from ingest.wiring import MIGRATIONS
from processors.records import Article, Mode, Origin, Record
from sinks.base import Item, ItemRefusedError, Kind, SinkBrokenError, SinkUnavailableError, SinkWaitingError
from sinks.codec import decode_failed, decode_record
from sinks.outbox import Outbox
from sinks.store import Store, StoreFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

ORIGIN = Origin(mode=Mode.REPLAY)


class Shelf:
    """A sink in memory that keeps the contract: what is written counts once it is flushed, with its number."""

    kinds = frozenset(Kind)

    def __init__(
        self, box: Outbox, name: str = "shelf", trouble: Sequence[Callable[[Item], Exception | None]] = ()
    ) -> None:
        self.name = name
        self.held: list[Item] = []
        self.finished = self.closed = False
        self.opened = 0
        self._ledger = box.ledger(name)
        self._trouble = list(trouble)
        self._pending: list[Item] = []

    def open(self) -> int:
        self.opened += 1
        self._pending = []
        return self._ledger.load()[0]

    def write(self, items: Sequence[Item]) -> None:
        for item in items:
            for trouble in self._trouble:
                if (error := trouble(item)) is not None:
                    raise error
            self._pending.append(item)

    def flush(self, seq: int) -> None:
        self._ledger.save(seq, {})
        self.held += self._pending
        self._pending = []

    def idle(self) -> None:
        pass

    def finish(self) -> None:
        self.finished = True

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(Store(tmp_path / "job.sqlite", MIGRATIONS), job="test")
    yield outbox
    outbox.store.close()


def filled(box: Outbox, *titles: str) -> None:
    records = [
        Record(id=title, article=Article(title=title, text=""), origin=ORIGIN, fingerprint={}) for title in titles
    ]
    with box.store.transaction() as connection:
        box.add(connection, [item_of(record) for record in records])


def delivered(box: Outbox, *shelves: Shelf, patience: float = 5) -> Delivery:
    delivery = Delivery(box, shelves)
    delivery.start()
    deadline = time.monotonic() + patience
    while not delivery.drained() and delivery.broken is None and time.monotonic() < deadline:
        delivery.wait(0.05)
    delivery.stop(finish=delivery.drained())
    return delivery


def titles(shelf: Shelf) -> list[str]:
    return [decode_record(item.body).article.title for item in shelf.held if item.kind is Kind.RECORD]


def test_every_sink_gets_everything_once_and_the_outbox_is_empty_then(box: Outbox) -> None:
    filled(box, "a", "b", "c")
    shelves = Shelf(box, "one"), Shelf(box, "two")
    delivered(box, *shelves)
    assert [titles(shelf) for shelf in shelves] == [["a", "b", "c"]] * 2
    assert all(shelf.finished and shelf.closed for shelf in shelves)
    assert box.backlog() == (0, 0)


def test_a_sink_is_given_a_part_at_a_time_and_commits_many_of_them_at_once(box: Outbox) -> None:
    class Noting(Shelf):
        calls: ClassVar[list[tuple[str, int]]] = []

        def write(self, items: Sequence[Item]) -> None:
            self.calls.append(("write", len(items)))
            super().write(items)

        def flush(self, seq: int) -> None:
            self.calls.append(("flush", seq))
            super().flush(seq)

    number = BATCH_ROWS + READ_ROWS + 1
    filled(box, *map(str, range(number)))
    shelf = Noting(box)
    delivered(box, shelf, patience=60)
    parts = [("write", READ_ROWS)] * (BATCH_ROWS // READ_ROWS)
    assert shelf.calls == [*parts, ("flush", BATCH_ROWS), ("write", READ_ROWS), ("write", 1), ("flush", number)]
    assert titles(shelf) == list(map(str, range(number)))


def test_a_sink_whose_turn_it_is_not_is_asked_again_and_again_and_is_no_trouble(
    box: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    """However long it has waited, it begins at once when it may; whoever wants to end does not wait for it."""

    class Waiting(Shelf):
        turn = False

        def open(self) -> int:
            number = super().open()
            if not self.turn:
                raise SinkWaitingError(self.name, "others have it", retry_after=0.01)
            return number

    filled(box, "a")
    shelf = Waiting(box)
    delivery = Delivery(box, [shelf])
    delivery.start()
    deadline = time.monotonic() + 60
    while shelf.opened < 20 and time.monotonic() < deadline:
        delivery.wait(0.02)
    assert shelf.opened >= 20, "the delay does not grow"
    assert [state.trouble for state in delivery.states()] == [None]
    assert delivery.failing
    shelf.turn = True
    assert delivery.until(1, 60)
    assert not delivery.failing
    delivery.stop(finish=True)
    assert titles(shelf) == ["a"]
    assert not caplog.records


def test_nobody_waits_for_a_sink_that_has_ended(box: Outbox) -> None:
    filled(box, "a")
    delivery = Delivery(box, [Shelf(box, "one"), Shelf(box, "two", [lambda item: SinkBrokenError("no more")])])
    delivery.start()
    began = time.monotonic()
    assert not delivery.until(1, 60)
    assert time.monotonic() - began < 30
    delivery.stop(finish=False)


def refuse_b(item: Item) -> Exception | None:
    refused = item.kind is Kind.RECORD and item.key == "b"
    return ItemRefusedError("two", [(item, "no")]) if refused else None


def test_a_sink_tells_what_it_took_and_refused_and_how_long_the_rest_has_waited(box: Outbox) -> None:
    """One takes all; one refuses an item, whose dead letter comes instead; one is away."""
    began = time.time()
    filled(box, "a", "b")
    shelves = (
        Shelf(box, "one"),
        Shelf(box, "two", [refuse_b]),
        Shelf(box, "three", [lambda item: SinkUnavailableError("three", "away", retry_after=60)]),
    )
    delivery = Delivery(box, shelves)
    delivery.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        one, two, three = delivery.states()
        if (one.delivered, two.delivered) == (3, 2) and three.oldest > 0.05:
            break
        time.sleep(0.02)
    delivery.stop(finish=False)

    assert (one.delivered, one.refused, one.lag, one.oldest) == (3, 0, 0, 0.0)
    assert (two.delivered, two.refused, two.lag, two.oldest) == (2, 1, 0, 0.0)
    assert (three.delivered, three.refused, three.lag) == (0, 0, 3)
    assert 0.05 < three.oldest < 60
    assert began <= min(one.committed or 0, two.committed or 0)
    assert three.committed is None


def test_what_a_sink_has_is_not_given_to_it_again(box: Outbox) -> None:
    filled(box, "a")
    delivered(box, Shelf(box))
    filled(box, "b")
    later = Shelf(box)
    delivered(box, later)
    assert titles(later) == ["b"]


def test_a_sink_that_is_away_for_a_while_is_tried_again_and_misses_nothing(box: Outbox) -> None:
    filled(box, "a", "b")
    away = iter([SinkUnavailableError("shelf", "away", retry_after=0.01)] * 3)
    shelf = Shelf(box, trouble=[lambda item: next(away, None)])
    delivery = delivered(box, shelf)
    assert titles(shelf) == ["a", "b"]
    assert shelf.opened == 4
    assert not delivery.failing


def test_a_slow_sink_does_not_hold_back_the_other_but_keeps_its_items(box: Outbox) -> None:
    filled(box, "a", "b")
    away = Shelf(box, "away", trouble=[lambda item: SinkUnavailableError("away", "no", retry_after=0.01)])
    well = Shelf(box, "well")
    delivery = delivered(box, away, well, patience=0.3)
    assert titles(well) == ["a", "b"]
    assert delivery.failing
    assert not away.finished
    assert box.backlog()[0] == 2


def test_a_refused_item_becomes_one_dead_letter_that_holds_it(box: Outbox) -> None:
    filled(box, "a", "b", "c")

    def refuse(item: Item) -> Exception | None:
        return ItemRefusedError("shelf", [(item, "too large")]) if (item.key, item.kind) == ("b", Kind.RECORD) else None

    shelf = Shelf(box, trouble=[refuse])
    other = Shelf(box, "other")
    delivered(box, shelf, other)
    assert titles(shelf) == ["a", "c"]
    assert titles(other) == ["a", "b", "c"]
    for each in (shelf, other):
        (letter,) = (item for item in each.held if item.kind is Kind.DEAD_LETTER)
        failed = decode_failed(letter.body)
        assert (failed.error, letter.key) == ("shelf: b/1: too large", "b")
        assert failed.page is not None
        assert decode_record(failed.page.body).id == "b"


def test_a_sink_that_refuses_dead_letters_too_is_broken_and_not_fed_letters_for_ever(box: Outbox) -> None:
    filled(box, "a")
    delivery = delivered(box, Shelf(box, trouble=[lambda item: ItemRefusedError("shelf", [(item, "no")])]))
    assert isinstance(delivery.broken, SinkBrokenError)
    assert "takes no dead letters" in str(delivery.broken)
    assert box.last() == 2


def test_a_broken_sink_ends_the_delivery_without_a_traceback(box: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    filled(box, "a")
    error = SinkBrokenError("shorter than committed")
    shelf = Shelf(box, trouble=[lambda item: error])
    assert delivered(box, shelf).broken is error
    assert shelf.closed
    assert not shelf.finished
    assert not [record for record in caplog.records if record.exc_info]


def test_a_full_disk_is_waited_for(box: Outbox) -> None:
    filled(box, "a")
    full = iter([StoreFullError("disk full")])
    shelf = Shelf(box, trouble=[lambda item: next(full, None)])
    delivered(box, shelf)
    assert titles(shelf) == ["a"]


def test_what_cannot_be_made_final_is_told(box: Outbox) -> None:
    class Unfinished(Shelf):
        def finish(self) -> None:
            raise SinkUnavailableError("shelf", "disk full")

    delivery = delivered(box, Unfinished(box))
    assert "not made final: shelf: disk full" in str(delivery.broken)


def test_there_is_room_until_the_backlog_is_at_its_bound(box: Outbox) -> None:
    delivery = Delivery(box, [Shelf(box)])
    assert delivery.has_room()
    filled(box, *map(str, range(MAX_ROWS)))
    delivery.notify()
    assert not delivery.has_room()
    delivery.start()
    while not delivery.drained():
        delivery.wait(1)
    delivery.stop(finish=True)
    assert delivery.has_room()


def test_a_stop_does_not_wait_for_the_next_try(box: Outbox) -> None:
    filled(box, "a")
    delivery = Delivery(box, [Shelf(box, trouble=[lambda item: SinkUnavailableError("shelf", "no", retry_after=30)])])
    delivery.start()
    while not delivery.failing:
        time.sleep(0.01)
    began = time.monotonic()
    delivery.stop(finish=False)
    assert time.monotonic() - began < 5


def test_an_outbox_that_cannot_be_pruned_stops_the_job_and_loses_nothing(box: Outbox) -> None:
    """A full disk is waited for; anything else is for a person to see, before the outbox is full."""
    filled(box, "a")
    with box.store.transaction() as connection:
        connection.execute("CREATE TRIGGER planted BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'planted'); END")
    shelf = Shelf(box)
    delivery = delivered(box, shelf)

    assert titles(shelf) == ["a"]
    assert "planted" in str(delivery.broken)
