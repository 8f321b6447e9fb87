"""What 500 slow connections to the dashboard and a scraper in a loop cost the ingestion.

    python benchmarks/dashboard.py [--connections 500] [--seconds 8] [--rounds 5]

A service reads a feed that has new entries at each poll, more than it can keep up with. In turn it is left alone and
attacked for so many seconds: a third of the connections open live streams and read nothing, a third send a byte of a
request's head each second, a third ask for pages and read a few bytes each second; whoever is cut comes back. One more
asks for the metrics again and again. Printed are, for each kind of time, CPU time of the service (main process and
children) for a record, and records a second; then what the attack costs in CPU time, as a part of the machine's cores:
what an ingestion that uses all of them loses. The attackers take their share of the same cores, and so does whatever
else runs: records a second tell of that, too, and CPU time alone tells of the dashboard. Exit code 1 where the bar is
missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import cpu_of_tree, load

BAR = 0.10
ENTRIES = 400
"""New in each document of the feed."""
WARM_SECONDS = 10.0
CONFIG = """
[schedule]
interval_seconds = 0.5
min_interval_seconds = 0.2
max_interval_seconds = 1
first_fetch = "all"
[fetch]
user_agent = "newstap/VERSION (+https://example.org/bench)"
host_delay_seconds = 0
allow_networks = ["127.0.0.0/8"]
pages = false
[dashboard]
listen = "127.0.0.1:0"
[[feeds]]
url = "URL"
"""
SENTENCE = "The council of Little Wickham met on the question of the bridge; of its stones {} were counted. "


class Span(NamedTuple):
    """What happened in a span of time."""

    cpu: float
    """Seconds, of the service."""
    records: float
    seconds: float

    @property
    def each(self) -> float:
        """Milliseconds of CPU time for a record."""
        return 1000 * self.cpu / self.records

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, _feed() as feed, _service(Path(folder), feed) as (pid, url):
        time.sleep(WARM_SECONDS)
        quiet, attacked = [], []
        for _ in range(options.rounds):
            quiet.append(_span(pid, url, options.seconds))
            with _attack(url, options.connections) as tally:
                attacked.append(_span(pid, url, options.seconds))
            print(f"{quiet[-1].each:7.2f} ms  {attacked[-1].each:7.2f} ms  {dict(tally)}", flush=True)
    return _report(quiet, attacked)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _report(quiet: list[Span], attacked: list[Span]) -> int:
    for name, spans in (("left alone", quiet), ("attacked", attacked)):
        print(
            f"{name:>10}: {_median(s.each for s in spans):.2f} ms of CPU time for a record, "
            f"{_median(s.rate for s in spans):.0f} records a second (medians)"
        )
    each, cores = _median(s.each for s in quiet), len(os.sched_getaffinity(0))
    cost = _median((s.cpu - each / 1000 * s.records) / s.seconds for s in attacked)
    print(f"the attack costs {1000 * cost:.0f} ms of CPU time a second, of {cores} cores; load {load()}")
    print(f"part: {cost / cores:.3f} (bar {BAR})")
    return 0 if cost / cores <= BAR else 1


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _span(pid: int, url: str, seconds: float) -> Span:
    began, cpu, records = time.monotonic(), _cpu(pid), _records(url)
    time.sleep(seconds)
    return Span(_cpu(pid) - cpu, _records(url) - records, time.monotonic() - began)


def _cpu(pid: int) -> float:
    return sum(cpu_of_tree(pid).values())


def _records(url: str) -> float:
    while True:
        with suppress(OSError, HTTPException), urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
            text = answer.read().decode()
            found = re.search(r'^newstap_documents_total\{kind="record",reason=""\} (\S+)$', text, re.MULTILINE)
            return float(found[1]) if found else 0.0
        time.sleep(0.1)  # cut, among all the others


@contextmanager
def _feed() -> Iterator[str]:
    """Serve a feed whose entries are new at each request."""
    numbers = count(1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = _document([next(numbers) for _ in range(ENTRIES)])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _document(numbers: list[int]) -> bytes:
    items = "".join(
        f"<item><title>Bridge report {n}</title><guid>g-{n}</guid><link>http://wickham.example/{n}</link>"
        f"<description>{''.join(SENTENCE.format(n * part) for part in range(1, 25))}</description></item>"
        for n in numbers
    )
    return f'<rss version="2.0"><channel><title>The Courier</title>{items}</channel></rss>'.encode()


@contextmanager
def _service(folder: Path, feed: str) -> Iterator[tuple[int, str]]:
    (folder / "newstap.toml").write_text(CONFIG.replace("URL", feed))
    command = [sys.executable, "-m", "ingest", "run", "--config", "newstap.toml"]
    with (folder / "log").open("w+") as log, subprocess.Popen(command, cwd=folder, stderr=log) as service:
        try:
            while (found := re.search(r"listening on (\S+)", (folder / "log").read_text())) is None:
                if service.poll() is not None:
                    raise SystemExit((folder / "log").read_text())
                time.sleep(0.05)
            yield service.pid, found[1]
        finally:
            service.terminate()


@contextmanager
def _attack(url: str, connections: int) -> Iterator[dict[str, int]]:
    """Attack from a thread within the block; lend what it counts: connections made, and answers to the scraper."""
    tally = {"connections": 0, "scrapes": 0}
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_attacking(url, connections, tally, stop)))
    thread.start()
    time.sleep(1.0)  # all are connected by then
    try:
        yield tally
    finally:
        stop.set()
        thread.join()


async def _attacking(url: str, connections: int, tally: dict[str, int], stop: threading.Event) -> None:
    host, _, port = url.removeprefix("http://").rpartition(":")
    tasks = [asyncio.create_task(_slow(host, int(port), n, tally)) for n in range(connections)]
    tasks.append(asyncio.create_task(_scraper(host, int(port), tally)))
    while not stop.is_set():
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _slow(host: str, port: int, number: int, tally: dict[str, int]) -> None:
    """Be one slow client, again whenever it is cut."""
    manner = (_mute, _dribbling, _sipping)[number % 3]
    await asyncio.sleep(number / 1000)
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(host, port, limit=1024)
            tally["connections"] += 1
            try:
                await manner(reader, writer, host)
            finally:
                writer.close()
        await asyncio.sleep(2)


async def _mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
    writer.write(f"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await asyncio.sleep(11)  # the listener cuts it before, which a client that does not read does not notice


async def _dribbling(_: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
    for byte in f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: {'x' * 1000}\r\n\r\n".encode():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def _sipping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
    writer.write(f"GET /overview HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    while await reader.read(64):
        await asyncio.sleep(1)


async def _scraper(host: str, port: int, tally: dict[str, int]) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            await reader.read()
            writer.close()
            tally["scrapes"] += 1


if __name__ == "__main__":
    sys.exit(main())
