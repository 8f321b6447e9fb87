"""A town of loopback hosts with feeds and pages, in a process of its own, which writes down who asked for what.

    python -m tests.fleet.town HOSTS FEEDS PERIOD LOG

Host N is 127.1.x.y, all at one port, which is printed. Feed N is `/feed/N.xml` of host `N % HOSTS`. Each has one item
at first and one more after each PERIOD seconds; the page of an item is at another host. It ends with its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import resource
import sys
import time
from pathlib import Path

SHOWN = 20
_NEWEST = re.compile(rb"Report (\d+) of")
_PAGE = "The council of Little Wickham counted the stones of the bridge once more, and found them to be enough. " * 4


def host_of(number: int) -> str:
    """Return the address of a host."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def feed_path(number: int) -> str:
    """Return where on its host a feed is."""
    return f"/feed/{number}.xml"


def page_host(feed: int, item: int, hosts: int) -> int:
    """Return the host of an item's page."""
    return (feed * 7 + item * 3 + 1) % hosts


class Town:
    """What it answers.

    Args:
        hosts: how many.
        period: seconds between two items of a feed.
        log: a line of JSON for each request: when it came, when it was answered, host, path, user agent, and of a feed
            how many items it has had by then.
    """

    def __init__(self, hosts: int, period: float, log: Path) -> None:
        self.hosts = hosts
        self.port = 0
        self._period = period
        self._log = log.open("a", buffering=1)
        self._began = time.time()

    def items(self, feed: int) -> int:
        """Return how many items a feed has by now; feeds take turns."""
        return 1 + int(max(0.0, time.time() - self._began - self._period * (feed % 17) / 17) / self._period)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        host = writer.get_extra_info("sockname")[0]
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                began = time.time()
                path = head.split(b" ", 2)[1].decode()
                status, kind, body = self._answer(path)
                items = int((_NEWEST.search(body) or [b"", b"-1"])[1]) + 1
                await asyncio.sleep(0.005)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
                await writer.drain()
                self._log.write(json.dumps([began, time.time(), host, path, _agent(head), items]) + "\n")
        writer.close()

    def _answer(self, path: str) -> tuple[str, str, bytes]:
        _, kind, *rest = path.split("/")
        if kind == "feed":
            return "200 OK", "application/rss+xml", self._feed(int(rest[0].partition(".")[0]))
        if kind == "page":
            head = f"<html><head><title>{rest[0]}</title></head>"
            text = f"{head}<body><article><h1>{rest[0]}</h1><p>{_PAGE}</p></article></body></html>"
            return "200 OK", "text/html; charset=utf-8", text.encode()
        return "404 Not Found", "text/plain", b"nothing here"

    def _feed(self, feed: int) -> bytes:
        last = self.items(feed)
        items = "".join(
            f"<item><title>Report {n} of {feed}</title><guid>{feed}-{n}</guid>"
            f"<link>http://{host_of(page_host(feed, n, self.hosts))}:{self.port}/page/{feed}-{n}</link></item>"
            for n in range(last - 1, max(-1, last - 1 - SHOWN), -1)
        )
        return f"<rss version='2.0'><channel><title>Feed {feed}</title>{items}</channel></rss>".encode()


def _agent(head: bytes) -> str:
    lines = head.decode("latin-1").split("\r\n")
    return next((line[11:].strip() for line in lines if line[:11].lower() == "user-agent:"), "")


async def main(hosts: int, period: float, log: Path) -> None:
    """Serve until standard input closes."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    town = Town(hosts, period, log)
    first = await asyncio.start_server(town.serve, host_of(0), 0)
    town.port = first.sockets[0].getsockname()[1]
    others = [await asyncio.start_server(town.serve, host_of(number), town.port) for number in range(1, hosts)]
    print(town.port, flush=True)  # noqa: T201 - what whoever started us waits for
    await asyncio.to_thread(sys.stdin.read)
    for server in (first, *others):
        server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
