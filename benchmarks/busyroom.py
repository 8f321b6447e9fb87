"""A busy newsroom on loopback: outlets that cover the same events, copy each other and correct themselves.

    python -m benchmarks.busyroom OUTLETS BROKEN SECONDS

Prints one line of JSON, `{"good": [URL, …], "broken": [URL, …]}`, each feed on a port of its own. Each outlet publishes
an article every so many SECONDS: every tenth is another outlet's under a headline of its own, every sixth gets a
correction later, all carry the outlet's own lines of appeal. Feeds know ETags. The BROKEN hosts are those of
`benchmarks/brokenroom.py`. A line `rest` on its standard input ends the publishing; it serves until its input closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from email.utils import formatdate
from functools import cache
from itertools import cycle, islice
from typing import NamedTuple

from benchmarks.brokenroom import DEAD, ODD, PAGES, Host, Newsroom, answer

ITEMS = 20
CORRECTED_AFTER = 8.0
"""Seconds."""
_SYLLABLES = [a + b for a in ("b", "d", "gr", "k", "l", "m", "n", "p", "st", "t", "v", "w") for b in "aeiou"]
_NOT_THERE = answer(b"", 404, "text/plain")
_KINDS = [kind for kind in (*DEAD, *PAGES, *ODD) if kind != "unresolved"]


class Story(NamedTuple):
    """An article of an outlet."""

    title: str
    paragraphs: tuple[str, ...]


class Outlet:
    """One port: a feed and the pages of what was published.

    Args:
        number: of the outlet.
        every: seconds between two articles.
    """

    def __init__(self, number: int, every: float) -> None:
        self._number = number
        self._every = every
        self._began = time.monotonic() - every * number / 16
        self._zero = time.time() - (time.monotonic() - self._began)
        self.rested: float | None = None
        self.home = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(self._answer(head.decode("latin-1")))
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    def _answer(self, head: str) -> bytes:
        path = head.split(" ", 2)[1]
        if path == "/feed":
            return self._feed(head)
        name = path.removeprefix("/story/")
        if name == path or not name.isdigit() or not 0 < int(name) <= self._newest():
            return _NOT_THERE
        return answer(self._page(int(name)).encode(), 200, "text/html; charset=utf-8")

    def _newest(self) -> int:
        return int(((self.rested or time.monotonic()) - self._began) / self._every) + 1

    def _corrected(self, number: int) -> bool:
        return number % 6 == 0 and time.monotonic() > self._began + (number - 1) * self._every + CORRECTED_AFTER

    def _feed(self, head: str) -> bytes:
        newest = self._newest()
        shown = range(newest, max(newest - ITEMS, 0), -1)
        tag = f'"{newest}-{sum(map(self._corrected, shown))}"'
        if f"if-none-match: {tag}" in head.lower():
            return f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode()
        items = "".join(map(self._item, shown))
        body = f"<rss version='2.0'><channel><title>Outlet {self._number}</title>{items}</channel></rss>"
        return answer(body.encode(), 200, "application/rss+xml", f"ETag: {tag}")

    def _item(self, number: int) -> str:
        story = told(self._number, number)
        lead = f"{story.paragraphs[0]}{' Corrected.' if self._corrected(number) else ''}"
        return (
            f"<item><title>{story.title}</title><guid>{number}</guid><link>{self.home}/story/{number}</link>"
            f"<pubDate>{self._published(number)}</pubDate><description>{lead}</description></item>"
        )

    def _page(self, number: int) -> str:
        story = told(self._number, number)
        own = (f"Outlet {self._number} lives by those who read it: become a member today for two crowns a month.",)
        more = (
            (f"Correction: the council counted {number + 7} stones, not {number}.",) if self._corrected(number) else ()
        )
        text = "".join(f"<p>{each}</p>" for each in (*story.paragraphs, *more, *own))
        return (
            f"<html lang='en'><head><title>{story.title}</title></head><body><nav><a href='/'>Outlet {self._number}</a>"
            f"</nav><article><h1>{story.title}</h1><time>{self._published(number)}</time>{text}</article></body></html>"
        )

    def _published(self, number: int) -> str:
        return formatdate(self._zero + (number - 1) * self._every, usegmt=True)


def told(outlet: int, number: int) -> Story:
    """Return an article: its event is covered by two outlets in three; every tenth is a copy."""
    own = random.Random(f"{outlet} {number}")
    if outlet and (outlet + number) % 10 == 0:
        return Story(_title(own, _event(outlet - 1, number)), told(outlet - 1, number).paragraphs)
    names = _event(outlet, number)
    paragraphs = tuple(" ".join(_sentence(own, names) for _ in range(4)) for _ in range(own.randint(4, 9)))
    return Story(_title(own, names), paragraphs)


def _event(outlet: int, number: int) -> tuple[str, ...]:
    """Return the names that an event is about: neighbouring outlets share it."""
    dice = random.Random(f"event {outlet // 3} {number}")
    return tuple(_word(dice, 3).capitalize() for _ in range(6))


def _title(dice: random.Random, names: tuple[str, ...]) -> str:
    return f"{dice.choice(names)} {_common(dice)} {dice.choice(names)} over the {_common(dice)} {_common(dice)}"


def _sentence(dice: random.Random, names: tuple[str, ...]) -> str:
    words = [_common(dice) for _ in range(dice.randint(8, 16))]
    words[dice.randrange(len(words))] = dice.choice(names)
    return f"The {' '.join(words)} of {dice.choice(names)} in {dice.randint(2, 900)} days."


def _common(dice: random.Random) -> str:
    return _vocabulary()[int(dice.paretovariate(0.6)) % 4000]


@cache
def _vocabulary() -> list[str]:
    dice = random.Random(7)
    return [_word(dice, dice.randint(1, 3)) for _ in range(4000)]


def _word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(_SYLLABLES) for _ in range(syllables)) + dice.choice("lnrst")


async def main(outlets: int, broken: int, every: float) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    good = [Outlet(number, every) for number in range(outlets)]
    room = Newsroom(every)
    bad = [Host(room, kind) for kind in islice(cycle(_KINDS), broken)]
    for outlet in good:
        server = await asyncio.start_server(outlet.serve, "127.0.0.1", 0)
        outlet.home = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for host in bad:
        server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
        host.port = server.sockets[0].getsockname()[1]
    print(
        json.dumps({"good": [f"{each.home}/feed" for each in good], "broken": [each.url for each in bad]}), flush=True
    )
    while await asyncio.to_thread(sys.stdin.readline) == "rest\n":
        room.rest()
        for outlet in good:
            outlet.rested = time.monotonic()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
