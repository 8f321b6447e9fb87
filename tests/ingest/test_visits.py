"""Articles to be visited: what is due, and that first visits go before."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest import issued, linkstore, pending, retracted, visits, withdrawn
from ingest.visits import Known, Visit
from tests.builders import make_page, make_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processors.records import Page

NOW = 1_000.0
KNOWN = Known("http://courier.example/a/1", '"\xe9tag"', "Thu, 26 Nov 2026 00:00:00 GMT", b"digest")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    memory = sqlite3.connect(":memory:")
    memory.executescript(
        pending.SCHEMA + issued.SCHEMA + linkstore.SCHEMA + withdrawn.SCHEMA + retracted.SCHEMA + visits.SCHEMA
    )
    yield memory
    memory.close()


def begin(connection: sqlite3.Connection, record: str, *, host: str = "a:80", due: float = NOW) -> None:
    visits.begin(connection, record, make_page(), KNOWN, host=host, size=100, now=NOW - 10, due=due)


def due(connection: sqlite3.Connection, **more: list[str] | list[int]) -> list[str]:
    given = {"busy": (), "held": ()} | more
    return [visit.record for visit in visits.ready(connection, NOW, limit=10, **given)]


def only(connection: sqlite3.Connection) -> Visit:
    (visit,) = visits.ready(connection, 1e12, limit=10, busy=(), held=())
    return visit


def carried() -> Page:
    page = make_page()
    return replace(page, body=b"", hint=replace(page.hint, content=None))


def test_what_is_due_comes_longest_first(connection: sqlite3.Connection) -> None:
    begin(connection, "b", host="b:80")
    begin(connection, "c", host="c:80", due=NOW + 1)
    begin(connection, "a", due=NOW - 1)

    assert due(connection) == ["a", "b"]
    assert due(connection, busy=["a:80"]) == ["b"]
    assert due(connection, held=[1]) == ["a"]
    assert visits.next_due(connection) == NOW - 1
    assert visits.count(connection) == 3


def test_a_row_is_kept_but_for_what_the_page_itself_tells(connection: sqlite3.Connection) -> None:
    begin(connection, "a")

    visit = only(connection)

    assert (visit.known, visit.size, visit.first, visit.gone) == (KNOWN, 100, NOW - 10, None)
    assert visit.carried == carried()


def test_first_visits_go_before(connection: sqlite3.Connection) -> None:
    """While an entry is due at a host, nothing there is looked at again; elsewhere it is."""
    begin(connection, "a")
    begin(connection, "b", host="b:80")
    pending.put(connection, 1, "a:80", make_page(), due=NOW)
    pending.put(connection, 1, None, make_page(), due=NOW)
    pending.put(connection, 1, "b:80", make_page(), due=NOW + 1)
    assert due(connection) == ["b"]

    pending.done(connection, [1])
    assert due(connection) == ["a", "b"]


def test_what_was_withdrawn_for_another_reason_is_left_alone(connection: sqlite3.Connection) -> None:
    """What is gone may come back by itself; what somebody retracted may not."""
    for name in ("gone", "retracted"):
        issued.settled(connection, make_record(id=name))
        withdrawn.withdraw(connection, name, name, NOW)
        begin(connection, name, host=f"{name}:80")

    assert due(connection) == ["gone"]


def test_published_anew_an_article_begins_anew(connection: sqlite3.Connection) -> None:
    begin(connection, "a")
    visits.plan(connection, 1, NOW + 5, NOW)
    assert only(connection).gone == NOW

    begin(connection, "a", due=NOW + 7)

    assert (only(connection).id, only(connection).due, only(connection).gone) == (1, NOW + 7, None)


def test_an_article_leaves_after_its_last_visit(connection: sqlite3.Connection) -> None:
    begin(connection, "a")
    visits.plan(connection, 1, None, None)

    assert visits.count(connection) == 0
    assert visits.next_due(connection) is None


def test_what_a_page_was_last_is_kept_and_the_length_of_what_was_published(connection: sqlite3.Connection) -> None:
    begin(connection, "a")
    later = Known("http://courier.example/a/1", None, None, None)

    visits.saw(connection, 1, later)
    assert (only(connection).known, only(connection).size) == (later, 100)
    visits.saw(connection, 1, KNOWN, 7)
    assert (only(connection).known, only(connection).size) == (KNOWN, 7)


def test_of_too_many_those_with_the_farthest_visit_leave(connection: sqlite3.Connection) -> None:
    for n in range(5):
        begin(connection, f"r{n}", host=f"h{n}:80", due=NOW - n)
        visits.bound(connection, 3)

    assert due(connection) == ["r4", "r3", "r2"]


def test_articles_that_are_too_old_for_any_visit_are_forgotten(connection: sqlite3.Connection) -> None:
    """As after a change of the configuration, or a long stop: nobody wants a burst of late visits."""
    begin(connection, "a")

    assert visits.forget(connection, NOW - 10) == 0
    assert visits.forget(connection, NOW - 9) == 1
    assert visits.count(connection) == 0
