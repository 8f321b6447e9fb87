"""Commands of a scaled-out service as processes, what becomes of their group, and what came of pages."""

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

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType

from tests.ingest.newsroom import asked_to_end, begun, descendants, gone, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from kafka.consumer.fetcher import ConsumerRecord

LONG = os.environ.get("NEWSTAP_LONG") == "1"
LISTEN = '[dashboard]\nlisten = "127.0.0.1:0"\n'
SITES = 12
"""Enough for each of a few partitions to have some."""


def configured(
    folder: Path, bootstrap: str, prefix: str, *, partitions: int = 3, more: str = "", linked: bool = False
) -> Path:
    """Write a configuration of Kafka alone, whose workers are ready soon; unless `linked` they publish records."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "newstap.toml"
    path.write_text(
        f"[stories]\nenabled = {str(linked).lower()}\n"
        f'[topics]\nenabled = []\n[sinks.kafka]\nbootstrap = "{bootstrap}"\ntopic_prefix = "{prefix}"\n'
        f"partitions = {partitions}\n{more}"
    )
    return path


def stories(path: Path, numbers: Iterable[int], *, versions: int = 1) -> Path:
    """Write lines of articles of several sites, each in so many versions one after another."""
    rows = [story(n, version) for version in range(1, versions + 1) for n in numbers]
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


def story(n: int, version: int) -> str:
    """Return an article as a line of JSON."""
    return line(n, id=None, url=address(n), text=f"Ferry {n} left {version} times.")


def address(n: int) -> str:
    """Return where an article is."""
    return f"https://site{n % SITES}.example/{n}"


@contextmanager
def running(
    *arguments: object,
    cwd: Path,
    env: dict[str, str] | None = None,
    within: float = 60,
    beside: re.Pattern[str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a command; whatever ends it, nothing of it may stay, and it may not have shown a traceback.

    Its messages are in the file `log` of the folder. Its processes are gone within so many seconds; of a traceback that
    is expected, `beside` is the pattern.
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
            assert not gone(below, within=within), "processes stayed behind"
            log.seek(0)
            text = log.read() if beside is None else beside.sub("", log.read())
        assert "Traceback" not in text, text


def ended(process: subprocess.Popen[str]) -> int:
    """End a command in good order, and return its exit code."""
    asked_to_end(process)
    return process.wait(60)


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
    """Wait for something; fail after so many seconds. A broker that has no answer yet is one of the things waited for:
    it may have been started a moment ago, and its first group makes it create a topic of its own."""
    deadline, reason = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except errors.KafkaError as error:
            reason = f": {error!r}"
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s{reason}")


@contextmanager
def arriving(bootstrap: str, topic: str) -> Iterator[Callable[[], int]]:
    """`arriving(…)()`: how many messages a `read_committed` reader has seen by now, each read once.

    To wait with: reading the whole topic at each look would take from the workers what they need.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    count = 0

    def look() -> int:
        nonlocal count
        if not consumer.assignment():
            consumer.assign([TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()])
        if consumer.assignment():
            count += sum(map(len, consumer.poll(timeout_ms=100).values()))
        return count

    try:
        yield look
    finally:
        consumer.close()


def owners(bootstrap: str, prefix: str) -> list[int]:
    """Return how many partitions each member of the workers' group has, fewest first."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        group = client.describe_groups([f"newstap-work-{prefix}"])[f"newstap-work-{prefix}"]
    finally:
        client.close()
    held = [(member["member_assignment"] or {}).get("assigned_partitions", ()) for member in group["members"]]
    return sorted(sum(len(topic["partitions"]) for topic in each) for each in held)


def limited(bootstrap: str, topic: str, size: int) -> None:
    """Have a topic take messages of so many bytes at most."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(size)})])
    finally:
        client.close()


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
