"""The service over a newsroom where much is broken, for an hour: what grows, and whether the healthy feeds notice.

    python -m benchmarks.soak_feeds [--minutes 60] [--healthy 40] [--broken 60] [--kills 120] [--keep DIR]

Healthy feeds are polled every five seconds and publish an item with a page every ten; the others are those of
`benchmarks/brokenroom.py`. Worker and parser processes are killed (-9) at random moments. Every ten seconds memory,
descriptors, threads and queues are looked at. Printed are a table of those, their slope after the warm-up (least
squares), the intervals at which healthy feeds were asked, and whether each item came out once. Exit code 1 where a bar
is missed. Ten per cent of an interval is jitter, and each kill of the parser or of the server that forks it costs a
second: on a machine that is busy otherwise, the p95 of the intervals says more about the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.watching import (
    Bars,
    ended,
    listening,
    scraped,
    send,
    size,
    slope,
    tell,
    told_by,
    tree,
    untroubled,
    usage,
)

INTERVAL, PUBLISH = 5.0, 10.0
CONFIG = f"""
[schedule]
interval_seconds = {INTERVAL}
min_interval_seconds = 3
max_interval_seconds = 30
backoff_seconds = 5
dead_after_errors = 20
dead_interval_seconds = 40
gone_confirm_seconds = 60
gone_probe_seconds = 60
unconditional_seconds = 120
[fetch]
user_agent = "newstap/VERSION (+https://example.org/soak)"
timeout_seconds = 3
host_delay_seconds = 0.02
allow_networks = ["127.0.0.0/8"]
robots_ttl_seconds = 30
[sinks.files]
rotate_seconds = 60
[dashboard]
listen = "127.0.0.1:0"
"""
OFF = 0.2
"""Part by which a healthy feed's interval may differ from the configured one."""
GROWTH = 0.05
"""Part by which memory may grow from the first third to the last."""
SPARE = 3
"""Descriptors or threads that the last third may have more than the first: requests come and go."""
SETTLE_SECONDS = 150.0
"""From the last item until all are delivered, at most: pages that fail are tried three times."""


class Sample(NamedTuple):
    """How the service was at one moment. Memory in MiB, of the main process and of the whole tree."""

    minute: float
    main_pss: float
    main_uss: float
    tree_pss: float
    tree_uss: float
    fds: float
    tree_fds: float
    threads: float
    processes: float
    wal: float
    outbox: float
    pending: float


def main() -> int:
    options = _options()
    bars = Bars()
    with tempfile.TemporaryDirectory(prefix="newstap-soak-") as temporary:
        folder = Path(options.keep or temporary)
        with _room(options) as (room, urls), _service(folder, urls) as service:
            warm_at = time.monotonic() + _warm_up(options.minutes) * 60
            samples = list(_samples(service, folder, options))
            report = _settled(room, folder)
            code, seconds = ended(service)
        warm = [each for each in samples if each.minute > _warm_up(options.minutes)]
        _table(samples, warm)
        _flat(bars, warm)
        _punctual(bars, [[at for at in times if at > warm_at] for times in report["polls"].values()])
        _once(bars, folder, report["shown"], set(urls["healthy"]))
        bars.hold(good=code == 0, told=f"SIGTERM ended it with {code} after {seconds:.1f} s")
        untroubled(bars, (folder / "log").read_text("utf-8"))
    return 1 if bars.missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--healthy", type=int, default=40)
    parser.add_argument("--broken", type=int, default=60)
    parser.add_argument("--kills", type=float, default=120.0, help="mean seconds between two kills; 0 for none")
    parser.add_argument("--keep", type=Path, help="where state, output and log stay; must be empty")
    return parser.parse_args()


@contextmanager
def _room(options: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    script = Path(__file__).with_name("brokenroom.py")
    command = [sys.executable, str(script), str(options.healthy), str(options.broken), str(PUBLISH)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as room:
        try:
            yield room, told_by(room.stdout)
        finally:
            room.kill()


@contextmanager
def _service(folder: Path, urls: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "newstap.toml"
    feeds = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in (*urls["healthy"], *urls["broken"]))
    config.write_text(CONFIG + feeds)
    command = [sys.executable, "-m", "ingest", "run", "--config", str(config)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stderr=log, text=True, start_new_session=True) as service,
    ):
        try:
            yield service
        finally:
            service.kill()


def _samples(service: subprocess.Popen[str], folder: Path, options: argparse.Namespace) -> Iterator[Sample]:
    seconds = options.minutes * 60
    every = min(10.0, seconds / 30)
    metrics = listening(folder / "log", service) + "/metrics"
    began = time.monotonic()
    kill_at = began + _until_next(options.kills)
    for n in range(1, int(seconds / every) + 1):
        while (left := began + n * every - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            if time.monotonic() >= kill_at:
                _kill_one(service.pid)
                kill_at = time.monotonic() + _until_next(options.kills)
        if service.poll() is not None:
            raise SystemExit(f"the service ended by itself with {service.returncode}")
        yield _sample(service.pid, folder, metrics, (time.monotonic() - began) / 60)


def _until_next(mean: float) -> float:
    return random.expovariate(1 / mean) if mean else float("inf")


def _kill_one(pid: int) -> None:
    """Kill a worker, a parser, the server that forks them, or what else is below the main process."""
    below = [one for one in tree(pid) if one != pid]
    if below:
        send(random.choice(below), signal.SIGKILL)


def _sample(pid: int, folder: Path, metrics: str, minute: float) -> Sample:
    queues = scraped(metrics)
    return Sample(
        minute,
        *usage(pid),
        wal=size(folder / "var" / "state" / "state.sqlite-wal") / 2**20,
        outbox=queues["newstap_outbox_rows"],
        pending=queues["newstap_pending_pages"],
    )


def _settled(room: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """End the publishing; return the newsroom's report once everything that was shown came out, or after a while."""
    tell(room, "rest")
    deadline = time.monotonic() + SETTLE_SECONDS
    time.sleep(3 * INTERVAL)
    while True:
        tell(room, "report")
        report: dict[str, Any] = told_by(room.stdout)
        out = _urls(_rows(folder, "records")) | _urls(_rows(folder, "dead-letters"))
        if set(report["shown"]) <= out or time.monotonic() > deadline:
            return report
        time.sleep(INTERVAL)


def _table(samples: Sequence[Sample], warm: Sequence[Sample]) -> None:
    print("".join(f"{name.replace('_', ' '):>10}" for name in Sample._fields))
    for each in samples[:: max(len(samples) // 15, 1)]:
        print("".join(f"{value:>10.1f}" for value in each))
    slopes = [slope([each.minute / 60 for each in warm], column) for column in zip(*warm, strict=True)]
    print("".join(["per hour".rjust(10), *(f"{each:>+10.1f}" for each in slopes[1:])]))


def _flat(bars: Bars, warm: Sequence[Sample]) -> None:
    third = len(warm) // 3
    for name in ("main_pss", "main_uss", "tree_pss", "tree_uss", "fds", "tree_fds", "threads", "wal", "pending"):
        values = [getattr(each, name) for each in warm]
        first, last = statistics.median(values[:third]), statistics.median(values[-third:])
        told = f"{name.replace('_', ' ')}: median {first:.1f} in the first third, {last:.1f} in the last"
        if name.endswith("ss"):
            bars.hold(good=last <= first * (1 + GROWTH), told=f"{told} ({last / first - 1:+.1%})")
        elif name != "wal":
            bars.hold(good=last <= first + max(SPARE, first * GROWTH), told=told)
        else:
            bars.hold(good=last <= 64, told=told)


def _punctual(bars: Bars, polls: Sequence[Sequence[float]]) -> None:
    gaps = [[later - earlier for earlier, later in pairwise(times)] for times in polls]
    every = [gap for each in gaps for gap in each]
    medians = [statistics.median(each) for each in gaps]
    parts = statistics.quantiles(every, n=100)
    print(f"        load of the machine: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores in the last five minutes")
    told = f"{len(every)} intervals of healthy feeds, {INTERVAL:g} s configured"
    print(f"        {told}: median {parts[49]:.2f}, p5 {parts[4]:.2f}, p95 {parts[94]:.2f}, p99 {parts[98]:.2f} s")
    low, high = INTERVAL * (1 - OFF), INTERVAL * (1 + OFF)
    bars.hold(good=low <= min(medians) and max(medians) <= high, told=f"medians {min(medians):.2f}-{max(medians):.2f}")
    bars.hold(good=low <= parts[4] and parts[94] <= high, told="p5 and p95 within 20 %")


def _once(bars: Bars, folder: Path, shown: list[str], healthy: set[str]) -> None:
    records, letters = _rows(folder, "records"), _rows(folder, "dead-letters")
    hosts = {url.removesuffix("/feed") for url in healthy}
    keys = Counter((row["id"], row["revision"]["n"]) for row in records)
    doubled = [key for key, n in keys.items() if n > 1]
    out = _urls(records)
    mine = [url for url in shown if url.partition("/story")[0] in hosts]
    lost = [url for url in mine if url not in out] + [url for url in shown if url not in out | _urls(letters)]
    sources = Counter(row["text_source"] for row in records if row["url"].partition("/story")[0] in hosts)
    bars.hold(
        good=not lost,
        told=f"{len(shown)} items shown, {len(mine)} by healthy feeds, from {dict(sources)}; lost: {lost}",
    )
    bars.hold(good=not doubled, told=f"{len(records)} records; delivered twice: {doubled}")
    revised = [row["url"] for row in records if row["revision"]["n"] > 1 and row["url"] in set(mine)]
    bars.hold(good=not revised, told=f"no revision of what was never edited: {revised}")
    print(f"        dead letters: {dict(Counter(row['error'] for row in letters))}")


def _warm_up(minutes: float) -> float:
    """Return the minutes that are left out, when caches fill and everything is new."""
    return min(minutes / 4, 5.0)


def _rows(folder: Path, kind: str) -> list[dict[str, Any]]:
    files = (folder / "var" / "out" / kind).glob("*.jsonl")
    return [json.loads(line) for file in files for line in file.read_bytes().split(b"\n")[:-1]]


def _urls(rows: list[dict[str, Any]]) -> set[str]:
    return {row.get("canonical_url") or row["url"] for row in rows}


if __name__ == "__main__":
    raise SystemExit(main())
