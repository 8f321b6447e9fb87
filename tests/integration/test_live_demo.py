"""The demo, as `make run` starts it: what the newsroom publishes comes out as its script says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ingest.demo.newsroom.expected import Expectation, expected
from ingest.demo.newsroom.script import load
from tests.commands import newstap, rows

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_everything_published_comes_out_as_the_script_says(tmp_path: Path):
    """Without Docker, Kafka or a network: each story with its text, topics, removals and where its text came from."""
    done = newstap("demo", "--to", tmp_path / "out", "--pace", "0.1", cwd=tmp_path, timeout=200)

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert "listening on http://127.0.0.1:" in done.stderr
    records = rows(tmp_path / "out" / "records")
    assert len({(row["id"], row["revision"]["n"]) for row in records}) == len(records)
    latest = {urlsplit(row["canonical_url"]).path: row for row in sorted(records, key=lambda row: row["revision"]["n"])}
    numbers = defaultdict(list)
    for row in records:
        numbers[urlsplit(row["canonical_url"]).path].append(row["revision"]["n"])
    stories = expected(load())
    assert sorted(latest) == sorted(story.path for story in stories)
    for story in stories:
        _check(story, latest[story.path], numbers[story.path])
    assert rows(tmp_path / "out" / "dead-letters") == []
    assert "Tap to install our app." in done.stdout, "what was stripped is shown"


def _check(story: Expectation, row: dict[str, Any], numbers: list[int]) -> None:
    where = f"{story.outlet}/{story.key}"
    assert row["title"] == story.titles[-1], where
    assert row["text"] == story.texts[-1], where
    assert {tag["topic"] for tag in row["topics"]} == set(story.topics), where
    assert row["text_source"] == story.text_source, where
    assert set(story.removed) <= {removal["text"] for removal in row["removed"]}, where
    assert sorted(numbers) == list(range(1, len(numbers) + 1)), where
    assert len(numbers) <= story.revisions, where
