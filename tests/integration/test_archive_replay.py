"""A run archives what it fetches; a replay of that archive, elsewhere and later, makes the same records."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from ingest.config import Archive, Dashboard, load
from ingest.demo.live import configuration, watching
from ingest.demo.newsroom import hosted
from ingest.live.serving import serve
from tests.commands import newstap, rows

if TYPE_CHECKING:
    from pathlib import Path

    from processors.records import Outcome

FIRST = 3
"""Outcomes after which the run over some of the feeds is ended, and one over all of them begun."""
FOLDERS = ("records", "skipped", "dead-letters")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_records_are_equal_byte_for_byte_but_for_their_origin(tmp_path: Path) -> None:
    """In the order in which the run settled them, with as many skips, each with the definitions of then."""
    run = tmp_path / "run"
    _served(run)
    assert len(rows(run / "records")) > 50, "the newsroom was read"
    definitions = {row["fingerprint"]["topics"] for row in rows(run / "records")}
    assert len(definitions) == 2, "it was started anew with others"
    done = newstap("replay", run / "archive", "--to", tmp_path / "again", "--as-of", "recorded", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for folder in FOLDERS:
        assert _told(tmp_path / "again" / folder) == _told(run / folder), folder
    for row, before in zip(rows(tmp_path / "again" / "records"), rows(run / "records"), strict=True):
        assert _place(row) == _place(before), "the locator leads to the same record of the archive"
        assert row["origin"]["mode"] == "replay"
        assert row["origin"]["fetched"] == before["origin"]["fetched"]


def _served(to: Path) -> None:
    """Let the newsroom publish all it has, and the service read and archive it, in two runs with other definitions."""
    stop, idle, outcomes = threading.Event(), threading.Event(), count(1)

    def seen(outcome: Outcome) -> None:
        del outcome
        if next(outcomes) == FIRST:
            stop.set()

    with hosted(pace_seconds=0.05) as room:
        config = configuration(room.feeds, to, load(None, {}))
        config = replace(config, archive=Archive(path=to / "archive"), dashboard=Dashboard(listen=""))
        first = replace(config, feeds=config.feeds[:3], topics=replace(config.topics, enabled=("china", "taiwan")))
        assert serve(first, stop, on_outcome=seen) == 0
        stop.clear()
        with watching(room, idle, stop, ends=True):
            assert serve(config, stop, idle=idle) == 0


def _told(folder: Path) -> list[str]:
    """Return the lines of a folder as they stand there, without their origins."""
    return [json.dumps({name: row[name] for name in row if name != "origin"}) for row in rows(folder)]


def _place(row: dict[str, Any]) -> tuple[str, int, str]:
    archive = row["origin"]["archive"]
    return archive["file"].rpartition("/")[2], archive["offset"], archive["digest"]
