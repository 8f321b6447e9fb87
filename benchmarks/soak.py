"""Memory of one extraction worker over many pages: its PSS must grow by less than 5 % from page 2,000 to page 20,000.

    python benchmarks/soak.py [--pages 20000] [--from 2000]

The worker is the service's own (`ingest/pool.py`), never replaced here; its pages are the labelled ones, over and over
under new addresses, or the demo's where those are missing. PSS counts what it shares with others in proportion. Each
figure is the least of the readings after 20 pages in a row: the worker is at work on the next page when one is taken,
and gives free memory back only every 250 pages, just after it has answered.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("NEWSTAP_SHARED", CHECKOUT.parent / "shared")) / "extraction"
MAX_GROWTH = 0.05
STEP = 1000
READINGS = 20
sys.path.insert(0, str(CHECKOUT))

from ingest.config import Config  # noqa: E402 - behind the path that it is found by
from ingest.pool import Pool  # noqa: E402 - as above
from ingest.recipe import Limits, Recipe  # noqa: E402 - as above
from processors.records import Form, Mode, Origin, Page, Record  # noqa: E402 - as above


def bodies() -> list[bytes]:
    found = []
    for path in sorted(SHARED.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line)["html"].encode("utf-8", "replace") for line in lines]
    return found or [path.read_bytes() for path in sorted((CHECKOUT / "ingest/demo/archive/pages").glob("*.html"))]


def entries(count: int) -> Iterator[tuple[Page, int]]:
    held, origin = bodies(), Origin(mode=Mode.REPLAY)
    for n in range(count):
        url = f"https://soak-{n % 97}.example/{n}"
        yield Page(form=Form.HTML, body=held[n % len(held)], origin=origin, url=url), n + 1


def pss_of(pids: set[int]) -> float:
    """Return MiB."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def workers() -> set[int]:
    """Return the grandchildren of this process: workers are children of the fork server."""
    return {pid for child in _children(os.getpid()) for pid in _children(child)}


def _children(pid: int) -> list[int]:
    return [int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--from", type=int, default=2_000, dest="start")
    options = parser.parse_args()
    limits = Limits(seconds=60, memory_mb=4000, pages=options.pages + 1)
    pool = Pool[int](Recipe(config=Config()), workers=1, limits=limits)
    first = last = 0.0
    records = 0
    readings: list[float] = []
    for answer in pool.run(entries(options.pages)):
        if answer is None:
            continue
        outcome, n = answer
        records += isinstance(outcome, Record)
        if n >= options.start and (n % STEP < READINGS or n > options.pages - READINGS):
            readings.append(pss_of(workers()))
        if len(readings) == READINGS:
            last = min(readings)
            first = first or last
            readings = []
            print(f"page {n:6}: {last:7.1f} MiB, {records} records", flush=True)
    growth = last / first - 1
    print(f"growth from page {options.start} to {options.pages}: {growth:.1%}   (bar {MAX_GROWTH:.0%})")
    return 0 if growth < MAX_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
