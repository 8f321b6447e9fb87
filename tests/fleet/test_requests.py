"""Requests for pages: asked once, taken up by whoever owns the host, withdrawn with their outcome."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from ingest import pending, state
from ingest.fleet import requests
from ingest.fleet.places import Places
from ingest.fleet.schema import SCHEMA
from ingest.live.intake import Wanted
from processors.records import Form, Hint, Mode, Origin, Page, Reason, TextSource
from sinks.base import Kind
from tests.fleet.messages import read

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = Places(4, frozenset(range(4)))
LINK = "https://pages.example/1"
NOW = 1_800_000_000.0


@pytest.fixture
def copy() -> Iterator[sqlite3.Connection]:
    one = sqlite3.connect(":memory:", isolation_level=None)
    for script in (*state.MIGRATIONS, SCHEMA):
        one.executescript(script)
    one.executemany("INSERT INTO held VALUES (?, 1, 0, 0, 0)", [(number,) for number in range(4)])
    yield one
    one.close()


def wanted(feed: int = 1, key: str = "k", *, link: str | None = LINK, host: str | None = "pages.example:443") -> Wanted:
    """Return an entry of a feed."""
    origin = Origin(mode=Mode.RUN, document_id=key, feed=f"https://feed{feed}.example/")
    page = Page(
        form=Form.HTML, body=b"<p>What the feed says", origin=origin, url=link, hint=Hint(), text_source=TextSource.FEED
    )
    return Wanted(feed, f"feed{feed}.example:443", key, page, link, host, is_new=True)


def taken(copy: sqlite3.Connection, one: Wanted) -> requests.TakenUp:
    """Ask for an entry, and take the request up."""
    (message,) = read([requests.request(one, PLACES)], "request")
    return requests.take_up(copy, message, requests.read_request(message, PLACES), now=NOW)


def test_an_entry_waits_as_it_would_on_one_machine(copy: sqlite3.Connection) -> None:
    taken(copy, wanted())

    (one,) = pending.ready(copy, NOW, limit=9)
    assert (one.host, one.feed, one.carried) == ("pages.example:443", 1, wanted().carried)


def test_it_lies_in_the_partition_of_its_page_and_without_one_in_that_of_its_link_or_feed() -> None:
    """Whoever has the page's host keeps its budget, and knows which feed led there first."""
    whole = wanted(host=None)
    alone = wanted(link=None, host=None)
    places = [int(requests.request(one, PLACES).key.split(" ")[1]) for one in (wanted(), whole, alone)]

    assert places == [PLACES.of("pages.example:443"), PLACES.of("pages.example:443"), PLACES.of("feed1.example:443")]


def test_the_second_feed_that_leads_to_a_page_is_told_so_at_once(copy: sqlite3.Connection) -> None:
    taken(copy, wanted())
    found = taken(copy, wanted(feed=2))

    assert found.skipped is not None
    assert found.skipped.reason is Reason.DUPLICATE
    assert [item.kind for item in found.items] == [Kind.NOTE, Kind.SKIPPED, Kind.NOTE]
    assert found.items[-1].body == b"", "its request is withdrawn"
    assert len(pending.ready(copy, NOW, limit=9)) == 1


def test_a_request_is_taken_up_once_and_never_after_it_was_withdrawn(copy: sqlite3.Connection) -> None:
    taken(copy, wanted())
    assert taken(copy, wanted()) == ([], None)
    (one,) = pending.ready(copy, NOW, limit=9)

    (end,) = requests.withdrawn(copy, [one.id])
    pending.done(copy, [one.id])

    (message,) = read([end], "request")
    assert message.value is None
    assert not pending.ready(copy, NOW, limit=9)


def test_another_content_of_an_entry_is_another_request(copy: sqlite3.Connection) -> None:
    first, second = (requests.request(one, PLACES).key for one in (wanted(), wanted(key="other")))
    changed = wanted()._replace(carried=wanted(link="https://pages.example/2").carried)

    assert len({first, second, requests.request(changed, PLACES).key}) == 3


def test_reading_goes_on_from_the_oldest_that_waits(copy: sqlite3.Connection) -> None:
    number = PLACES.of("pages.example:443")
    messages = read([requests.request(wanted(key=str(n)), PLACES) for n in range(3)], "request")
    for one in messages:
        requests.take_up(copy, one, requests.read_request(one, PLACES), now=NOW)
    (first,) = copy.execute("SELECT id FROM request WHERE place = 0").fetchone()

    assert requests.oldest(copy, number) == 0
    requests.withdrawn(copy, [first])
    pending.done(copy, [first])
    assert requests.oldest(copy, number) == 1
    requests.leave(copy, [number])
    assert requests.oldest(copy, number) is None
    assert not pending.ready(copy, NOW, limit=9)


def test_what_is_parked_never_begins_and_the_other_partitions_go_on(copy: sqlite3.Connection) -> None:
    hosts = ("pages.example:443", "other.example:443")
    assert len({PLACES.of(host) for host in hosts}) == 2
    for host in hosts:
        taken(copy, wanted(link=f"https://{host}/1", host=host))
    first, _ = pending.ready(copy, NOW, limit=9)

    assert requests.park(copy, [PLACES.of(str(first.host))]) == {first.id}
    assert first.id not in {one.id for one in pending.ready(copy, 10 * NOW, limit=9)}
    assert len(pending.ready(copy, NOW, limit=9)) == 1
    assert requests.park(copy, [PLACES.of(str(first.host))]) == {first.id}, "what is parked still has no outcome"
