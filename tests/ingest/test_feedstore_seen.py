"""What is remembered of the documents of a feed, how long, and how fast it is looked up."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.feedstore import (
    SCHEMA,
    Claimed,
    Feed,
    add,
    claim,
    commit,
    compare,
)
from ingest.feedstore.seen import MAX_EDITS, remember
from ingest.schedule import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = Settings()
DAY = 86_400.0
A, B = (Feed(url=f"https://{name}.example/feed") for name in "ab")


@pytest.fixture
def state() -> Iterator[sqlite3.Connection]:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.executescript(SCHEMA)
    yield memory
    memory.close()


def one_claimed(state: sqlite3.Connection, now: float = 0.0) -> Claimed:
    (mine,) = claim(state, now, lease=600, limit=9)
    return mine


def seen(state: sqlite3.Connection, shown: dict[str, bytes], now: float) -> Claimed:
    """Poll the only feed, which shows this and is due again at once."""
    mine = one_claimed(state, now)
    commit(state, mine, replace(mine.state, next_due=now, last_body=now), now=now, shown=shown)
    return mine


def remembered(state: sqlite3.Connection) -> int:
    return int(state.execute("SELECT count(*) FROM feed_seen").fetchone()[0])


def test_new_changed_and_known_entries_are_told_apart(state):
    add(state, [A], settings=SETTINGS, now=0)
    seen(state, {"a": b"1", "b": b"1"}, 0)
    mine = one_claimed(state, 1)

    found = compare(state, mine, {"c": b"1", "b": b"2", "a": b"1", "d": b"1"}, skip_backlog=True)

    assert found == (("c", "d"), ("b",), 2, 0)


def test_feeds_do_not_share_what_they_showed(state):
    add(state, [A, B], settings=SETTINGS, now=0)
    one, two = claim(state, 10, lease=600, limit=9)
    commit(state, one, one.state, now=10, shown={"a": b"1"})

    assert compare(state, two, {"a": b"1"}, skip_backlog=False).new == ("a",)


def test_the_backlog_of_a_new_feed_can_be_skipped_and_what_comes_then_is_new(state):
    add(state, [A], settings=SETTINGS, now=0)
    mine = one_claimed(state)
    shown = {"a": b"1", "b": b"1"}

    assert compare(state, mine, shown, skip_backlog=False) == (("a", "b"), (), 0, 0)
    assert compare(state, mine, shown, skip_backlog=True) == ((), (), 0, 2)

    commit(state, mine, replace(mine.state, next_due=0, last_body=0), now=0, shown=shown)
    assert compare(state, one_claimed(state, 1), {"c": b"1", **shown}, skip_backlog=True) == (("c",), (), 2, 0)


def test_the_first_entries_of_a_feed_that_was_empty_at_first_contact_are_new(state):
    add(state, [A], settings=SETTINGS, now=0)
    seen(state, {}, 0)

    assert compare(state, one_claimed(state, 1), {"a": b"1"}, skip_backlog=True).new == ("a",)


def test_a_clock_in_the_text_stops_being_news(state):
    add(state, [A], settings=SETTINGS, now=0)
    edits = 0
    for tick in range(MAX_EDITS + 10):
        shown = {"a": str(tick).encode()}
        mine = one_claimed(state, tick)
        edits += len(compare(state, mine, shown, skip_backlog=False).changed)
        commit(state, mine, replace(mine.state, next_due=tick), now=tick, shown=shown)

    assert edits == MAX_EDITS


def test_only_another_content_counts_as_an_edit(state):
    add(state, [A], settings=SETTINGS, now=0)
    for tick in range(MAX_EDITS + 10):
        seen(state, {"a": b"1"}, tick)

    assert compare(state, one_claimed(state, 99), {"a": b"2"}, skip_backlog=False).changed == ("a",)


def test_growth_is_bounded_while_the_clock_runs_backwards(state):
    add(state, [A], settings=SETTINGS, now=0)
    mine = one_claimed(state)
    for hour in range(10):
        remember(state, mine.id, {f"{hour}-{number}": b"1" for number in range(200)}, -3600.0 * hour)

    assert remembered(state) == 200 + 1000


def test_keys_may_be_long_strange_and_many(state):
    add(state, [A], settings=SETTINGS, now=0)
    shown = {"x" * 100_000: b"1", "\ud800": b"1", "": b"1", **{str(number): b"1" for number in range(3000)}}
    seen(state, shown, 0)

    assert compare(state, one_claimed(state, 1), shown, skip_backlog=False).known == 3003


def test_an_entry_that_stays_in_the_document_is_never_forgotten(state):
    """A pinned entry, through years of other news."""
    add(state, [A], settings=SETTINGS, now=0)
    for day in range(1000):
        seen(state, {"pinned": b"1", **{f"{day}-{number}": b"1" for number in range(5)}}, day * DAY)
        assert remembered(state) <= 6 + 1000

    mine = one_claimed(state, 1000 * DAY)
    assert compare(state, mine, {"pinned": b"1"}, skip_backlog=False).known == 1


def test_a_document_that_was_unchanged_for_a_year_is_still_known(state):
    add(state, [A], settings=SETTINGS, now=0)
    seen(state, {"a": b"1", "b": b"1"}, 0)
    seen(state, {}, 200 * DAY)
    seen(state, {"b": b"1", "c": b"1"}, 400 * DAY)

    mine = one_claimed(state, 401 * DAY)
    assert compare(state, mine, {"b": b"1", "c": b"1"}, skip_backlog=False).known == 2


def test_entries_that_left_are_remembered_for_a_while(state):
    add(state, [A], settings=SETTINGS, now=0)
    seen(state, {"a": b"1", "b": b"1"}, 0)
    seen(state, {"b": b"1"}, 1)
    seen(state, {"b": b"1"}, 89 * DAY)
    assert remembered(state) == 2

    seen(state, {"b": b"1"}, 91 * DAY)
    assert remembered(state) == 1


def test_of_entries_that_left_at_once_the_youngest_are_kept(state):
    add(state, [A], settings=SETTINGS, now=0)
    for batch in range(4):
        seen(state, {f"{batch}-{number}": b"1" for number in range(500)}, batch)

    assert remembered(state) == 2000
    for batch in range(4, 8):
        seen(state, {f"{batch}-{number}": b"1" for number in range(500)}, batch)
    assert remembered(state) == 500 + 2500
    mine = one_claimed(state, 9)
    assert compare(state, mine, {"2-0": b"1", "1-0": b"1"}, skip_backlog=False).new == ("1-0",)


DOCUMENTS = st.lists(
    st.tuples(st.sets(st.integers(0, 1500), max_size=400), st.floats(-100 * DAY, 200 * DAY)), min_size=1, max_size=8
)


@settings(deadline=None, max_examples=40)
@given(DOCUMENTS)
def test_the_last_document_is_known_whatever_came_before_and_whatever_the_clock_did(documents):
    state = sqlite3.connect(":memory:", isolation_level=None)
    state.executescript(SCHEMA)
    add(state, [A], settings=SETTINGS, now=0)
    mine = one_claimed(state)
    now, last = 0.0, {}
    for keys, step in documents:
        now += step
        last = {str(key): b"1" for key in keys}
        remember(state, mine.id, last, now)

    assert compare(state, mine, last, skip_backlog=False) == ((), (), len(last), 0)
    state.close()


def test_a_hundred_entries_are_looked_up_in_5_ms(state):
    add(state, [Feed(url=f"https://{number}.example/") for number in range(200)], settings=SETTINGS, now=0)
    held = claim(state, 1e6, lease=600, limit=200)
    for mine in held:
        remember(state, mine.id, {f"https://news.example/{number}": b"1" for number in range(1000)}, 0)
    shown = {f"https://news.example/{number}": b"1" for number in range(950, 1050)}
    took = []
    for mine in held[:20]:
        started = time.process_time()
        assert compare(state, mine, shown, skip_backlog=False).known == 50
        took.append(time.process_time() - started)

    assert min(took) < 0.005
