"""What polling costs: the service over many feeds, against bare requests and bare parsing of the same in the same run.

    python benchmarks/feeds.py [--feeds 10000] [--hosts 400] [--speed 10] [--hours 1]

The feeds are polled every ten minutes, `--speed` times faster than in earnest; pages are not fetched. Printed are how
late polls began, the CPU time of the whole process tree for one poll against that of a bare `httpx` request of the
same URL plus a bare `feedparser.parse` of the documents that had changed, and the memory of the process tree. Service
and reference run on the same core, the hosts on another one.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, NamedTuple

import feedparser
import httpx

from benchmarks.feedhosts import document
from benchmarks.watching import scraped

CONFIG = """
[schedule]
interval_seconds = {interval}
min_interval_seconds = {interval}
max_interval_seconds = {interval}
first_fetch = "new"
[fetch]
user_agent = "newstap/VERSION (+https://example.org/bench)"
host_delay_seconds = {delay}
allow_networks = ["127.0.0.0/8"]
pages = false
[topics]
enabled = ["north-korea", "russia", "china"]
[extraction]
workers = 1
[dashboard]
listen = "127.0.0.1:0"
[logging]
level = "warning"
"""


class Figures(NamedTuple):
    """What was measured between two scrapes."""

    rise: dict[str, float]
    """Of every series of `/metrics`."""
    cpu: float
    seconds: float
    memory: float


_TICK = os.sysconf("SC_CLK_TCK")


def main() -> int:
    options = _options()
    cores = sorted(os.sched_getaffinity(0))
    here = Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder:
        command = [sys.executable, str(here / "feedhosts.py"), str(options.hosts)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hosts:
            os.sched_setaffinity(hosts.pid, cores[-1:])
            ports = json.loads(_line(hosts.stdout))
            urls = [f"http://127.0.0.1:{ports[n % len(ports)]}/{n}.xml" for n in range(options.feeds)]
            os.sched_setaffinity(0, cores[:1])
            reference = asyncio.run(_bare(urls))
            _service(Path(folder), urls, options, reference)
            hosts.stdin.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=400)
    parser.add_argument("--speed", type=float, default=10.0, help="how many times faster than in earnest")
    parser.add_argument("--hours", type=float, default=1.0, help="simulated")
    return parser.parse_args()


async def _bare(urls: list[str]) -> float:
    """Return the CPU seconds of one bare poll: a conditional request, and two parsed documents in a hundred."""
    count = min(len(urls), 5_000)
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=5)
    queue = iter(urls[:count])

    async def work(client: httpx.AsyncClient) -> None:
        for url in queue:
            (await client.get(url, headers={"If-None-Match": '"v1"'})).read()

    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
        began = time.process_time()
        await asyncio.gather(*(work(client) for _ in range(10)))
        requests = (time.process_time() - began) / count
    bodies = [document(n, 1) for n in range(100)]
    began = time.process_time()
    for body in bodies:
        feedparser.parse(io.BytesIO(body))
    parses = (time.process_time() - began) / len(bodies)
    print(f"bare httpx request     {requests * 1000:7.2f} ms CPU   ({count} requests, 10 at a time)")
    print(f"bare feedparser.parse  {parses * 1000:7.2f} ms CPU   (a document of {len(bodies[0])} bytes)")
    return requests + parses * 0.02


def _service(folder: Path, urls: list[str], options: argparse.Namespace, reference: float) -> None:
    interval = 600 / options.speed
    config = folder / "newstap.toml"
    feeds = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
    config.write_text(CONFIG.format(interval=interval, delay=1 / options.speed) + feeds)
    command = [sys.executable, "-m", "ingest", "run", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        try:
            metrics = re.search(r"http://\S+", _line(service.stderr, "listening on"))[0] + "/metrics"
            _settle(metrics, options.feeds, service)
            before, cpu, began = scraped(metrics), _cpu(service.pid), time.monotonic()
            memory = _wait(3600 * options.hours / options.speed, service)
            rise = {name: value - before.get(name, 0.0) for name, value in scraped(metrics).items()}
            figures = Figures(rise, _cpu(service.pid) - cpu, time.monotonic() - began, memory)
        finally:
            service.terminate()
            rest = service.communicate(timeout=60)[1]
    print(rest, end="")
    _report(figures, reference, options)


def _report(figures: Figures, reference: float, options: argparse.Namespace) -> None:
    rise, seconds, cpu = figures.rise, figures.seconds, figures.cpu
    polls = rise["newstap_poll_delay_seconds_count"]
    expected = options.feeds * seconds * options.speed / 600
    punctual = [rise[f'newstap_poll_delay_seconds_bucket{{le="{bound}"}}'] for bound in ("2.5", "5.0", "30.0")]
    kinds = ("unmodified", "same", "modified", "failed")
    counts = {kind: int(rise[f'newstap_polls_total{{outcome="{kind}"}}']) for kind in kinds}
    simulated = seconds * options.speed / 3600
    records = int(rise['newstap_text_source_total{source="feed"}'])
    print(
        f"service, {seconds:.0f} s for {simulated:.2f} simulated hours: {polls:.0f} polls {counts}, {records} records"
    )
    print(f"polls made / due           {polls / expected:7.3f}")
    print(f"polls over 2.5, 5, 30 s late: {[int(polls - n) for n in punctual]} (real seconds; bar: none over 30)")
    print(f"mean delay of a poll       {rise['newstap_poll_delay_seconds_sum'] / polls:7.3f} s")
    print(f"CPU per poll, process tree {cpu / polls * 1000:7.2f} ms   ({cpu / seconds * 100:.0f} % of a core)")
    print(f"CPU per poll / bare        {cpu / polls / reference:7.2f}      (bar 2)")
    print(f"memory of the tree         {figures.memory:7.0f} MiB PSS, peak (bar 400)")


def _wait(seconds: float, service: subprocess.Popen[str]) -> float:
    """Wait, and return the peak memory of the process tree in MiB."""
    deadline, peak = time.monotonic() + seconds, 0.0
    while time.monotonic() < deadline:
        if service.poll() is not None:
            raise SystemExit(f"the service ended: {service.stderr.read() if service.stderr else ''}")
        peak = max(peak, sum(map(_pss, _tree(service.pid))))
        time.sleep(min(5.0, max(deadline - time.monotonic(), 0.0)))
    return peak / 1024


def _settle(metrics: str, feeds: int, service: subprocess.Popen[str]) -> None:
    """Wait until every feed was polled twice and what the first round found is delivered."""
    while True:
        _wait(2.0, service)
        now = scraped(metrics)
        if now["newstap_poll_delay_seconds_count"] >= 2 * feeds and not now["newstap_outbox_rows"]:
            return


def _tree(pid: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _cpu(pid: int) -> float:
    """CPU seconds of a process tree, those of children that have ended included."""
    total = 0
    for one in _tree(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / _TICK


def _pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return float(next((line.split()[1] for line in lines if line.startswith("Pss:")), 0))


def _line(stream: IO[str] | None, word: str = "") -> str:
    for line in stream or ():
        if word in line:
            return line
    raise SystemExit("it ended before it said anything")


if __name__ == "__main__":
    raise SystemExit(main())
