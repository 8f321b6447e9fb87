"""Short form of `make soak-feeds`: beside hosts that do everything wrong, nothing grows and nobody is forgotten."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import signal
import statistics
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ingest.newsroom import html, workers
from tests.live.processes import Process
from tests.live.running import item, rss
from tests.site import Site, answer, cut_short, drip, hang, looped, moved, reset

if TYPE_CHECKING:
    from tests.site import Reply

HEALTHY = 5
ITEMS = 12
LOOKS = 12
"""Of a second each, from when a third of the items is there."""

BROKEN: dict[str, Reply] = {
    "error": answer(status=500),
    "gone": answer(status=410),
    "hang": hang,
    "reset": reset,
    "cut-short": cut_short,
    "drip": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n<rss>", 0.1),
    "endless": drip(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1_000_000), 0.01),
    "garbage": b"\x00\xff\x13garbage\r\n\r\n" + bytes(1000),
    "web-page": answer(html(1), Content_Type="text/html"),
    "cut-gzip": answer(gzip.compress(rss(item(1)).encode())[:-9], Content_Encoding="gzip"),
    "bomb": answer(gzip.compress(bytes(30_000_000)), Content_Encoding="gzip"),
    "loop": moved("/loop"),
}


@pytest.mark.slow
@pytest.mark.timeout(180)
@looped
async def test_beside_broken_hosts_nothing_grows_and_each_item_comes_out_once(tmp_path: Path):
    """Processes are killed meanwhile. Descriptors and threads stay as they are, every healthy feed is read on."""
    async with Site() as site, Site() as broken, Site() as busy:
        feeds = [*_healthy(site), *(broken.on(f"/{name}", reply) for name, reply in BROKEN.items())]
        feeds += [busy.on(f"/{status}", answer(status=status, Retry_After="1")) for status in (429, 503)]
        fetch = {"timeout_seconds": 1, "pages": True, "host_connections": 40}
        async with Process(tmp_path, *feeds, fetch=fetch, schedule={"max_interval_seconds": 1}) as service:
            await service.until(lambda: len(service.titles) >= HEALTHY * ITEMS // 3)
            looks = [await _look(service.pid) for _ in range(LOOKS)]
            await service.until(lambda: len(service.titles) >= HEALTHY * ITEMS, 60)
            service.signal(signal.SIGTERM)
            assert await service.ended(60) == 0, service.log

    descriptors, threads = zip(*looks, strict=True)
    third = LOOKS // 3
    assert statistics.median(descriptors[-third:]) <= statistics.median(descriptors[:third]) + len(BROKEN), looks
    assert max(threads[-third:]) <= max(threads[:third]) + 2, looks
    expected = {f"Bridge report {feed * 100 + n}" for feed in range(HEALTHY) for n in range(ITEMS)}
    assert Counter(service.titles) == dict.fromkeys(expected, 1)
    polls = Counter(site.targets())
    assert min(polls[f"/healthy-{feed}"] for feed in range(HEALTHY)) > ITEMS
    assert {target.strip("/") for target in broken.targets()} >= set(BROKEN)
    assert len(busy.targets()) > 2


def _healthy(site: Site) -> list[str]:
    """Set up feeds with one more item at each poll; half of their pages never come, and the feed stands in."""
    urls = []
    for feed in range(HEALTHY):
        numbers = range(feed * 100, feed * 100 + ITEMS)
        links = {n: site.on(f"/page/{n}", answer(html(n)) if n % 2 else answer(status=404)) for n in numbers}
        items = [item(n, link=links[n]) for n in numbers]
        urls.append(site.on(f"/healthy-{feed}", *(answer(rss(*reversed(items[: n + 1]))) for n in range(ITEMS))))
    return urls


async def _look(pid: int) -> tuple[int, int]:
    """Kill a worker or a parser now and then; a second later, count descriptors and threads of the main process."""
    below = workers(pid)
    if below and random.random() < 0.3:
        os.kill(random.choice(sorted(below)), signal.SIGKILL)
    await asyncio.sleep(1)
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), len(list(Path(f"/proc/{pid}/task").iterdir()))
