"""Many ask, one works: concurrent calls for the same key share one run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

Result = TypeVar("Result")


class Once(Generic[Result]):
    """Runs that are under way, by key.

    A caller that gives up does not stop the run for the others; when the last one has given up, it ends too.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, tuple[asyncio.Task[Result], set[object]]] = {}

    async def run(self, key: Hashable, work: Callable[[], Coroutine[None, None, Result]]) -> Result:
        """Return what `work` returns, or raise what it raises, starting it only where none runs for the key."""
        if key not in self._running:
            started = asyncio.create_task(work())
            self._running[key] = (started, set())
            started.add_done_callback(lambda task: self._finished(key, task))
        task, waiting = self._running[key]
        ticket = object()
        waiting.add(ticket)
        try:
            return await asyncio.shield(task)
        finally:
            waiting.discard(ticket)
            if not waiting and not task.done():
                del self._running[key]
                task.cancel()

    def _finished(self, key: Hashable, task: asyncio.Task[Result]) -> None:
        if not task.cancelled():
            task.exception()  # looked at: an error that every caller gave up on is no news
        if key in self._running and self._running[key][0] is task:
            del self._running[key]
