"""Since when things that are numbered as they come have waited: how old the oldest is of those beyond a number."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_APART_SECONDS = 1.0
"""Between two moments that are told apart; so many seconds is an age too high at most."""


class Ages:
    """Remembers which number was the last at which time. May be used from any thread.

    What was there before this was made counts from its first `note`: no time of it is kept.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._moments: deque[tuple[int, float]] = deque()
        """Up to which number things had come, and when the first of them did that the moment before had not."""

    def note(self, last: int) -> None:
        """Take note that things have come up to this number."""
        with self._lock:
            now = self._clock()
            newest = self._moments[-1] if self._moments else (0, float("-inf"))
            if last <= newest[0]:
                return
            if now - newest[1] < _APART_SECONDS:
                self._moments.pop()
                now = newest[1]
            self._moments.append((last, now))

    def forget(self, number: int) -> None:
        """Nothing up to this number waits any more."""
        with self._lock:
            while len(self._moments) > 1 and self._moments[0][0] <= number:
                self._moments.popleft()

    def oldest(self, number: int) -> float:
        """Return for how many seconds the first beyond this number has been there; 0 where there is none."""
        with self._lock:
            since = next((at for last, at in self._moments if last > number), None)
            return 0.0 if since is None else self._clock() - since
