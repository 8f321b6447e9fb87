"""The whole service over a busy newsroom, in compressed time: whether anything grows.

    python -m benchmarks.soak_service [--minutes 120] [--outlets 20] [--broken 10] [--kafka HOST:PORT] [--keep DIR]

What takes days elsewhere takes seconds here: feeds are polled every second, each outlet (`benchmarks/busyroom.py`)
publishes an article every ten, files rotate every 20 and archives every 30 seconds, the archive deletes its oldest
beyond 4 MB, what was learned of sites is taken up every five seconds, robots.txt is believed for twenty, and the
configuration is read anew (SIGHUP) every thirty. Stories, archive and files are on, Kafka where a broker is named.

Some fifty times memory (PSS, USS), descriptors, threads, the sizes of WAL files, of the state and of the archive, and
the outbox are looked at. Printed are their medians by tenth of the run, their growth after the warm-up (slope by least
squares, times its length) against a bar each, and whether at its end the books hold, in the state and in the archive.
Exit code 1 where a bar is missed.

One thing grows by design: the window of `docs/stories.md`, 48 hours of documents at 5 kB each; record time is the
clock's and cannot be compressed. So much for each record is taken off memory before it is held against its bar.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.watching import Bars, ended, listening, scraped, send, size, slope, tell, told_by, untroubled, usage

PUBLISH = 10.0
"""Seconds between two articles of an outlet."""
CONFIG = """
[schedule]
interval_seconds = 1
min_interval_seconds = 1
max_interval_seconds = 10
backoff_seconds = 1
dead_after_errors = 20
dead_interval_seconds = 20
gone_confirm_seconds = 20
gone_probe_seconds = 20
unconditional_seconds = 60
[fetch]
user_agent = "newstap/VERSION (+https://example.org/soak)"
timeout_seconds = 3
host_delay_seconds = 0.02
allow_networks = ["127.0.0.0/8"]
robots_ttl_seconds = 20
[profiles]
refresh_seconds = 5
[extraction]
workers = 2
[sinks.files]
rotate_seconds = 20
compression = "zstd"
[archive]
rotate_seconds = 30
rotate_bytes = 1_000_000
keep_bytes = 4_000_000
[dashboard]
listen = "127.0.0.1:0"
"""
KAFKA = """
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
"""
DOCUMENT = 5 / 1024
"""MiB that a document of the window takes (docs/stories.md)."""
RELOAD = 30.0
LOOKS = 50
SETTLE_SECONDS = 20.0
MEMORY, SPARE, WAL, STATE, ARCHIVE = 0.05, 4.0, 16.0, 16.0, 4.0 + 2 * 1.0
"""The bars: growth of memory in parts, of descriptors and threads in pieces; MiB of WAL files at any time; kB of state
for each document that was read (its links, entries, last text); MB of the archive: what is kept, and what is young."""


class Sample(NamedTuple):
    """How the service was at one moment. Memory and sizes in MiB, archive in MB."""

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
    state: float
    outbox: float
    pending: float
    archive: float
    warcs: float
    records: float
    documents: float


def main() -> int:
    options = _options()
    bars = Bars()
    with tempfile.TemporaryDirectory(prefix="newstap-soak-") as temporary:
        folder = Path(options.keep or temporary)
        with _room(options) as (room, feeds), _service(folder, feeds, options.kafka) as service:
            samples = list(_samples(service, folder, options.minutes * 60))
            tell(room, "rest")
            time.sleep(SETTLE_SECONDS)
            code, seconds = ended(service)
        warm = [each for each in samples if each.minute > _warm_up(options.minutes)]
        _table(samples)
        _flat(bars, warm)
        _bounded(bars, samples, warm)
        bars.hold(good=code == 0, told=f"SIGTERM ended it with {code} after {seconds:.1f} s")
        untroubled(bars, (folder / "log").read_text("utf-8"))
        for command in (["audit"], ["archive", "verify"]):
            _whole(bars, folder, command)
    return 1 if bars.missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--broken", type=int, default=10)
    parser.add_argument("--kafka", metavar="HOST:PORT", help="a broker to deliver to as well; topics of its own")
    parser.add_argument("--keep", type=Path, help="where state, output and log stay; must be empty")
    return parser.parse_args()


@contextmanager
def _room(options: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [sys.executable, "-m", "benchmarks.busyroom", str(options.outlets), str(options.broken), str(PUBLISH)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as room:
        try:
            urls = told_by(room.stdout)
            yield room, [*urls["good"], *urls["broken"]]
        finally:
            room.kill()


@contextmanager
def _service(folder: Path, feeds: Sequence[str], kafka: str | None) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(parents=True, exist_ok=True)
    sink = KAFKA.format(bootstrap=kafka, prefix=f"soak-{secrets.token_hex(4)}") if kafka else ""
    config = folder / "newstap.toml"
    config.write_text(CONFIG + sink + "".join(f'[[feeds]]\nurl = "{url}"\n' for url in feeds))
    command = [sys.executable, "-m", "ingest", "run", "--config", str(config)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stderr=log, text=True, start_new_session=True) as service,
    ):
        try:
            yield service
        finally:
            service.kill()


def _samples(service: subprocess.Popen[str], folder: Path, seconds: float) -> Iterator[Sample]:
    metrics = listening(folder / "log", service) + "/metrics"
    began = time.monotonic()
    reload_at = began + RELOAD
    for n in range(1, LOOKS + 1):
        while (left := began + n * seconds / LOOKS - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            if time.monotonic() >= reload_at:
                send(service.pid, signal.SIGHUP)
                reload_at += RELOAD
        if service.poll() is not None:
            raise SystemExit(f"the service ended by itself with {service.returncode}: {folder / 'log'}")
        yield _sample(service.pid, folder / "var", metrics, (time.monotonic() - began) / 60)


def _sample(pid: int, var: Path, metrics: str, minute: float) -> Sample:
    told = scraped(metrics)
    documents = {name: value for name, value in told.items() if name.startswith("newstap_documents_total{")}
    return Sample(
        minute,
        *usage(pid),
        wal=_sum(var, "*-wal") / 2**20,
        state=_sum(var / "state", "*.sqlite") / 2**20,
        outbox=told["newstap_outbox_rows"],
        pending=told["newstap_pending_pages"],
        archive=_sum(var / "archive", "*.warc*") / 1e6,
        warcs=len(list((var / "archive").rglob("*.warc*"))),
        records=sum(value for name, value in documents.items() if 'kind="record"' in name),
        documents=sum(documents.values()),
    )


def _table(samples: Sequence[Sample]) -> None:
    print("".join(f"{name.replace('_', ' '):>10}" for name in Sample._fields))
    for tenth in range(10):
        part = samples[tenth * len(samples) // 10 : (tenth + 1) * len(samples) // 10]
        print("".join(f"{statistics.median(column):>10.1f}" for column in zip(*part, strict=True)))


def _flat(bars: Bars, warm: Sequence[Sample]) -> None:
    for name in ("main_pss", "main_uss", "tree_pss", "tree_uss"):
        grown, start = _growth(warm, lambda one, name=name: getattr(one, name) - one.records * DOCUMENT)
        told = f"{name.replace('_', ' ')}: {grown:+.1f} MiB from {start:.1f} ({grown / start:+.1%}), the window apart"
        bars.hold(good=grown <= start * MEMORY, told=told)
    for name in ("fds", "tree_fds", "threads", "processes", "pending", "outbox"):
        grown, start = _growth(warm, lambda one, name=name: getattr(one, name))
        told = f"{name.replace('_', ' ')}: {grown:+.1f} from {start:.1f}"
        bars.hold(good=grown <= max(SPARE, start * MEMORY), told=told)


def _bounded(bars: Bars, samples: Sequence[Sample], warm: Sequence[Sample]) -> None:
    most = max(one.wal for one in samples)
    bars.hold(good=most <= WAL, told=f"WAL files: {most:.1f} MiB at most (bar {WAL:g})")
    documents = warm[-1].documents - warm[0].documents
    each = (warm[-1].state - warm[0].state) * 1024 / max(documents, 1)
    told = f"{each:.1f} kB of state for each of {documents:.0f} documents (bar {STATE:g})"
    bars.hold(good=each <= STATE, told=told)
    most = max(one.archive for one in samples)
    bars.hold(good=most <= ARCHIVE, told=f"archive: {most:.1f} MB at most (bar {ARCHIVE:g})")
    least = samples[-1].minute * 60 / PUBLISH
    bars.hold(good=samples[-1].records > least, told=f"{samples[-1].records:.0f} records: it was at work")


def _growth(warm: Sequence[Sample], value: Callable[[Sample], float]) -> tuple[float, float]:
    """Return by how much something grew after the warm-up, by its slope, and its median in the first fifth of that."""
    values = [value(one) for one in warm]
    minutes = [one.minute for one in warm]
    return slope(minutes, values) * (minutes[-1] - minutes[0]), statistics.median(values[: max(len(values) // 5, 1)])


def _whole(bars: Bars, folder: Path, command: Sequence[str]) -> None:
    whole = [sys.executable, "-m", "ingest", *command, "--config", str(folder / "newstap.toml")]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    last = ((done.stdout + done.stderr).strip().splitlines() or [""])[-1]
    bars.hold(good=done.returncode == 0, told=f"newstap {' '.join(command)}: {done.returncode}, {last}")


def _warm_up(minutes: float) -> float:
    """Return the minutes that are left out, when caches fill, workers are new and the archive reaches its size."""
    return min(minutes / 4, 10.0)


def _sum(folder: Path, pattern: str) -> int:
    return sum(map(size, folder.rglob(pattern)))


if __name__ == "__main__":
    raise SystemExit(main())
