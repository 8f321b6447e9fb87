"""Throughput and memory of `newstap replay`, as ratios to a bare trafilatura loop in the same run.

    python benchmarks/replay.py [--pages 1000] [--repeats 5] [--shared DIR]

Prints the replay's rate with one worker on one core against the loop on that core, two workers on two cores against one
worker on two cores, and the peak memory of the process tree. The loop is `trafilatura.extract(html,
include_comments=False)`. Rates are counted from the first record in the file to the last: start-up is left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETS = ("aeb", "news", "articles")
LOOP = """
import sys, time, gzip, json, trafilatura
pages = [json.loads(line)["html"] for line in gzip.open(sys.argv[1])]
for page in pages[:20]:
    trafilatura.extract(page, include_comments=False)
began = time.perf_counter()
for page in pages:
    trafilatura.extract(page, include_comments=False)
print(len(pages) / (time.perf_counter() - began))
"""


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder:
        archive = Path(folder) / "pages.jsonl.gz"
        count = _write(archive, options.shared / "extraction", options.pages)
        cores = sorted(os.sched_getaffinity(0))
        print(f"{count} pages, {len(cores)} cores")
        rows = [_round(archive, Path(folder), count, cores) for _ in range(options.repeats)]
    for name, unit in (
        ("loop", "pages/s"),
        ("one core", "pages/s"),
        ("one worker", "pages/s"),
        ("two workers", "pages/s"),
    ):
        values = [row[name] for row in rows]
        print(f"{name:14} {statistics.median(values):8.1f} {unit}  ({min(values):.1f} to {max(values):.1f})")
    print(f"one core / loop            {_median(rows, 'one core', 'loop'):.2f}   (bar 0.9)")
    print(f"two workers / one worker   {_median(rows, 'two workers', 'one worker'):.2f}   (bar 1.7)")
    print(f"peak memory of the tree    {max(row['memory'] for row in rows):.0f} MiB (PSS, two workers)")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = Path(__file__).resolve().parents[1].parent / "shared"
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("NEWSTAP_SHARED", beside)))
    return parser.parse_args()


def _write(target: Path, folder: Path, wanted: int) -> int:
    """Write the labelled pages, repeated under new URLs, until there are enough."""
    rows = []
    for name in SETS:
        with gzip.open(folder / f"{name}.jsonl.gz") as stream:
            rows += [json.loads(line) for line in stream]
    with gzip.open(target, "wb", compresslevel=1) as out:
        for number in range(max(wanted, len(rows))):
            row = rows[number % len(rows)]
            page = {"id": f"{number}", "url": f"https://bench.example/{number}", "html": row["html"]}
            out.write(json.dumps(page).encode() + b"\n")
    return max(wanted, len(rows))


def _round(archive: Path, folder: Path, count: int, cores: list[int]) -> dict[str, float]:
    row = {"loop": _loop(archive, cores[:1])}
    row["one core"], _ = _replay(archive, folder, count, cores[:1], workers=1)
    row["one worker"], _ = _replay(archive, folder, count, cores[:2], workers=1)
    row["two workers"], row["memory"] = _replay(archive, folder, count, cores[:2], workers=2)
    return row


def _loop(archive: Path, cores: list[int]) -> float:
    command = [sys.executable, "-c", LOOP, str(archive)]
    with pinned(cores):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _replay(archive: Path, folder: Path, count: int, cores: list[int], *, workers: int) -> tuple[float, float]:
    """Return records per second from the first to the last, and the peak memory of the process tree in MiB."""
    with tempfile.TemporaryDirectory(dir=folder) as target:
        command = [sys.executable, "-m", "ingest", "replay", str(archive), "--to", target, "--workers", str(workers)]
        with (folder / "log").open("wb") as log, pinned(cores):
            process = subprocess.Popen(command, stderr=log)
        first = last = (0.0, 0)
        memory = 0.0
        looked = 0.0
        while process.poll() is None:
            now = (time.perf_counter(), _lines(Path(target)))
            first = first if first[1] else now
            last = now if now[1] > last[1] else last
            if now[0] - looked > 1:  # reading smaps of a busy tree is not free
                memory, looked = max(memory, memory_of(process.pid)), now[0]
            time.sleep(0.05)
    if process.returncode or last[1] < 0.8 * count:
        raise SystemExit(
            f"replay ended with {process.returncode} after {last[1]} records: {(folder / 'log').read_text()}"
        )
    return (last[1] - first[1]) / (last[0] - first[0]), memory


def _lines(target: Path) -> int:
    """Count the records written so far, incrementally."""
    path = target / "records" / "active.jsonl"
    if not path.exists():
        return _seen.get(str(target), (0, 0))[1]
    place, lines = _seen.get(str(target), (0, 0))
    with path.open("rb") as stream:
        stream.seek(place)
        piece = stream.read()
    _seen[str(target)] = (place + len(piece), lines + piece.count(b"\n"))
    return _seen[str(target)][1]


_seen: dict[str, tuple[int, int]] = {}


def memory_of(root: int) -> float:
    """Return the PSS of a process and all below it, in MiB."""
    total = 0
    for pid in tree_of(root):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (OSError, ProcessLookupError):
            continue  # it has ended meanwhile
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def tree_of(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                continue  # it has ended meanwhile
    return found


@contextmanager
def pinned(cores: list[int]) -> Iterator[None]:
    """Let processes that are started meanwhile have these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _median(rows: list[dict[str, float]], over: str, under: str) -> float:
    return statistics.median(row[over] / row[under] for row in rows)


if __name__ == "__main__":
    sys.exit(main())
