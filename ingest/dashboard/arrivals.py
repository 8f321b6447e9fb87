"""What has arrived, by time: records by topic and by minute, and by feed and by hour. Bounded, since the start."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from processors.records import Record

MINUTES = 120
"""Of topics."""
HOURS = 48
"""Of a feed."""
MOST_FEEDS = 20_000
ALL = ""
"""Stands for every record, whatever its topics."""


class Arrivals:
    """Counts records. `add` is called in the pipeline's thread, the rest in the listener's.

    Args:
        topics: those that are looked for; any other is not counted.
        clock: Unix time.
    """

    def __init__(self, topics: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        self.topics = tuple(topics)
        self._clock = clock
        self._lock = threading.Lock()
        self._minutes: deque[tuple[int, Counter[str]]] = deque(maxlen=MINUTES)
        self._feeds: OrderedDict[str, deque[tuple[int, int]]] = OrderedDict()

    def add(self, record: Record) -> None:
        """Count a record."""
        now = self._clock()
        with self._lock:
            self._count(record, now)

    def by_minute(self) -> dict[str, list[int]]:
        """Return how many records came in each of the last minutes, by topic; `ALL` is all of them. Oldest first."""
        now = int(self._clock() // 60)
        with self._lock:
            counts = dict(self._minutes)
        rows = [counts.get(minute, Counter()) for minute in range(now - MINUTES + 1, now + 1)]
        return {topic: [row[topic] for row in rows] for topic in (ALL, *self.topics)}

    def of_feed(self, url: str) -> list[int]:
        """Return how many records a feed brought in each of the last hours, oldest first."""
        now = int(self._clock() // 3600)
        with self._lock:
            counts = dict(self._feeds.get(url, ()))
        return [counts.get(hour, 0) for hour in range(now - HOURS + 1, now + 1)]

    def _count(self, record: Record, now: float) -> None:
        minute = int(now // 60)
        if not self._minutes or self._minutes[-1][0] < minute:
            self._minutes.append((minute, Counter()))
        counts = self._minutes[-1][1]
        counts[ALL] += 1
        counts.update({tag.topic for tag in record.article.topics}.intersection(self.topics))
        if record.origin.feed is not None:
            self._count_feed(record.origin.feed, int(now // 3600))

    def _count_feed(self, url: str, hour: int) -> None:
        hours = self._feeds.pop(url, None)
        if hours is None:
            hours = deque(maxlen=HOURS)
        last = hours.pop() if hours and hours[-1][0] >= hour else (hour, 0)
        hours.append((last[0], last[1] + 1))
        self._feeds[url] = hours  # at the end: the one that brought something longest ago is forgotten first
        if len(self._feeds) > MOST_FEEDS:
            self._feeds.popitem(last=False)
