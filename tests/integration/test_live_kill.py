"""The service killed at random moments: every item that a feed showed reaches files and Kafka exactly once."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ingest.demo.newsroom import hosted
from ingest.demo.newsroom.expected import expected
from ingest.demo.newsroom.script import load
from tests.commands import rows
from tests.faults import Place, Seen, published, seen
from tests.ingest.newsroom import asked_to_end, newstap
from tests.kafka_fixtures import make_topic
from tests.work.running import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.demo.newsroom import Expectation, Newsroom
    from tests.broker import Broker

LONG = os.environ.get("NEWSTAP_LONG") == "1"
KILLS, PACE = (20, 1.2) if LONG else (5, 0.35)
CONFIG = """
[schedule]
interval_seconds = 1
min_interval_seconds = 0.5
max_interval_seconds = 4
backoff_seconds = 0.5
[fetch]
user_agent = "newstap/VERSION (+https://example.org/contact)"
host_delay_seconds = 0.02
allow_networks = ["127.0.0.0/8"]
[topics]
enabled = ["russia"]
[dashboard]
listen = ""
[sinks.files]
rotate_seconds = 3
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
partitions = 3
"""

_CUT_OFF = re.compile(
    r"Traceback \(most recent call last\):\n(?:  .*\n)*?.*multiprocessing/forkserver\.py.*\n"
    r"(?:  .*\n)*.*(?:Unpickling|EOF)Error.*\n"
)
"""What Python's own fork server says of a worker whose parent was killed in the middle of starting it."""

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(600 if LONG else 240)]


def test_killed_at_random_moments_each_item_is_delivered_once(
    tmp_path: Path,
    broker: Broker,
    topic_prefix: str,
    read_topic: Callable[[str], list[Any]],
    fault_row: Callable[..., None],
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    moments = random.Random(seed)
    make_topic(broker.bootstrap, f"{topic_prefix}.topic.russia.v1")
    with hosted(pace_seconds=PACE) as room:
        config = tmp_path / "newstap.toml"
        config.write_text(CONFIG.format(bootstrap=broker.bootstrap, prefix=topic_prefix) + _feeds(room))
        for _ in range(KILLS):
            with _service(config, tmp_path) as process:
                # From within its start to some way into its work.
                time.sleep(moments.uniform(0.5, 4.5))
                process.kill()
        with _service(config, tmp_path) as process:
            began, shown = time.monotonic(), _shown(room)
            _wait(process, lambda: shown <= _paths(rows(tmp_path / "var" / "out" / "records")), 120)
            behind = time.monotonic() - began
            _wait(process, lambda: room.rested.is_set() and room.polls_since_rest() >= 2, 120)
            stories = expected(load())
            _wait(process, lambda: len(_paths(rows(tmp_path / "var" / "out" / "records"))) >= len(stories), 60)
            asked_to_end(process)
            assert process.wait(40) == 0

    records = rows(tmp_path / "var" / "out" / "records")
    found = [Seen(urlsplit(row["canonical_url"]).path, row["revision"]["n"]) for row in records]
    due = [Seen(story.path, n) for story in stories for n in range(1, _revisions(found, story) + 1)]
    russia = [row for row in records if any(tag["topic"] == "russia" for tag in row["topics"])]
    fault_row(
        f"service killed (kill -9) {KILLS} times",
        Place(due, found),
        Place(seen(records), published(read_topic(f"{topic_prefix}.articles.v1"))),
        Place(seen(russia), published(read_topic(f"{topic_prefix}.topic.russia.v1")), one_partition=True),
        seconds=behind,
    )
    assert rows(tmp_path / "var" / "out" / "dead-letters") == []
    audit = newstap("audit", "--config", config, cwd=tmp_path)
    assert audit.returncode == 0, audit.stdout


def _service(config: Path, cwd: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    return running("run", "--config", config, cwd=cwd, within=15, beside=_CUT_OFF)


def _feeds(room: Newsroom) -> str:
    return "".join(f'[[feeds]]\nurl = "{feed.url}"\nzone = "{feed.zone}"\n' for feed in room.feeds)


def _paths(records: list[dict[str, Any]]) -> set[str]:
    return {urlsplit(row["canonical_url"]).path for row in records}


def _shown(room: Newsroom) -> set[str]:
    """Return the paths, as records have them, of the stories that were published by now."""
    out = {(event.story.outlet, event.story.key) for event in room.script.events[: room.published]}
    return {story.path for story in expected(room.script) if (story.outlet, story.key) in out}


def _revisions(found: list[Seen], story: Expectation) -> int:
    """Return how many revisions of a story there are; a poll that came late saw only the last, a killed one no more."""
    return max(1, min(story.revisions, sum(one.id == story.path for one in found)))


def _met(condition: Callable[[], object]) -> bool:
    """Ask; a file that got its final name between being listed and being read is looked for again."""
    try:
        return bool(condition())
    except FileNotFoundError:
        return False


def _wait(process: subprocess.Popen[str], condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _met(condition):
        assert process.poll() is None, "the service ended by itself"
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
