"""`newstap feeds list`: every feed of the file and of the store, for people and for scripts."""

from __future__ import annotations

import io
import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ingest import configured, feedstore, state
from ingest.feedcommands import known, listing
from ingest.feedstore import Feed
from ingest.schedule import ErrorClass, Health
from tests.ingest.feedcommands.settings import configuration

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.config import Config

NOW = 1_800_000_000.0
A, B, C, D = (f"https://{name}.example/feed" for name in "abcd")


def lines(config: Config) -> list[dict[str, Any]]:
    out = io.StringIO()
    listing.write_json(known.feeds(config), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def table(config: Config) -> list[str]:
    out = io.StringIO()
    listing.write_table(known.feeds(config), out, now=NOW)
    return out.getvalue().splitlines()


def lived(config: Config) -> None:
    """What a service may have left: A was polled well, B is in trouble, C is paused, D is gone."""
    with closing(state.owned(config.state.path)) as store, store.transaction() as connection:
        settings = configured.settings(config.schedule)
        feedstore.configure(connection, map(configured.feed, config.feeds), settings=settings, now=NOW - 9e6)
        feedstore.add(connection, [Feed(url=url) for url in (B, C, D)], settings=settings, now=NOW - 9e6)
        feedstore.pause(connection, C, paused=True)
        well = {"last_success": NOW - 120, "last_items": NOW - 7200, "next_due": NOW + 600.5, "interval": 1800.0}
        trouble = {"error": ErrorClass.TIMEOUT, "errors": 4, "failing_since": NOW - 10_800, "next_due": NOW - 5}
        notices = {"missed": 2, "parsed": 30, "silent": True, "last_success": NOW - 14_400}
        now_known: dict[str, dict[str, Any]] = {A: well, B: trouble | notices, D: {"health": Health.GONE}}
        for claim in feedstore.claim(connection, NOW, lease=60, limit=9):
            after = replace(claim.state, **now_known[claim.feed.url])
            feedstore.commit(connection, claim, after, now=NOW)


def test_the_files_feeds_are_shown_before_any_service_ran(tmp_path: Path) -> None:
    config = configuration(tmp_path, A, more='name = "Harbour"\ninterval_seconds = 900\n')

    (row,) = lines(config)
    assert (row["url"], row["name"], row["state"]) == (A, "Harbour", "active")
    assert (row["configured"], row["stored"], row["interval_seconds"]) == (True, False, 900)
    assert {row[key] for key in ("last_success", "last_new", "next_poll", "error", "failing_since")} == {None}
    assert not config.state.path.exists()
    words = f"active file never never - 15 min {A} Harbour not taken up yet"
    assert table(config)[1].split() == words.split()


def test_json_has_all_that_is_known(tmp_path: Path) -> None:
    config = configuration(tmp_path, A)
    lived(config)

    rows = {row["url"]: row for row in lines(config)}
    assert [(url, row["state"], row["configured"], row["stored"]) for url, row in rows.items()] == [
        (A, "active", True, False),
        (B, "active", False, True),
        (C, "paused", False, True),
        (D, "gone", False, True),
    ]
    assert rows[A]["last_success"] == "2027-01-15T07:58:00Z"
    assert rows[A]["last_new"] == "2027-01-15T06:00:00Z"
    assert rows[A]["next_poll"] == "2027-01-15T08:10:00.500000Z"
    assert (rows[A]["interval_seconds"], rows[A]["error"], rows[A]["errors"]) == (1800, None, 0)
    assert (rows[B]["error"], rows[B]["errors"], rows[B]["failing_since"]) == ("timeout", 4, "2027-01-15T05:00:00Z")
    assert (rows[B]["missed"], rows[B]["silent"]) == (2, True)
    assert rows[C]["next_poll"] is None


def test_the_table_says_it_in_words(tmp_path: Path) -> None:
    config = configuration(tmp_path, A)
    lived(config)

    heading, *rows = table(config)
    assert heading.split()[:2] == ["STATE", "FROM"]
    assert all(row.index("https://") == heading.index("URL") for row in rows)
    assert rows[0].split("  ")[0] == "active"
    for part in ("file", "2 min ago", "2 h ago", "in 10 min", "30 min"):
        assert part in rows[0]
    assert rows[1].endswith("timeout for 3 h, 4 in a row; silent; missed entries 2 of 30 times")
    assert "  now  " in rows[1]
    assert rows[2].startswith("paused")
    assert rows[3].startswith("gone")


def test_a_feed_in_file_and_store_is_one_whatever_a_service_has_read(tmp_path: Path) -> None:
    lived(configuration(tmp_path, A))
    config = configuration(tmp_path, A, B, "https://new.example/feed")

    assert [(row["url"], row["configured"], row["stored"]) for row in lines(config)] == [
        (A, True, False),
        (B, True, True),
        (C, False, True),
        (D, False, True),
        ("https://new.example/feed", True, False),
    ]
    assert "file+store" in table(config)[2]


def test_names_cannot_move_the_cursor(tmp_path: Path) -> None:
    """They come from other people's lists."""
    config = configuration(tmp_path)
    with closing(state.owned(config.state.path)) as store, store.transaction() as connection:
        feed = Feed(url=A, name="Har\x1b[2Jbour\u202e")
        feedstore.add(connection, [feed], settings=configured.settings(config.schedule), now=NOW)

    assert "\x1b" not in "".join(table(config))
    assert "\u202e" not in "".join(table(config))
    assert lines(config)[0]["name"] == "Har\x1b[2Jbour\u202e"


def test_nothing_is_listed_where_there_is_nothing(tmp_path: Path) -> None:
    config = configuration(tmp_path)

    assert (table(config), lines(config)) == ([], [])
