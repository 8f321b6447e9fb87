"""Entries that wait for their outcome: durable, in order, each deleted once; links that were taken up."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ingest import pending, state
from processors.records import Form
from tests.builders import make_hint, make_page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from processors.records import Page
    from sinks.store import Store

HOST = "harbour.example:443"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(state.owned(tmp_path)) as opened:
        yield opened


def put(connection: sqlite3.Connection, *dues: float, host: str | None = HOST, carried: Page | None = None) -> None:
    for due in dues:
        pending.put(connection, 7, host, carried or make_page(), due=due)


def ids(connection: sqlite3.Connection, now: float = 100, **limits: object) -> list[int]:
    return [one.id for one in pending.ready(connection, now, **{"limit": 99, **limits})]  # type: ignore[arg-type]  # whatever the test gives


def test_an_entry_comes_back_as_it_was_put(store: Store) -> None:
    carried = make_page(body=b"\x00\xff<p>caf\xc3\xa9", form=Form.HTML, hint=make_hint(title="\U0001f6a2 Ferry\u2028"))
    with store.transaction() as connection:
        put(connection, 5, carried=carried)

    with store.reading() as connection:
        (one,) = pending.ready(connection, 5, limit=1)
    assert (one.feed, one.host, one.attempts, one.carried) == (7, HOST, 0, carried)


def test_it_is_there_after_the_state_was_closed(tmp_path: Path) -> None:
    with closing(state.owned(tmp_path)) as store, store.transaction() as connection:
        put(connection, 1, host=None)

    with closing(state.owned(tmp_path)) as store, store.reading() as connection:
        (one,) = pending.ready(connection, 1, limit=1)
        assert one.host is None


def test_what_a_transaction_that_failed_put_is_gone(store: Store) -> None:
    """The validators of its feed were not kept either, so that it will be shown again."""

    def fails() -> None:
        with store.transaction() as connection:
            put(connection, 1)
            pending.take_up(connection, "https://harbour.example/1", 7, 1)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fails()

    with store.transaction() as connection:
        assert pending.waiting(connection) == (0, 0)
        assert pending.take_up(connection, "https://harbour.example/1", 8, 2) is None


def test_the_oldest_that_are_due_come_first(store: Store) -> None:
    with store.transaction() as connection:
        put(connection, 30, 10, 20, 10, 101)

        assert ids(connection) == [2, 4, 3, 1]
        assert ids(connection, now=10) == [2, 4]
        assert ids(connection, now=9.9) == []
        assert ids(connection, limit=3) == [2, 4, 3]


def test_what_is_held_or_at_a_busy_host_is_left_out(store: Store) -> None:
    """Beyond the limit there may be others, which must not wait for it."""
    with store.transaction() as connection:
        put(connection, 1, 2)
        put(connection, 3, host="ferry.example:443")
        put(connection, 4, host=None)

        assert ids(connection, held=[1], limit=1) == [2]
        assert ids(connection, busy=[HOST], limit=1) == [3]
        assert ids(connection, busy=[HOST, "ferry.example:443"]) == [4]
        assert ids(connection, held=[4], busy=[HOST, "ferry.example:443"]) == []
        assert ids(connection, held=range(1, 2000)) == []


def test_what_is_postponed_waits_and_counts(store: Store) -> None:
    with store.transaction() as connection:
        put(connection, 1, 2)
        pending.postpone(connection, 1, due=50, attempts=3)

        assert ids(connection, now=49) == [2]
        assert [(one.id, one.attempts) for one in pending.ready(connection, 50, limit=9)] == [(2, 0), (1, 3)]


def test_what_is_done_is_gone_and_its_number_is_never_given_again(store: Store) -> None:
    with store.transaction() as connection:
        put(connection, 1, 2, 3)
        pending.done(connection, [3, 1, 99])
        put(connection, 4)

        assert ids(connection) == [2, 4]
        pending.done(connection, [])
        assert ids(connection) == [2, 4]


def test_how_much_waits_is_counted(store: Store) -> None:
    with store.transaction() as connection:
        assert pending.waiting(connection) == pending.Waiting(rows=0, size=0)
        put(connection, 1, carried=make_page(body=b"12345"))
        put(connection, 999, carried=make_page(body=b"1234567"))

        assert pending.waiting(connection) == pending.Waiting(rows=2, size=12)


def test_the_next_due_time_leaves_out_what_is_held(store: Store) -> None:
    with store.transaction() as connection:
        assert pending.next_due(connection) is None
        put(connection, 20, 10)

        assert pending.next_due(connection) == 10
        assert pending.next_due(connection, held=[2]) == 20
        assert pending.next_due(connection, held=[1, 2]) is None


def test_a_link_belongs_to_the_feed_that_was_there_first(store: Store) -> None:
    with store.transaction() as connection:
        assert pending.take_up(connection, "https://harbour.example/1", 7, 1) is None
        assert pending.take_up(connection, "https://harbour.example/1", 8, 2) == 7
        assert pending.take_up(connection, "https://harbour.example/1", 9, 3) == 7
        assert pending.take_up(connection, "https://harbour.example/2", 8, 3) is None
        assert pending.take_up(connection, "https://harbour.example/\ud800", 8, 3) is None


def test_a_link_is_forgotten_when_no_feed_shows_it_any_more(store: Store) -> None:
    with store.transaction() as connection:
        for link, last in (("a", 1), ("b", 2), ("a", 5)):
            pending.take_up(connection, link, 7, last)

        assert pending.forget_links(connection, before=3) == 1
        assert pending.take_up(connection, "a", 8, 6) == 7
        assert pending.take_up(connection, "b", 8, 6) is None
        assert pending.forget_links(connection, before=3) == 0
