"""What strangers and other versions write into the topics of fetchers: nothing of it is taken up, and all else is."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import feedstore
from ingest.feedstore import Feed
from ingest.fleet import table
from ingest.fleet.definitions import Defined, decoded, define, encoded
from ingest.fleet.notes import FeedNote, read_note
from ingest.fleet.places import Places, feed_number
from ingest.fleet.requests import Asked, read_request, request
from ingest.fleet.rows import FeedRow
from ingest.fleet.values import NoteError
from sinks.kafka_client import Fetched, Place
from tests.fleet.messages import message, read
from tests.fleet.test_requests import wanted
from tests.fleet.test_table import COUNT, TIMES, URL, copies, everything, polled

if TYPE_CHECKING:
    import sqlite3

__all__ = ["copies"]  # the fixture

HOST = "news.example:443"
PLACES = everything()
NUMBER = PLACES.of(HOST)
FEED = feed_number(URL)
DEEP = b"[" * 100_000


def feed_note(copy: sqlite3.Connection) -> Fetched:
    """Return the note of a feed that was polled."""
    define(copy, HOST, [Defined(Feed(url=URL, name="News", tags=("a",)))], TIMES, now=1.8e9)
    polled(copy, URL, {"1": b"aa"}, 1.8e9)
    return next(one for one in read(table.notes(copy, PLACES), "state") if b"feed" in (one.key or b""))


def changed(one: Fetched, /, **columns: object) -> Fetched:
    """Return a feed's note with other values."""
    row = json.loads(one.value or b"")
    return one._replace(value=json.dumps(row | {"feed": row["feed"] | columns}).encode())


BAD_KEYS = [
    *(None, b"", b"null", b"[]", b"{}", b'["feed"]', b'["feed", "x"]', b'["feed", -1]', b'["feed", 1.5]', b"\xff\xfe"),
    *(b'["feed", 99999999999999999999]', b'["feed", 9999999999999999999]', b'["seen", 1]', b'["seen", 1, 8]'),
    *(b'["link", "zz"]', b'["link", 5]', b'["future", 1]', b'["moved", 1, 2]', b'["feed", 1, 2]', b'["feed",1]', DEEP),
    '["feed", ٣]'.encode(),
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_none_of_ours(key: bytes | None) -> None:
    with pytest.raises(NoteError, match=r"."):
        read_note(message(key, b"{}"), PLACES)


BAD_COLUMNS: list[dict[str, Any]] = [
    *({"next_due": math.nan}, {"next_due": 1e308}, {"next_due": "1e308"}, {"next_due": None}, {"next_due": True}),
    *({"interval": math.inf}, {"last_success": -1e300}, {"claimed": []}, {"errors": 2**70}, {"errors": -1}),
    *({"url": "file:///etc/passwd"}, {"url": "https://me:secret@news.example/feed.xml"}, {"url": "https://[::1"}),
    *({"url": "https://other.example/"}, {"host": "other.example:443"}, {"url": 5}, {"host": None}, {"name": ["x"]}),
    *({"tags": "x"}, {"tags": "[1]"}, {"tags": "{}"}, {"folders": "[" * 5000}, {"paused": 2}, {"etag": "x"}),
    *({"etag": {"b64": "???"}}, {"body_hash": {}}, {"redirect_target": "https://x.example/"}, {"health": 5}),
]


@pytest.mark.parametrize("columns", BAD_COLUMNS, ids=str)
def test_a_feed_that_no_fetcher_of_ours_would_write(
    copies: tuple[sqlite3.Connection, sqlite3.Connection], columns: dict[str, Any]
) -> None:
    good = feed_note(copies[0])
    assert isinstance(read_note(good, PLACES), FeedNote)

    with pytest.raises(NoteError, match=r"."):
        read_note(changed(good, **columns), PLACES)


def test_a_feed_of_another_version(copies: tuple[sqlite3.Connection, sqlite3.Connection]) -> None:
    """What a later one has added is passed over, even as the name of a column; what an earlier one lacks is as new."""
    one, other = copies
    good = feed_note(one)
    later = changed(good, **{"error": "cursed", "health": "haunted", "since) VALUES (1) --": 1, "id": 7})
    row = json.loads(good.value or b"")
    del row["feed"]["silent"], row["feed"]["claimed"]

    for note in (later, good._replace(value=json.dumps(row | {"more": [1]}).encode())):
        table.learn(other, NUMBER, read_note(note, PLACES))
        (listed,) = feedstore.listed(other)
        assert (listed.id, listed.feed.name, listed.state.error, listed.state.health) == (FEED, "News", None, "active")
    del row["feed"]["next_due"]
    with pytest.raises(NoteError, match="next_due"):
        read_note(good._replace(value=json.dumps(row).encode()), PLACES)


BAD_VALUES = {
    b'["feed", 1]': [b"", b"{", b"[]", DEEP, b"\xff", b'{"feed": {}, "addresses": []}', b'{"feed": 1}', b"null"],
    b'["seen", 1, 0]': [b"x", b"\0" * 28, b"\0" * 16 + b"\xff" + b"\0" * 12, (b"\0" * 29) * 2, b"\xf0" + b"\0" * 28],
    b'["link", "%s"]' % (b"0" * 32): [
        b"",
        b"[]",
        b'{"feed": 1}',
        b'{"feed": 1e400, "last": 1}',
        b'{"feed": 1, "last": NaN}',
    ],
    b'["moved", 1]': [
        *(b"{}", b'{"host": "%s", "to": 8}' % HOST.encode(), b'{"host": "%s", "to": -1}' % HOST.encode()),
        b'{"host": "elsewhere.example:443", "to": 1}',
    ],
    b'["define", 1]': [b"{}", b"[]", b'[{"url": "%s"}]' % URL.encode(), DEEP],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD_VALUES.items() for value in values])
def test_a_value_that_is_none_of_ours(key: bytes, value: bytes) -> None:
    with pytest.raises(NoteError, match=r"."):
        read_note(message(key, value, NUMBER), PLACES)


@given(key=st.sampled_from([*BAD_VALUES, None, b"0" * 32]), value=st.binary() | st.text().map(str.encode))
def test_whatever_stands_there_is_a_note_or_none(key: bytes | None, value: bytes) -> None:
    with suppress(NoteError):
        assert read_request(message(key, value), PLACES)


@pytest.mark.parametrize(
    "value",
    [
        *(b"[", DEEP, b"{}", b'["a"]', b"[1]", b"\xff", b'[{"nonsense": 1}]', b'[{"url": 1}]', b'[{"url": "ftp://a"}]'),
        *(
            b'[{"url": "file:///etc/passwd"}]',
            b'[{"url": "https://me:x@news.example/"}]',
            b'[{"url": "https://b.example/"}]',
        ),
        *(
            b'[{"url": "%s", %s}]' % (URL.encode(), more)
            for more in (b'"name": 5', b'"tags": "x"', b'"tags": [1]', b'"interval_seconds": NaN', b'"paused": 7')
        ),
        b'[{"url": "%s", "interval_seconds": true}]' % URL.encode(),
    ],
)
def test_a_definition_that_is_none_of_ours(value: bytes) -> None:
    with pytest.raises(NoteError, match=r"."):
        decoded(value, HOST)


def test_a_definition_of_a_later_version() -> None:
    (row,) = json.loads(encoded([Defined(Feed(url=URL, name="News"))]) or b"")

    assert decoded(json.dumps([row | {"colour": "blue"}]).encode(), HOST) == [Defined(Feed(url=URL, name="News"))]


BAD_REQUESTS: list[dict[str, Any]] = [
    *({"feed": -1}, {"feed": 2**64}, {"feed": "1"}, {"new": None}, {"link": 5}, {"host": 5}, {"host": "b.example:443"}),
    *({"header": "???"}, {"header": "e30="}, {"header": None}, {"body": "?"}, {"body": None}),
]


@pytest.mark.parametrize("fields", BAD_REQUESTS, ids=str)
def test_a_request_that_is_none_of_ours(fields: dict[str, Any]) -> None:
    (good,) = read([request(wanted(), PLACES)], "request")
    assert isinstance(read_request(good, PLACES), Asked)

    with pytest.raises(NoteError, match=r"."):
        read_request(good._replace(value=json.dumps(json.loads(good.value or b"") | fields).encode()), PLACES)


def test_a_request_in_the_partition_of_others() -> None:
    """Two fetchers would ask one host."""
    (good,) = read([request(wanted(), PLACES)], "request")
    elsewhere = Place(good.place.topic, (good.place.partition + 1) % COUNT)

    with pytest.raises(NoteError, match="in partition"):
        read_request(good._replace(place=elsewhere), PLACES)


def test_a_feed_in_the_partition_of_others(copies: tuple[sqlite3.Connection, sqlite3.Connection]) -> None:
    good = feed_note(copies[0])
    elsewhere = Place(good.place.topic, (NUMBER + 1) % COUNT)

    with pytest.raises(NoteError, match="in partition"):
        read_note(good._replace(place=elsewhere), Places(COUNT))
    assert isinstance(read_note(good, Places(COUNT)), FeedNote)


def test_whatever_a_column_holds_goes_into_the_tables_or_not_at_all(
    copies: tuple[sqlite3.Connection, sqlite3.Connection],
) -> None:
    """Nothing that reading lets pass may fail later: a poison of all feeds of the partition."""
    one, other = copies
    good = feed_note(one)
    values = [None, 0, 1, -1, 2**63 - 1, 2**63, 2**70, 1e308, -0.5, "", "x", "[]", "active", [], {}, {"b64": ""}, True]
    names = json.loads(good.value or b"")["feed"]
    passed = 0
    for name in names:
        for value in values:
            try:
                found = read_note(changed(good, **{name: value}), PLACES)
            except NoteError:
                continue
            passed += 1
            assert isinstance(found, FeedNote)
            assert isinstance(found.row, FeedRow)
            table.learn(other, NUMBER, found)
            table.wake(other, NUMBER, TIMES, soonest=0.0, now=1.8e9)
            list(feedstore.listed(other))
            feedstore.claim(other, 1e12, lease=1.0, limit=9)
    assert passed > len(names)
