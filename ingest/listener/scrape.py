"""The figures, gathered seldom enough that whoever asks all the time does not slow down the service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.metrics import Metrics

FRESH_SECONDS = 0.25
"""How old the figures may be: however often they are asked for, they are gathered four times a second."""
MAX_PER_SECOND = 10
QUEUE_SECONDS = 1.0
"""How long an answer may be put off to keep that rate."""


class Scrape:
    """Gives the figures, one answer after the other. Used within one event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._one = asyncio.Lock()
        self._body = b""
        self._until = float("-inf")
        self._next = float("-inf")

    async def body(self) -> bytes | None:
        """Return the figures; None where too many wait for them."""
        now = asyncio.get_running_loop().time()
        turn = max(self._next + 1 / MAX_PER_SECOND, now)
        if turn - now > QUEUE_SECONDS:
            return None
        self._next = turn
        await asyncio.sleep(turn - now)
        async with self._one:
            await self._refresh()
        return self._body

    async def _refresh(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._until:
            # In another thread: a question that takes long must not hold up /healthz.
            self._body = await asyncio.to_thread(self._metrics.render)
            self._until = loop.time() + FRESH_SECONDS
