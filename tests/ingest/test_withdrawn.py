"""What is no longer there has one tombstone, and is news when it comes back."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from ingest import issued, linkstore, retracted, withdrawn
from ingest.config import Stories
from ingest.items import item_of
from ingest.linking import Linking
from processors.records import Record, Revision
from sinks.base import Kind
from sinks.outbox import SCHEMA, Outbox
from sinks.store import Store
from tests.builders import make_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_790_000_000.0


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    memory = sqlite3.connect(":memory:")
    memory.executescript(issued.SCHEMA + linkstore.SCHEMA + withdrawn.SCHEMA + retracted.SCHEMA)
    yield memory
    memory.close()


@pytest.fixture
def linking() -> Linking:
    return Linking(Stories())


def test_a_tombstone_has_the_articles_key_and_nothing_else(connection: sqlite3.Connection) -> None:
    record = make_record(revision=Revision())
    issued.settled(connection, record)

    stone = withdrawn.withdraw(connection, record.id, "gone", NOW)

    assert stone is not None
    assert (stone.kind, stone.key, stone.revision, stone.body, stone.label) == (
        *(Kind.TOMBSTONE, record.id, 1, b"", "gone"),
    )
    assert stone.topics == ()
    assert stone.fetched is not None
    assert stone.fetched.timestamp() == NOW
    assert withdrawn.find(connection, record.id) == (NOW, "gone")


def test_there_is_one_tombstone_however_often_it_is_withdrawn(connection: sqlite3.Connection) -> None:
    record = make_record(revision=Revision())
    issued.settled(connection, record)

    stones = [withdrawn.withdraw(connection, record.id, "gone", NOW + n) for n in range(3)]

    assert [stone is not None for stone in stones] == [True, False, False]
    assert withdrawn.find(connection, record.id) == (NOW, "gone")


def test_what_was_never_published_has_none(connection: sqlite3.Connection) -> None:
    assert withdrawn.withdraw(connection, "nobody", "gone", NOW) is None
    assert withdrawn.every(connection) == frozenset()


def test_what_comes_back_as_it_was_is_published_again_and_can_go_again(
    connection: sqlite3.Connection, linking: Linking
) -> None:
    record = make_record(revision=Revision())
    linking.settle(connection, record)
    withdrawn.withdraw(connection, record.id, "gone", NOW)
    assert withdrawn.every(connection) == {record.id}

    back, _ = linking.settle(connection, record)

    assert isinstance(back, Record)
    assert back.revision.n == 2
    assert withdrawn.find(connection, record.id) is None
    assert withdrawn.every(connection) == frozenset()
    again = withdrawn.withdraw(connection, record.id, "gone", NOW + 9)
    assert again is not None
    assert again.revision == 2


def test_it_is_forgotten_with_the_articles_number(connection: sqlite3.Connection) -> None:
    record = make_record(revision=Revision())
    issued.settled(connection, record)
    withdrawn.withdraw(connection, record.id, "gone", NOW)
    withdrawn.forget(connection)
    assert withdrawn.find(connection, record.id) is not None

    issued.forget(connection, 1e12)
    withdrawn.forget(connection)

    assert connection.execute("SELECT count(*) FROM withdrawn").fetchone() == (0,)


def test_a_tombstone_goes_through_the_outbox(tmp_path: Path) -> None:
    store = Store(
        tmp_path / "state.sqlite", (SCHEMA + issued.SCHEMA + linkstore.SCHEMA + withdrawn.SCHEMA + retracted.SCHEMA,)
    )
    box = Outbox(store, job="run")
    record = make_record(revision=Revision())
    with store.transaction() as connection:
        issued.settled(connection, record)
        box.add(connection, [item_of(record)])
        stone = withdrawn.withdraw(connection, record.id, "gone", NOW)
        assert stone is not None
        box.add(connection, [stone])

    items, reached = box.after(0, sink="any")
    store.close()

    assert reached == 2
    assert [(item.kind, item.key, item.revision, item.body == b"") for item in items] == [
        (Kind.RECORD, record.id, 1, False),
        (Kind.TOMBSTONE, record.id, 1, True),
    ]
