"""The service killed at random moments: every item that a feed showed reaches files and Kafka exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ingest.demo.newsroom import hosted
from ingest.demo.newsroom.expected import expected
from ingest.demo.newsroom.script import load
from tests.commands import rows
from tests.ingest.newsroom import begun, descendants, gone, keys, newstap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.demo.newsroom import Newsroom
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

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(600 if LONG else 240)]


def test_killed_at_random_moments_each_item_is_delivered_once(
    tmp_path: Path, broker: Broker, topic_prefix: str, read_topic: Callable[[str], list[Any]]
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    moments = random.Random(seed)
    with hosted(pace_seconds=PACE) as room:
        config = tmp_path / "newstap.toml"
        config.write_text(CONFIG.format(bootstrap=broker.bootstrap, prefix=topic_prefix) + _feeds(room))
        for _ in range(KILLS):
            with _service(config, tmp_path) as process:
                # From within its start to some way into its work.
                time.sleep(moments.uniform(0.5, 4.5))
                process.kill()
        with _service(config, tmp_path) as process:
            _wait(process, lambda: room.rested.is_set() and room.polls_since_rest() >= 2, 120)
            stories = expected(load())
            _wait(process, lambda: len(_paths(rows(tmp_path / "var" / "out" / "records"))) >= len(stories), 60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0

    records = rows(tmp_path / "var" / "out" / "records")
    assert _paths(records) == {story.path for story in stories}
    assert max(keys(records).values()) == 1, "nothing twice in the files"
    for story in stories:
        numbers = sorted(row["revision"]["n"] for row in records if urlsplit(row["canonical_url"]).path == story.path)
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) <= story.revisions, "no revision that was none"
    published = [json.loads(message.value) for message in read_topic(f"{topic_prefix}.articles.v1")]
    assert keys(published) == keys(records), "the same in Kafka"
    assert Counter(row["id"] for row in published) == Counter(row["id"] for row in records)
    assert rows(tmp_path / "var" / "out" / "dead-letters") == []
    audit = newstap("audit", "--config", config, cwd=tmp_path)
    assert audit.returncode == 0, audit.stdout


@contextmanager
def _service(config: Path, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the service; whatever ends it, nothing of it may stay, and it may not have shown a traceback."""
    with (cwd / "log").open("w+") as log:
        process = begun("run", "--config", config, cwd=cwd, stdout=subprocess.DEVNULL, stderr=log)
        below: set[int] = set()
        try:
            yield process
        finally:
            below = descendants(process.pid)
            process.kill()
            process.wait()
            assert not gone(below, within=15), "processes stayed behind"
        log.seek(0)
        text = log.read()
        assert "Traceback" not in text, text


def _feeds(room: Newsroom) -> str:
    return "".join(f'[[feeds]]\nurl = "{feed.url}"\nzone = "{feed.zone}"\n' for feed in room.feeds)


def _paths(records: list[dict[str, Any]]) -> set[str]:
    return {urlsplit(row["canonical_url"]).path for row in records}


def _wait(process: subprocess.Popen[str], condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the service ended by itself"
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
