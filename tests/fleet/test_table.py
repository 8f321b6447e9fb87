"""The copy of what is known of feeds: what one fetcher notes, another one learns."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest import feedstore, pending, state
from ingest.config.model import Schedule
from ingest.configured import settings
from ingest.feedstore import PARKED, Feed
from ingest.fleet import table
from ingest.fleet.definitions import Defined, decoded, define, encoded
from ingest.fleet.notes import read_note
from ingest.fleet.places import Places, feed_number
from ingest.fleet.rows import COLUMNS
from ingest.fleet.schema import SCHEMA
from tests.fleet.messages import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sinks.base import Item

TIMES = settings(Schedule())
URL = "https://news.example/feed.xml"
NOW = 1_800_000_000.0
COUNT = 8


@pytest.fixture
def copies() -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Two fetchers' copies, empty."""
    both = tuple(sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    for one in both:
        for script in (*state.MIGRATIONS, SCHEMA):
            one.executescript(script)
    yield both  # type: ignore[misc] # two of them
    for one in both:
        one.close()


def everything() -> Places:
    """All partitions are ours."""
    return Places(COUNT, frozenset(range(COUNT)))


def learned(copy: sqlite3.Connection, items: Iterable[Item]) -> None:
    """Have a copy learn notes as they would be read."""
    for one in read(items, "state"):
        table.learn(copy, one.place.partition, read_note(one, everything()))


def told(copy: sqlite3.Connection, items: Iterable[Item]) -> None:
    """Have a fetcher take up what another one tells it; what that changes is for it to note."""
    for one in read(items, "request"):
        table.told(copy, one.place.partition, read_note(one, everything()))


def polled(copy: sqlite3.Connection, url: str, shown: dict[str, bytes], now: float) -> None:
    """Have a feed of the copy polled: it showed these entries."""
    number = feedstore.owner_of(copy, url)
    copy.execute("UPDATE feed SET wake = 0 WHERE id = ?", (number,))
    (claimed,) = [one for one in feedstore.claim(copy, now, lease=9.0, limit=9) if one.id == number]
    after = replace(claimed.state, next_due=now + 900, interval=900.0, last_success=now, body_hash=b"\x00\xff")
    feedstore.commit(copy, claimed, after, now=now, shown=shown)


def known(copy: sqlite3.Connection) -> list[object]:
    """Return what two copies must agree about."""
    feeds = [(one.id, one.feed, replace(one.state, next_due=0), one.paused) for one in feedstore.listed(copy)]
    seen = copy.execute("SELECT * FROM feed_seen ORDER BY feed, key").fetchall()
    return [feeds, seen, copy.execute("SELECT * FROM feed_address ORDER BY address").fetchall()]


def test_whoever_learns_notes_knows_what_whoever_made_them_knows(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    one, other = copies
    define(one, "news.example:443", [Defined(Feed(url=URL, name="Näws", tags=("a",)))], TIMES, now=NOW)
    first = table.notes(one, everything())
    polled(one, URL, {"1": b"aa", "2": b"bbb"}, NOW)
    second = table.notes(one, everything())

    learned(other, [*first, *second])

    assert known(other) == known(one)
    assert table.notes(one, everything()) == [], "nothing has changed since"
    assert table.notes(other, everything()) == [], "what is learned is no change"


def test_what_a_feed_has_shown_is_told_only_when_that_is_something_else(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    """Most polls bring nothing, and are to cost one small note."""
    copy, _ = copies
    define(copy, "news.example:443", [Defined(Feed(url=URL))], TIMES, now=NOW)
    polled(copy, URL, {"1": b"aa"}, NOW)
    table.notes(copy, everything())

    polled(copy, URL, {"1": b"aa"}, NOW + 900)
    kinds = [json.loads(one.key.split(" ", 2)[2])[0] for one in table.notes(copy, everything())]
    assert kinds == ["feed"]

    polled(copy, URL, {"1": b"ab"}, NOW + 1800)
    kinds = [json.loads(one.key.split(" ", 2)[2])[0] for one in table.notes(copy, everything())]
    assert kinds == ["feed", "seen"]


def test_a_feed_rests_until_its_partition_is_ours_and_then_is_due_as_before(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    one, other = copies
    define(one, "news.example:443", [Defined(Feed(url=URL))], TIMES, now=NOW)
    polled(one, URL, {}, NOW)
    learned(other, table.notes(one, everything()))
    number = everything().of("news.example:443")

    assert feedstore.claim(other, NOW + 10_000, lease=1.0, limit=9) == []
    assert table.wake(other, number, TIMES, soonest=NOW, now=NOW + 1) == 1
    assert feedstore.next_wake(other) == NOW + 900

    table.rest(other, [number], under_way=True)
    assert feedstore.next_wake(other) == PARKED
    assert table.notes(other, everything()) == []


def test_what_was_under_way_elsewhere_waits_as_after_a_crash(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    """Its request may have gone out; the shortest interval holds from then."""
    one, other = copies
    define(one, "news.example:443", [Defined(Feed(url=URL))], TIMES, now=NOW)
    one.execute("UPDATE feed SET wake = 0, next_due = 0")
    feedstore.claim(one, NOW, lease=9.0, limit=9)
    learned(other, table.notes(one, everything()))

    table.wake(other, everything().of("news.example:443"), TIMES, soonest=0.0, now=NOW + 5)

    assert feedstore.next_wake(other) == NOW + 5 + TIMES.min_interval_seconds

    learned(one, table.notes(other, everything()))
    table.wake(one, everything().of("news.example:443"), TIMES, soonest=0.0, now=NOW + 200)
    assert feedstore.next_wake(one) == NOW + 5 + TIMES.min_interval_seconds, "it does not wait again for the next one"


def test_a_feed_that_moves_to_another_host_goes_to_whoever_has_that(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    """Its old partition remembers where it went: its definition does not bring it back, and still reaches it."""
    one, other = copies
    home = everything().of("news.example:443")
    host = next(f"host{n}.example:443" for n in range(99) if everything().of(f"host{n}.example:443") != home)
    mine = Places(COUNT, frozenset({home}))
    define(one, "news.example:443", [Defined(Feed(url=URL))], TIMES, now=NOW)
    table.notes(one, mine)

    number = feedstore.owner_of(one, URL)
    one.execute("UPDATE feed SET wake = 0 WHERE id = ?", (number,))
    (claimed,) = feedstore.claim(one, NOW, lease=9.0, limit=9)
    moved = replace(claimed.state, url=f"https://{host.partition(':')[0]}/new.xml", next_due=NOW + 900)
    feedstore.commit(one, claimed, moved, now=NOW, shown={"1": b"aa"})
    told(other, table.notes(one, mine))

    assert not list(feedstore.listed(one))
    assert [(each.id, each.feed.url) for each in feedstore.listed(other)] == [(number, moved.url)]
    kept = [json.loads(item.key.split(" ", 2)[2])[0] for item in table.notes(other, everything())]
    assert kept == ["feed", "seen"], "whoever has it now notes all of it"
    assert define(one, "news.example:443", [Defined(Feed(url=URL))], TIMES, now=NOW)
    assert not list(feedstore.listed(one)), "the definition brings nothing back"

    told(other, define(one, "news.example:443", [Defined(Feed(url=URL, name="New"), paused=True)], TIMES, now=NOW))
    (there,) = feedstore.listed(other)
    assert (there.feed.name, there.paused) == ("New", True)
    told(other, define(one, "news.example:443", [], TIMES, now=NOW))
    assert not list(feedstore.listed(other))


def test_every_column_of_a_feed_travels_but_its_number_and_its_claims(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    """A column that is added to the table has to be added to what travels."""
    held = {row[1] for row in copies[0].execute("PRAGMA table_info(feed)")}

    assert set(COLUMNS) == held - {"id", "wake", "claim"}


def test_definitions_add_change_and_remove_and_say_the_same_twice(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    copy, _ = copies
    second = "https://news.example/second.xml"
    both = [Defined(Feed(url=URL, tags=("x",), interval_seconds=60.0)), Defined(Feed(url=second), paused=True)]
    assert decoded(encoded(both)) == sorted(both, key=lambda one: one.feed.url)

    for _ in range(2):
        define(copy, "news.example:443", both, TIMES, now=NOW)
        found = {one.feed.url: (one.paused, one.feed.tags) for one in feedstore.listed(copy)}
        assert found == {URL: (False, ("x",)), second: (True, ())}
        table.notes(copy, everything())
    assert {one.id for one in feedstore.listed(copy)} == {feed_number(URL), feed_number(second)}

    define(copy, "news.example:443", both[:1], TIMES, now=NOW)
    assert [one.feed.url for one in feedstore.listed(copy)] == [URL]
    define(copy, "news.example:443", both, TIMES, now=NOW)
    assert len(list(feedstore.listed(copy))) == 2


@pytest.mark.parametrize("value", [b"[", b"{}", b'["a"]', b'[{"url": "ftp://a"}]', b'[{"nonsense": 1}]', b"[1]", b"7"])
def test_what_is_no_definition_says_so(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoded(value)


def test_links_are_forgotten_for_all_by_whoever_has_their_partition(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    one, other = copies
    for link, moment in (("https://a.example/1", NOW - 100), ("https://a.example/2", NOW)):
        pending.take_up(one, link, 7, moment)
        learned(other, [table.link_note(one, 3, pending.link_key(link))])

    assert table.forget_links(one, NOW - 50, {1, 2}) == [], "others' partition"
    learned(other, table.forget_links(one, NOW - 50, {3}))

    for copy in copies:
        assert copy.execute("SELECT count(*) FROM link").fetchone() == (1,)


def test_a_copy_is_forgotten_by_partition_and_as_a_whole(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    copy, _ = copies
    define(copy, "news.example:443", [Defined(Feed(url=URL))], TIMES, now=time.time())
    table.notes(copy, everything())

    table.forget(copy, everything().of("other.example:443"))
    assert len(list(feedstore.listed(copy))) == (
        everything().of("other.example:443") != everything().of("news.example:443")
    )
    table.forget(copy, everything().of("news.example:443"))
    assert not list(feedstore.listed(copy))
    assert table.notes(copy, everything()) == []
    table.clear(copy)
    assert copy.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
