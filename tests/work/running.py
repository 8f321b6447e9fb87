"""Commands of a scaled-out service as processes, pages for them, and what came of those."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.ingest.newsroom import asked_to_end, begun, descendants, gone, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from kafka.consumer.fetcher import ConsumerRecord

LONG = os.environ.get("NEWSTAP_LONG") == "1"
LISTEN = '[dashboard]\nlisten = "127.0.0.1:0"\n'
SITES = 12
"""Enough for each of a few partitions to have some."""


def configured(folder: Path, bootstrap: str, prefix: str, *, partitions: int = 3, more: str = "") -> Path:
    """Write a configuration of Kafka alone, whose workers are ready soon."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "newstap.toml"
    path.write_text(
        f'[topics]\nenabled = []\n[sinks.kafka]\nbootstrap = "{bootstrap}"\ntopic_prefix = "{prefix}"\n'
        f"partitions = {partitions}\n{more}"
    )
    return path


def stories(path: Path, numbers: Iterable[int], *, versions: int = 1) -> Path:
    """Write lines of articles of several sites, each in so many versions one after another."""
    rows = [
        line(n, id=None, url=f"https://site{n % SITES}.example/{n}", text=f"Ferry {n} left {version} times.")
        for version in range(1, versions + 1)
        for n in numbers
    ]
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


@contextmanager
def running(*arguments: object, cwd: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a command; whatever ends it, nothing of it may stay, and it may not have shown a traceback.

    Its messages are in the file `log` of the folder.
    """
    with (cwd / "log").open("a+") as log:
        process = begun(*arguments, cwd=cwd, stdout=subprocess.DEVNULL, stderr=log, env=env)
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


def ended(process: subprocess.Popen[str]) -> int:
    """End a command in good order, and return its exit code."""
    asked_to_end(process)
    return process.wait(35)


def killed_now_and_then(command: tuple[object, ...], cwd: Path, times: int, *, least: float, most: float) -> None:
    """Run a command so many times, and kill it each time after so many seconds or more, at most so many."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    moments = random.Random(seed)
    for _ in range(times):
        with running(*command, cwd=cwd) as process:
            time.sleep(moments.uniform(least, most))
            assert process.poll() is None, "it ended by itself"


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def figures(folder: Path) -> dict[str, float]:
    """Return the metrics of the one command that was begun in a folder, by name and labels; none before it listens."""
    found = re.findall(r"listening on (http://[\d.:]+)", (folder / "log").read_text())
    if not found:
        return {}
    with urllib.request.urlopen(f"{found[-1]}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    pairs = (one.rsplit(" ", 1) for one in lines if one and not one.startswith("#"))
    return {name: float(value) for name, value in pairs}


def until_told(folder: Path, wanted: dict[str, float]) -> dict[str, float]:
    """Wait until all of these are among the figures, and return all."""
    told: dict[str, float] = {}
    deadline = time.monotonic() + 60
    while not wanted.items() <= told.items():
        assert time.monotonic() < deadline, {name: told.get(name) for name in wanted}
        time.sleep(0.1)
        told = figures(folder)
    return told


def values(messages: Iterable[ConsumerRecord]) -> list[dict[str, Any]]:
    """Return what messages hold."""
    return [json.loads(message.value) for message in messages]


def known(records: Iterable[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return records by key and revision, without what may differ between two ways to the same record."""
    return {
        (record["id"], record["revision"]["n"]): {name: value for name, value in record.items() if name != "origin"}
        for record in records
    }
