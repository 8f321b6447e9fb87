"""The last records, kept in memory for those who look: bounded, and filled without anybody waiting.

The pipeline's thread adds; the listener's thread reads. What is added is what the pipeline has in hand anyway, so that
keeping it costs a lock and two entries of a list.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from processors.records import Record

MOST_RECORDS = 1_000
MOST_CHARACTERS = 16_000_000
"""Of their texts, with what was removed from them."""


class Shown(NamedTuple):
    """A record as it arrived."""

    number: int
    """Counts up from 1, without a gap."""
    at: float
    """Unix time."""
    record: Record
    size: int
    """Characters."""


class Kept:
    """The last records.

    Args:
        clock: Unix time.
        most: records.
        most_characters: of all of them.
    """

    def __init__(
        self, clock: Callable[[], float], *, most: int = MOST_RECORDS, most_characters: int = MOST_CHARACTERS
    ) -> None:
        self.run = secrets.token_hex(4)
        """Tells the numbers of this run from those of another."""
        self._clock = clock
        self._most = most
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self._records: deque[Shown] = deque()
        self._size = 0
        self._last = 0
        self._tell: Callable[[], object] | None = None

    @property
    def last(self) -> int:
        """The number of the last record; 0 before the first."""
        return self._last

    def add(self, record: Record) -> None:
        """Keep a record, and forget the oldest where there are too many."""
        size = _size(record)
        with self._lock:
            self._last += 1
            self._records.append(Shown(self._last, self._clock(), record, size))
            self._size += size
            while len(self._records) > self._most or (self._size > self._most_characters and len(self._records) > 1):
                self._size -= self._records.popleft().size
            tell = self._tell
        if tell is not None:
            tell()

    def told(self, tell: Callable[[], object] | None) -> None:
        """Have this called after each record from now on, in the thread that adds; None: nobody is told."""
        with self._lock:
            self._tell = tell

    def after(self, number: int) -> list[Shown]:
        """Return the records behind a number, oldest first."""
        with self._lock:
            newer = list(takewhile(lambda shown: shown.number > number, reversed(self._records)))
        return newer[::-1]

    def of(self, record_id: str) -> list[Shown]:
        """Return the states of one article that are kept, oldest first."""
        return [shown for shown in self.after(0) if shown.record.id == record_id]

    def of_story(self, story: str) -> list[Shown]:
        """Return the records of one story that are kept, oldest first."""
        return [shown for shown in self.after(0) if (its := shown.record.story) is not None and its.id == story]


def _size(record: Record) -> int:
    article = record.article
    return len(article.title) + len(article.text) + sum(len(cut.text) for cut in article.removed)
