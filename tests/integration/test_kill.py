"""A replay killed at random moments and resumed delivers every document exactly once, to files and to Kafka."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands import rows
from tests.faults import Place, published, seen
from tests.ingest.newsroom import archive, begun, configured, counts, descendants, gone, newstap, workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.broker import Broker

LONG = os.environ.get("NEWSTAP_LONG") == "1"
KILLS = 40 if LONG else 6
PAGES, LINES = (600, 1200) if LONG else (80, 160)
ARGUMENTS = ("--workers", 2, "--rate", 30)
"""Slow enough that a kill meets it at work."""

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(900 if LONG else 240)]


def test_killed_again_and_again_and_resumed_each_document_is_delivered_once(
    tmp_path: Path,
    broker: Broker,
    topic_prefix: str,
    read_topic: Callable[[str], list[Any]],
    fault_row: Callable[..., None],
) -> None:
    inputs = archive(tmp_path / "archive", PAGES, LINES)
    config = configured(tmp_path, f'[sinks.kafka]\ntopic_prefix = "{topic_prefix}"\npartitions = 3\n')
    out = tmp_path / "out"
    command = ("replay", inputs, "--to", out, "--kafka", broker.bootstrap, "--config", config, *ARGUMENTS)
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    moments = random.Random(seed)
    met = sum(_killed(command, tmp_path, out, moments, number) for number in range(KILLS))
    assert met >= KILLS // 2, "too few kills met it at work to tell anything"
    began = time.monotonic()
    assert newstap(*command, cwd=tmp_path).returncode == 0
    behind = time.monotonic() - began

    whole = tmp_path / "whole"
    assert newstap("replay", inputs, "--to", whole, "--config", config, cwd=tmp_path).returncode == 0
    for folder in ("records", "skipped", "dead-letters"):
        assert _sorted(rows(out / folder)) == _sorted(rows(whole / folder)), folder
    assert counts(whole) == (PAGES + LINES * 7 // 10, LINES // 5, LINES // 10)
    wanted = seen(rows(whole / "records"))
    arrived = seen(rows(out / "records")), published(read_topic(f"{topic_prefix}.articles.v1"))
    fault_row(f"replay killed (kill -9) {KILLS} times", *[Place(wanted, one) for one in arrived], seconds=behind)
    letters = [json.loads(message.value) for message in read_topic(f"{topic_prefix}.dead-letters.v1")]
    assert _sorted(letters) == _sorted(rows(whole / "dead-letters"))


def _killed(command: tuple[object, ...], cwd: Path, out: Path, moments: random.Random, number: int) -> bool:
    """Start it, kill it, see that nothing of it stays; return whether it was at work.

    In every third round a worker is killed before.
    """
    with begun(*command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        if number % 2:
            _at_work(process, out)
            time.sleep(moments.uniform(0.0, 0.6))
        else:
            time.sleep(moments.uniform(0.1, 2.5))
        below = descendants(process.pid)
        if number % 3 == 0 and (mine := sorted(workers(process.pid))):
            os.kill(moments.choice(mine), signal.SIGKILL)
            time.sleep(moments.uniform(0.0, 0.4))
            below |= descendants(process.pid)
        met = process.poll() is None
        process.kill()
    assert not gone(below, within=10), "a process outlived the one that started it"
    return met


def _at_work(process: subprocess.Popen[str], out: Path) -> None:
    """Wait until it delivers, or has ended because all is delivered."""
    before = _size(out)
    while process.poll() is None and _size(out) == before:
        time.sleep(0.01)


def _size(out: Path) -> int:
    return sum(path.stat().st_size for path in out.glob("*/active.jsonl"))


def _sorted(found: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in found)
