"""Feeds as publishers send them, and feeds made to do harm; the files are not part of the project.

`golden.json` holds, for each feed, counts and hashes alone. They were compared once, entry by entry, with a walk over
the same files that shares no code with ours (lxml, `email.utils`, `json`): 969 entries, and the two feeds that differ
are those the walk misreads (`02:02:33 PM`; Latin-1 bytes and Portuguese dates).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.feeds import Feed, FeedError, carries_text, parse
from ingest.feeds.markup import plain

SHARED = Path(os.environ.get("NEWSTAP_SHARED") or Path(__file__).resolve().parents[3] / "../shared")
SAMPLES = SHARED / "feeds" / "samples"
HOSTILE = SHARED / "hostile"
GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))
SEEN = datetime(2026, 11, 24, tzinfo=UTC)

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (SAMPLES.is_dir() and HOSTILE.is_dir()), reason=f"no corpus at {SHARED}"),
]


def _hash(values: list[object]) -> str:
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()[:16]


def summary(feed: Feed) -> dict[str, object]:
    """What a golden file says of a feed: no text of it."""
    entries = feed.entries
    return {
        "format": feed.format,
        "entries": len(entries),
        "repeated": feed.repeated,
        "degraded": feed.degraded,
        "whole": sum(map(carries_text, entries)),
        "keys": _hash([entry.key for entry in entries]),
        "links": _hash([entry.link for entry in entries]),
        "titles": _hash([entry.title for entry in entries]),
        "published": _hash([entry.published for entry in entries]),
        "updated": _hash([entry.updated for entry in entries]),
        "lengths": _hash([len(plain(entry.content or "")) for entry in entries]),
    }


def _urls() -> dict[str, str]:
    rows = json.loads((SAMPLES / "index.json").read_text("utf-8"))
    return {row["file"]: row.get("published_url") or "https://feed.example/feed" for row in rows}


def read_sample(path: Path) -> Feed:
    return parse(path.read_bytes(), url=_urls()[path.name], content_type=None, seen=SEEN)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_real_feeds_give_the_entries_they_hold(name: str):
    """By number: the corpus may name a file as it likes."""
    (path,) = SAMPLES.glob(f"{name}-*")

    assert summary(read_sample(path)) == GOLDEN[name]


def test_every_real_feed_has_its_golden_summary():
    assert sorted(path.name[:3] for path in SAMPLES.iterdir() if path.name != "index.json") == sorted(GOLDEN)


def _hostile() -> list[dict]:
    if not HOSTILE.is_dir():
        return []
    rows = map(json.loads, (HOSTILE / "index.jsonl").read_text("utf-8").splitlines())
    return [row for row in rows if row["file"].startswith("feeds/") and (HOSTILE / row["file"]).is_file()]


@pytest.mark.parametrize("row", _hostile(), ids=lambda row: row["file"])
def test_hostile_feeds_do_what_they_must(row: dict):
    body = (HOSTILE / row["file"]).read_bytes()
    before = time.process_time()
    try:
        feed = parse(body, url="https://feed.example/feed", content_type=None, seen=SEEN)
    except FeedError:
        feed = None

    assert time.process_time() - before < 1
    assert row["either_ok"] or (feed is not None) == (row["expected"] == "accepted")
    for entry in feed.entries if feed else ():
        assert entry.link is None or entry.link.startswith(("http://", "https://"))
        assert "<script" not in entry.title
