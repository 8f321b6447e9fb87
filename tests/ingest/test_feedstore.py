"""Feeds from the configuration and from commands: added, dropped, paused, merged, forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feedstore import (
    SCHEMA,
    Feed,
    Removal,
    add,
    address_of,
    claim,
    commit,
    compare,
    configure,
    listed,
    next_wake,
    one,
    pause,
    remove,
    sweep,
)
from ingest.feedstore.rows import STATE_COLUMNS, state_values
from ingest.schedule import ErrorClass, FeedState, Health, Redirect, Settings, Validators

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = Settings()
DAY = 86_400.0
A, B, C = (Feed(url=f"https://{name}.example/feed") for name in "abc")
TIMES = st.floats(-1e10, 1e10)
STATES = st.builds(
    FeedState,
    url=st.just(A.url),
    interval=TIMES,
    next_due=TIMES,
    validators=st.none() | st.builds(Validators, st.text(), st.none() | st.binary(), st.none() | st.binary()),
    body_hash=st.none() | st.binary(),
    declared=st.none() | TIMES,
    max_age=st.none() | TIMES,
    errors=st.integers(0, 1000),
    error=st.none() | st.sampled_from(ErrorClass),
    failing_since=st.none() | TIMES,
    health=st.sampled_from(Health),
    gone_since=st.none() | TIMES,
    redirect=st.none() | st.builds(Redirect, st.text(), TIMES, st.integers(1, 99), st.booleans()),
    last_success=st.none() | TIMES,
    last_body=st.none() | TIMES,
    unmodified=st.integers(0, 1000),
    last_items=st.none() | TIMES,
    usual_gap=st.none() | TIMES,
    entries=st.integers(0, 1000),
    steady=st.integers(0, 1000),
    parsed=st.integers(0, 1000),
    missed=st.integers(0, 1000),
    lies=st.integers(0, 1000),
    silent=st.booleans(),
)


@pytest.fixture
def state() -> Iterator[sqlite3.Connection]:
    with closing(opened()) as memory:
        yield memory


def opened() -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.executescript(SCHEMA)
    return memory


def urls(state: sqlite3.Connection) -> list[str]:
    return [one.feed.url for one in listed(state)]


def poll(state: sqlite3.Connection, now: float, url: str, **shown: bytes) -> int:
    """Claim what is due, commit that feed as read at `now` and due a day later; return its number."""
    (mine,) = [one for one in claim(state, now, lease=600, limit=100) if one.state.url == url]
    after = replace(mine.state, next_due=now + DAY, last_body=now, entries=len(shown))
    return commit(state, mine, after, now=now, shown=shown)


def redirected(state: sqlite3.Connection, now: float, url: str, target: str, **shown: bytes) -> int:
    """Poll a feed whose redirect is written back."""
    (mine,) = [one for one in claim(state, now, lease=600, limit=100) if one.state.url == url]
    after = replace(mine.state, url=target, next_due=now + DAY, last_body=now, entries=len(shown))
    return commit(state, mine, after, now=now, shown=shown)


# Values and rows


@given(STATES)
def test_a_state_comes_back_as_it_was_written(written):
    with closing(opened()) as state:
        add(state, [A], settings=SETTINGS, now=0)
        (mine,) = claim(state, 0, lease=1, limit=1)
        commit(state, mine, written, now=5)

        assert [one.state for one in listed(state)] == [written]
        assert len(state_values(written)) == len(STATE_COLUMNS)


def test_a_feed_comes_back_with_everything_its_owner_said(state):
    feed = Feed(
        url="https://a.example/feed",
        name="Küste",
        interval_seconds=1200,
        pages=False,
        language="de",
        zone="Europe/Berlin",
        tags=("lokal", "See, Land"),
        folders=("Nord/Küste", "Alle"),
    )
    added = add(state, [feed], settings=SETTINGS, now=7).added

    (one,) = listed(state)
    assert (one.id, one.feed, one.added) == (added[0], feed, 7)
    assert (one.configured, one.stored, one.paused) == (False, True, False)
    assert one.state == FeedState(url=feed.url, interval=1200, next_due=7)
    assert claim(state, 7, lease=1, limit=1)[0].feed == feed


@pytest.mark.parametrize("same", ["HTTPS://A.example/feed", "https://a.example:443/feed", "https://a.example/feed#top"])
def test_spellings_of_one_address_are_one_feed(state, same):
    add(state, [A, Feed(url=same)], settings=SETTINGS, now=0)
    add(state, [Feed(url=same)], settings=SETTINGS, now=0)

    assert urls(state) == [A.url]


def test_addresses_differ_by_scheme_port_path_and_query():
    spellings = ["http://a.example", "https://a.example", "http://a.example:8080", "http://a.example/x"]
    spellings += ["http://a.example/X", "http://a.example/?x", "http://a.example/?X"]

    assert len({address_of(url) for url in spellings}) == len(spellings)


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/hostname", "https://", "a.example/feed"])
def test_what_is_no_web_address_is_refused(state, url):
    with pytest.raises(ValueError, match="not an http or https URL"):
        add(state, [Feed(url=url)], settings=SETTINGS, now=0)


def test_feeds_are_listed_in_parts_and_found_by_name_or_address(state):
    add(state, [A, replace(B, name="Ünder 100%"), C], settings=SETTINGS, now=0)

    assert [each.feed.url for each in listed(state, start=1, most=1)] == [B.url]
    assert [each.feed.url for each in listed(state, containing="B.EXAMPLE")] == [B.url]
    assert [each.feed.url for each in listed(state, containing="100%")] == [B.url]
    assert list(listed(state, containing="_")) == [], "no character stands for another"
    (second,) = listed(state, containing="100%")
    assert one(state, second.id) == second
    remove(state, B.url, now=1)
    assert one(state, second.id) is None


def test_a_password_in_an_address_is_refused_and_not_shown(state):
    with pytest.raises(ValueError, match="holds a user name or password") as refused:
        add(state, [Feed(url="https://me:hunter2@a.example/")], settings=SETTINGS, now=0)

    assert "hunter2" not in str(refused.value)


# Adding and removing


def test_an_import_spreads_its_first_polls_and_again_changes_nothing(state):
    feeds = [Feed(url=f"https://{number}.example/") for number in range(1000)]
    assert len(add(state, feeds, settings=SETTINGS, now=100).added) == 1000
    due = [one.state.next_due for one in listed(state)]
    assert due == sorted(due)
    assert (due[0], round(due[-1])) == (100, 999)

    assert add(state, feeds, settings=SETTINGS, now=5000).added == ()
    assert [one.state.next_due for one in listed(state)] == due


def test_a_second_import_brings_its_tags_and_folders_and_what_was_unknown(state):
    add(state, [replace(A, name="A", tags=("x",), folders=("One",))], settings=SETTINGS, now=0)
    add(state, [replace(A, zone="UTC", tags=("y", "x"), folders=("Two",))], settings=SETTINGS, now=0)

    (one,) = listed(state)
    assert one.feed == replace(A, name="A", zone="UTC", tags=("x", "y"), folders=("One", "Two"))


def test_a_removed_feed_is_not_polled_and_comes_back_as_it_was(state):
    add(state, [A, B], settings=SETTINGS, now=0)
    number = poll(state, 0, A.url, one=b"1")

    assert remove(state, A.url, now=10) is Removal.REMOVED
    assert urls(state) == [B.url]
    assert [one.feed.url for one in claim(state, 9 * DAY, lease=1, limit=9)] == [B.url]
    assert remove(state, A.url, now=10) is Removal.UNKNOWN

    assert add(state, [A], settings=SETTINGS, now=20).added == (number,)
    (mine,) = claim(state, 20 * DAY, lease=1, limit=1)
    assert compare(state, mine, {"one": b"1"}, skip_backlog=False).known == 1


def test_the_configuration_wins_over_a_removal_and_is_told(state):
    configure(state, [A], settings=SETTINGS, now=0)
    add(state, [A], settings=SETTINGS, now=0)

    assert remove(state, A.url, now=1) is Removal.CONFIGURED
    assert urls(state) == [A.url]
    assert remove(state, "https://unknown.example/", now=1) is Removal.UNKNOWN


def test_a_feed_that_leaves_the_configuration_is_dropped_unless_it_was_added_too(state):
    first = configure(state, [A, B], settings=SETTINGS, now=0)
    assert len(first.added) == 2
    add(state, [B], settings=SETTINGS, now=0)

    second = configure(state, [C], settings=SETTINGS, now=1)

    assert second.dropped == first.added[:1]
    assert urls(state) == [B.url, C.url]
    assert configure(state, [A, C], settings=SETTINGS, now=2).added == first.added[:1]


def test_a_configuration_read_again_polls_nothing_early_and_brings_new_settings(state):
    configure(state, [A], settings=SETTINGS, now=0)
    poll(state, 0, A.url, one=b"1")

    changes = configure(state, [replace(A, pages=False)], settings=SETTINGS, now=50)

    assert changes == ((), ())
    assert claim(state, DAY - 1, lease=1, limit=9) == []
    assert claim(state, DAY, lease=1, limit=9)[0].feed.pages is False


def test_a_paused_feed_waits_and_goes_on(state):
    add(state, [A], settings=SETTINGS, now=0)

    assert pause(state, A.url, paused=True)
    assert next_wake(state) is None
    assert claim(state, DAY, lease=1, limit=9) == []
    assert next(listed(state)).paused

    assert pause(state, A.url, paused=False)
    assert len(claim(state, DAY, lease=1, limit=9)) == 1
    assert not pause(state, B.url, paused=True)


def test_a_dropped_feed_is_forgotten_after_a_month(state):
    add(state, [A, B], settings=SETTINGS, now=0)
    poll(state, 2, A.url, one=b"1")
    remove(state, A.url, now=0)

    assert sweep(state, 29 * DAY) == 0
    assert sweep(state, 31 * DAY) == 1
    for table, left in (("feed", 1), ("feed_address", 1), ("feed_seen", 0)):
        assert state.execute(f"SELECT count(*) FROM {table}").fetchone() == (left,)


def test_a_number_is_never_given_twice(state):
    (first,) = add(state, [A], settings=SETTINGS, now=0).added
    remove(state, A.url, now=0)
    sweep(state, 31 * DAY)

    assert add(state, [A], settings=SETTINGS, now=0).added[0] > first


# Moving and merging


def test_a_feed_that_moved_is_still_found_by_its_old_address(state):
    configure(state, [A], settings=SETTINGS, now=0)
    number = redirected(state, 0, A.url, C.url, one=b"1")

    assert urls(state) == [C.url]
    assert configure(state, [A], settings=SETTINGS, now=1) == ((), ())
    assert add(state, [C], settings=SETTINGS, now=1).added == ()
    assert [one.id for one in listed(state)] == [number]


def test_a_feed_may_move_back(state):
    add(state, [A], settings=SETTINGS, now=0)
    number = redirected(state, 0, A.url, C.url, one=b"1")

    assert redirected(state, DAY, C.url, A.url, one=b"1") == number
    assert urls(state) == [A.url]


def test_a_move_to_an_address_of_another_feed_leaves_one_feed_that_knows_what_both_showed(state):
    configure(state, [replace(A, tags=("x",), name="A")], settings=SETTINGS, now=0)
    add(state, [replace(B, tags=("y",))], settings=SETTINGS, now=0)
    winner = poll(state, 3, B.url, both=b"1", old=b"1")
    state.execute("UPDATE feed SET wake = 3")

    assert redirected(state, 3, A.url, B.url, both=b"2", mine=b"1") == winner

    (one,) = listed(state)
    assert one.id == winner
    assert one.configured
    assert one.stored
    assert one.feed == replace(B, name="A", tags=("x", "y"))
    (mine,) = claim(state, 9 * DAY, lease=1, limit=9)
    shown = dict.fromkeys(("both", "old", "mine", "new"), b"1")
    assert compare(state, mine, shown, skip_backlog=False) == (("new",), (), 3, 0)
    assert configure(state, [replace(A, name="first"), B], settings=SETTINGS, now=9 * DAY) == ((), ())
    assert next(listed(state)).feed.name == "first"


def test_a_winner_that_was_never_read_takes_the_reading_over(state):
    """Else what is new after the merge would be its backlog, and be skipped."""
    add(state, [A, B], settings=SETTINGS, now=0)
    state.execute("UPDATE feed SET wake = 0")
    redirected(state, 0, A.url, B.url, one=b"1")

    (mine,) = claim(state, DAY, lease=1, limit=9)

    assert compare(state, mine, {"one": b"1", "two": b"2"}, skip_backlog=True) == (("two",), (), 1, 0)


def test_a_winner_keeps_its_own_schedule(state):
    add(state, [A, B], settings=SETTINGS, now=0)
    poll(state, 3, B.url, one=b"1")
    (before,) = [one for one in listed(state) if one.feed.url == B.url]
    state.execute("UPDATE feed SET wake = 4 WHERE url = ?", (A.url,))
    redirected(state, 5, A.url, B.url, two=b"1")

    assert [one.state for one in listed(state)] == [before.state]


def test_a_winner_that_nobody_wanted_is_wanted_again(state):
    add(state, [A, B], settings=SETTINGS, now=0)
    remove(state, B.url, now=1)
    redirected(state, 2, A.url, B.url, one=b"1")

    assert urls(state) == [B.url]
