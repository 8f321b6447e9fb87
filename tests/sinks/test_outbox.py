"""The outbox: everything accepted, in order, until every sink has it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinks import outbox
from sinks.base import Kind, SinkUnavailableError
from sinks.outbox import Outbox
from sinks.store import Store
from tests.builders import SEOUL, make_item
from tests.sinks.disks import disk

__all__ = ["disk"]


@pytest.fixture
def opened(tmp_path):
    """`opened()` opens the outbox, or opens it anew as after a crash."""
    stores = []

    def open_(job="job", folder=tmp_path):
        for store in stores:
            store.close()
        stores.append(Store(folder / "state.sqlite", [outbox.SCHEMA]))
        return Outbox(stores[-1], job=job)

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def box(opened):
    return opened()


def add(box, *items):
    with box.store.transaction() as connection:
        box.add(connection, items)


def fill(box, n, **fields):
    add(box, *(make_item(key=f"k{i}", **fields) for i in range(1, n + 1)))


def seqs(found):
    items, reached = found
    return [item.seq for item in items], reached


def test_an_item_comes_out_as_it_went_in(box):
    whole = make_item(
        kind=Kind.DEAD_LETTER,
        key="k",
        body=b'{"a":"\xc3\xbc"}',
        short=b"{}",
        revision=3,
        topics=("russia", "odd,name", ""),
        published=datetime(2024, 5, 1, 8, 30, tzinfo=SEOUL),
        fetched=datetime(2024, 5, 1, 9, 0, 0, 5, tzinfo=UTC),
    )
    add(box, whole, make_item(seq=99))

    (first, second), reached = box.after(0, sink="files")

    assert (first, second) == (type(whole)(**fields(whole, seq=1)), make_item(seq=2))
    assert first.published.utcoffset() == SEOUL.utcoffset(None)
    assert reached == 2


def fields(item, **changed):
    return {name: getattr(item, name) for name in item.__dataclass_fields__} | changed


def test_the_label_is_counted_and_not_kept(box):
    add(box, make_item(label="no-text"))

    assert box.after(0, sink="files")[0][0].label == ""


def test_items_come_in_order_and_in_portions(box):
    fill(box, 5)

    assert seqs(box.after(0, sink="files", limit=2)) == ([1, 2], 2)
    assert seqs(box.after(2, sink="files", limit=2)) == ([3, 4], 4)
    assert seqs(box.after(4, sink="files", limit=2)) == ([5], 5)
    assert seqs(box.after(5, sink="files", limit=2)) == ([], 5)


def test_a_portion_has_so_many_bytes_but_never_none(box):
    add(box, *(make_item(body=b"x" * size) for size in (10, 10, 1, 50, 5)))

    assert seqs(box.after(0, sink="files", max_bytes=20)) == ([1, 2], 2)
    assert seqs(box.after(0, sink="files", max_bytes=21)) == ([1, 2, 3], 3)
    assert seqs(box.after(3, sink="files", max_bytes=20)) == ([4], 4)
    assert seqs(box.after(3, sink="files", max_bytes=55)) == ([4, 5], 5)


def test_numbers_have_no_gaps_though_transactions_fail(box):
    fill(box, 2)

    def source_fails():
        with box.store.transaction() as connection:
            box.add(connection, [make_item(), make_item()])
            connection.execute("nonsense")

    with pytest.raises(sqlite3.OperationalError):
        source_fails()
    fill(box, 1)

    assert seqs(box.after(0, sink="files")) == ([1, 2, 3], 3)
    assert box.tally() == {(Kind.RECORD, ""): 3}
    assert box.backlog()[0] == 3


def test_a_number_is_never_given_twice(box, opened):
    """Not even when everything was delivered and deleted: a sink would take the new item for the old one."""
    fill(box, 3)
    box.ledger("files").save(3, {})
    box.prune(["files"])
    again = opened()
    fill(again, 1)

    assert seqs(again.after(0, sink="files")) == ([4], 4)
    assert again.last() == again.ledger("files").last() == 4


def test_the_last_number_of_an_empty_one(box):
    assert box.last() == 0
    assert seqs(box.after(0, sink="files")) == ([], 0)
    assert box.backlog() == (0, 0)


def test_each_sink_keeps_its_own_place(box, opened):
    files, kafka = box.ledger("files"), box.ledger("kafka")
    assert files.load() == (0, {})
    files.save(3, {"length": 7})
    kafka.save(1, {})
    files.save(5, {"length": 9, "names": ["ü"]})

    again = opened()
    assert again.ledger("files").load() == (5, {"length": 9, "names": ["ü"]})
    assert again.ledger("kafka").load() == (1, {})


def test_only_what_every_sink_has_is_deleted(box):
    fill(box, 5)
    box.ledger("files").save(4, {})
    box.prune(["files", "kafka"])  # kafka has not even begun
    assert seqs(box.after(0, sink="kafka"))[0] == [1, 2, 3, 4, 5]

    box.ledger("kafka").save(2, {})
    box.ledger("gone").save(0, {})  # a sink of an earlier configuration holds nothing back
    box.prune(["files", "kafka"])
    assert seqs(box.after(0, sink="kafka"))[0] == [3, 4, 5]

    box.ledger("kafka").save(5, {})
    box.prune(["files", "kafka"])
    assert seqs(box.after(0, sink="files"))[0] == [5]


def test_without_sinks_nothing_is_deleted(box):
    fill(box, 2)
    box.prune([])

    assert box.backlog()[0] == 2


def test_the_backlog_is_what_waits(box, opened):
    assert box.backlog() == (0, 0)
    fill(box, 3, body=b"x" * 10)
    assert box.backlog() == (3, 30)
    fill(box, 1, body="ü".encode())
    assert box.backlog() == (4, 32)
    box.ledger("files").save(2, {})
    assert box.backlog() == (4, 32)
    box.prune(["files"])
    assert box.backlog() == (2, 12)
    assert opened().backlog() == (2, 12)


def test_the_tally_counts_all_there_ever_was(box, opened):
    add(box, make_item(), make_item(kind=Kind.SKIPPED, label="no-text"), make_item(kind=Kind.SKIPPED, label="empty"))
    add(box, make_item(kind=Kind.DEAD_LETTER, label="extract"), make_item(kind=Kind.SKIPPED, label="no-text"))
    box.ledger("files").save(5, {})
    box.prune(["files"])

    assert opened().tally() == {
        (Kind.RECORD, ""): 1,
        (Kind.SKIPPED, "no-text"): 2,
        (Kind.SKIPPED, "empty"): 1,
        (Kind.DEAD_LETTER, "extract"): 1,
    }


def test_what_a_sink_refused_is_passed_over_by_it_alone(box, opened):
    fill(box, 4)
    items, _ = box.after(0, sink="kafka")
    box.refuse("kafka", items[1:3], [make_item(kind=Kind.DEAD_LETTER, label="deliver", key="letter")])

    again = opened()
    assert seqs(again.after(0, sink="kafka")) == ([1, 4, 5], 5)
    assert seqs(again.after(1, sink="kafka", limit=2)) == ([], 3)
    assert seqs(again.after(0, sink="files")) == ([1, 2, 3, 4, 5], 5)
    assert again.tally()[Kind.DEAD_LETTER, "deliver"] == 1


def test_a_refusal_and_its_letters_are_one(box):
    """Killed in between, an item would be neither delivered nor a dead letter."""
    fill(box, 1)
    items, _ = box.after(0, sink="kafka")
    with pytest.raises(AttributeError):
        box.refuse("kafka", items, ["no item"])

    assert seqs(box.after(0, sink="kafka")) == ([1], 1)


def test_refusals_go_with_their_items(box):
    fill(box, 2)
    items, _ = box.after(0, sink="kafka")
    box.refuse("kafka", items, [])
    box.ledger("kafka").save(1, {})
    box.prune(["kafka"])

    with box.store.reading() as connection:
        assert connection.execute("SELECT seq FROM refused").fetchall() == [(2,)]


def test_the_owner_is_of_the_state_and_the_job(opened, tmp_path):
    (tmp_path / "other").mkdir()
    mine = opened("a").ledger("kafka").owner
    assert mine == opened("a").ledger("files").owner
    assert mine != opened("b").ledger("kafka").owner
    assert mine != opened("a", tmp_path / "other").ledger("kafka").owner
    assert mine.endswith("-a")
    assert mine.replace("-", "").isalnum()


def test_a_full_disk_makes_the_sink_wait_and_keeps_the_place(disk):
    store = Store(disk.path / "state.sqlite", [outbox.SCHEMA])
    box = Outbox(store, job="job")
    fill(box, 1)
    ledger = box.ledger("files")
    ledger.save(1, {"length": 1})

    def use_up():
        for n in range(2, 1000):  # there may be some room left in the WAL
            ledger.save(n, {"length": "x" * 9000})

    with disk.full():
        with pytest.raises(SinkUnavailableError, match=r"files: .*state\.sqlite") as caught:
            use_up()
        reached = ledger.load()[0]

    assert caught.value.retry_after > 0
    assert ledger.load() == (reached, {"length": 1 if reached == 1 else "x" * 9000})
    ledger.save(reached + 1, {})
    assert ledger.load() == (reached + 1, {})
    store.close()


@given(st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_sinks_each_get_everything_once_in_order(tmp_path_factory, data):
    """Whatever the order in which items come, sinks deliver, refuse and crash, and the outbox is pruned."""
    store = Store(tmp_path_factory.mktemp("box") / "state.sqlite", [outbox.SCHEMA])
    box = Outbox(store, job="job")
    got = {"files": [], "kafka": []}
    refused = {"files": [], "kafka": []}
    names = st.sampled_from(sorted(got))

    def deliver(name, limit, refuse):
        reached = box.ledger(name).load()[0]
        items, upto = box.after(reached, sink=name, limit=limit, max_bytes=40)
        if refuse and items:
            refused[name].append(items[0].seq)
            box.refuse(name, items[:1], [make_item(kind=Kind.DEAD_LETTER)])
            return
        got[name] += [item.seq for item in items]
        box.ledger(name).save(upto, {})

    for _ in range(data.draw(st.integers(1, 25))):
        what = data.draw(st.sampled_from(["add", "deliver", "prune"]))
        if what == "add":
            fill(box, data.draw(st.integers(1, 4)), body=b"x" * data.draw(st.integers(1, 50)))
        elif what == "prune":
            box.prune(["files", "kafka"])
        else:
            deliver(data.draw(names), data.draw(st.integers(1, 5)), data.draw(st.integers(0, 4)) == 0)
    for name in got:
        while box.ledger(name).load()[0] < box.last():
            deliver(name, 7, refuse=False)
    box.prune(["files", "kafka"])

    for name, delivered in got.items():
        assert all(one < other for one, other in pairwise(delivered))
        assert sorted(delivered + refused[name]) == list(range(1, box.last() + 1))
    assert box.backlog() == (0, 0)
    store.close()
