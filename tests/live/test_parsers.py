"""Parser processes: a document costs others nothing, whatever it does, and a process that is killed is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.live.feedcodec import Parsed, Refused
from ingest.live.parsers import Parsers
from ingest.schedule import ErrorClass
from tests.ingest.newsroom import workers
from tests.live.running import item, rss
from tests.site import looped

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = rss(item(1)).encode()
SLOW = rss(f"<item><title>1</title>{''.join(f'<category>c{n}</category>' for n in range(70_000))}</item>").encode()
"""feedparser compares each category with all before it: ten seconds, and more where the machine is busy."""


@contextmanager
def _parsers(seconds: float) -> Iterator[Parsers]:
    parsers = Parsers(seconds=seconds)
    try:
        yield parsers
    finally:
        parsers.close()


async def _read(parsers: Parsers, body: bytes, name: str) -> Parsed | Refused:
    seen = datetime.now(UTC)
    return await parsers.parse(body, url=f"http://courier.example/{name}", content_type=None, seen=seen)


@looped
async def test_a_feed_that_takes_long_is_read_aside_from_then_on():
    """It had everyone wait once; at its next poll the others do not."""
    with _parsers(seconds=1.5) as parsers:
        first = await _read(parsers, SLOW, "slow")
        await _read(parsers, GOOD, "good")
        again = asyncio.create_task(_read(parsers, SLOW, "slow"))
        await asyncio.sleep(0.1)
        good = await _read(parsers, GOOD, "good")

        assert not again.done()
        assert isinstance(good, Parsed)
        assert first == await again == Refused(ErrorClass.CRASHED, "over the time limit of 1.5 s")


@looped
async def test_processes_that_are_killed_cost_no_document():
    """A parser that dies while it is idle is replaced, and so is the server that forks them; Ctrl-C reaches neither."""
    with _parsers(seconds=10) as parsers:
        for parent in (False, True):
            assert isinstance(await _read(parsers, GOOD, "good"), Parsed)
            for parser in workers(os.getpid()):
                stat = Path(f"/proc/{parser}/stat").read_text().rpartition(")")[2].split()
                if parent:
                    os.kill(int(stat[1]), signal.SIGKILL)
                os.kill(parser, signal.SIGKILL)
            assert isinstance(await _read(parsers, GOOD, "good"), Parsed)
            assert all(
                _blocks(parser, signal.SIGINT) and _blocks(parser, signal.SIGTERM) for parser in workers(os.getpid())
            )


def _blocks(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("SigBlk:")[2].split()[0], 16)
    return bool(mask >> (number - 1) & 1)
