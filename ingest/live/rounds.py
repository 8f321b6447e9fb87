"""What polling and fetching pages have in common: rounds that look for work, and tasks that do it."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

LONGEST_SLEEP = 1.0
"""Seconds until the state is looked at again, whatever the last round found: other processes write to it too."""

T = TypeVar("T")


@dataclass(kw_only=True)
class Rounds(ABC, Generic[T]):
    """Looks for work when there may be some, and keeps the tasks that do it, each with what it works on."""

    paused: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """Whoever holds it knows that no round goes on, and that the last one has begun all that it will."""
    _tasks: dict[asyncio.Task[None], T] = field(default_factory=dict, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)

    @property
    def active(self) -> int:
        """How many tasks are under way."""
        return len(self._tasks)

    async def run(self) -> None:
        """Go round until told to stop."""
        while not self._stopping.is_set():
            self._wake.clear()
            async with self.paused:
                sleep = await self._round() if self._has_room() else LONGEST_SLEEP
            if not self._stopping.is_set() and sleep > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), sleep)

    def look(self) -> None:
        """Go round now."""
        self._wake.set()

    async def stop(self, patience_seconds: float) -> None:
        """Begin nothing, and return when what is under way has ended, or was given up after a while."""
        self._stopping.set()
        self._wake.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    @abstractmethod
    def _has_room(self) -> bool:
        """Say whether anything more may be begun."""

    @abstractmethod
    async def _round(self) -> float:
        """Begin what there is to do; return for how many seconds there is no more."""
