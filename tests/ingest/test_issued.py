"""Repeats are skipped, changes are revisions, and no key is issued twice."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest import retracted
from ingest.issued import SCHEMA, settled
from processors.records import Article, Mode, Origin, Outcome, Reason, Record, Revision, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    memory = sqlite3.connect(":memory:")
    memory.executescript(SCHEMA + retracted.SCHEMA)
    yield memory
    memory.close()


def record(key: str, text: str, document: str | None = None, n: int = 1) -> Record:
    origin = Origin(mode=Mode.REPLAY, document_id=document)
    return Record(id=key, article=Article(title="A", text=text), origin=origin, fingerprint={}, revision=Revision(n=n))


def number(outcome: Outcome) -> int | Reason:
    return (
        outcome.revision.n if isinstance(outcome, Record) else Reason.DUPLICATE if isinstance(outcome, Skipped) else -1
    )


@pytest.mark.parametrize(
    ("outcomes", "numbers"),
    [
        ([record("a", "x"), record("a", "x")], [1, Reason.DUPLICATE]),
        ([record("a", "x"), record("a", "y"), record("a", "x")], [1, 2, Reason.DUPLICATE]),
        ([record("a", "x"), record("b", "x")], [1, 1]),
        ([record("a", "x", "1"), record("a", "x", "2")], [1, 2]),
        ([record("a", "x", "1"), record("b", "x", "1")], [1, Reason.DUPLICATE]),
        ([record("a", "x", n=3), record("a", "y", n=2), record("a", "z", n=9)], [3, 4, 9]),
    ],
)
def test_numbers(connection: sqlite3.Connection, outcomes: list[Record], numbers: list[int | Reason]) -> None:
    assert [number(settled(connection, outcome)) for outcome in outcomes] == numbers


def test_a_duplicate_names_the_record_it_would_have_been(connection: sqlite3.Connection) -> None:
    settled(connection, record("a", "x"))
    again = settled(connection, record("a", "x"))
    assert isinstance(again, Skipped)
    assert again.detail == "a"


def test_other_outcomes_pass(connection: sqlite3.Connection) -> None:
    skipped = Skipped(origin=Origin(mode=Mode.REPLAY), url=None, reason=Reason.EMPTY)
    assert settled(connection, skipped) is skipped


def test_what_a_feed_led_to_goes_by_its_record_id_also_when_it_is_replayed(connection: sqlite3.Connection) -> None:
    """Two feeds may each have an entry of the same id and wording; one article may be in two feeds under two ids."""

    def replayed(key: str, entry: str) -> Record:
        origin = Origin(mode=Mode.REPLAY, document_id=entry, feed="https://courier.example/feed")
        return replace(record(key, "x"), origin=origin)

    assert [number(settled(connection, replayed("a", "1"))), number(settled(connection, replayed("b", "1")))] == [1, 1]
    assert number(settled(connection, replayed("a", "2"))) is Reason.DUPLICATE
