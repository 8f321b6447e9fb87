"""Many feeds on many loopback hosts, served by one small process: what `benchmarks/feeds.py` polls.

    python benchmarks/feedhosts.py FEEDS HOSTS

Prints the hosts' ports as one line of JSON, then serves until its standard input closes. Feed N is at
`/N.xml` of host `N % HOSTS`. Of a hundred feeds 90 answer a conditional request with 304, 8 with 200 and the same
document (they know no validators), and 2 have one new item at every poll.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sys

ITEMS = 20
_TEXT = "The council of Little Wickham met on the question of the bridge, and counted its stones once more. " * 3


class Feeds:
    """What each feed answers. `asked` counts the requests."""

    def __init__(self) -> None:
        self.polls: dict[int, int] = {}

    def answer(self, head: bytes) -> bytes:
        number = int(head.split(b" ", 2)[1][1:].partition(b".")[0])
        kind = number % 100
        if kind < 90:
            if b"if-none-match" in head.lower():
                return b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
            return _response(document(number, 0), b'ETag: "v1"\r\n')
        if kind < 98:
            return _response(document(number, 0), b"")
        self.polls[number] = self.polls.get(number, 0) + 1
        return _response(document(number, self.polls[number] - 1), b"")


class Connection(asyncio.Protocol):
    """One connection, kept open as long as the other side likes."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._transport.write(self._feeds.answer(head))


def document(number: int, newest: int) -> bytes:
    """A feed of 20 items, some 9 kB; the newest has this number."""
    items = "".join(
        f"<item><title>Bridge report {n} of feed {number}</title><guid>{number}-{n}</guid>"
        f"<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><description>{n}: {_TEXT}</description></item>"
        for n in range(newest + ITEMS, newest, -1)
    )
    return f"<rss version='2.0'><channel><title>Feed {number}</title>{items}</channel></rss>".encode()


def _response(body: bytes, headers: bytes) -> bytes:
    start = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n" % len(body)
    return start + headers + b"\r\n" + body


async def main(hosts: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    feeds, loop = Feeds(), asyncio.get_running_loop()
    servers = [await loop.create_server(lambda: Connection(feeds), "127.0.0.1", 0) for _ in range(hosts)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for server in servers:
        server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
