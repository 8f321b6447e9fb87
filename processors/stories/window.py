"""The documents that may still have copies or be continued: the last ones, in the order they came."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 48 * 3_600
"""Seconds of record time that a document stays: longer than anything is looked for."""
MOST = 200_000
"""Documents, however many come in that time."""
_AT_ONCE = 4
"""Documents that leave when one comes, at most: one wrong date must not empty the window."""


@dataclass(slots=True, eq=False)
class Held:
    """What is kept of a document."""

    number: int
    """Counts documents in the order they came."""
    id: str
    time: int
    language: str | None
    whole: int
    shingles: array[int] = field(repr=False)
    """Each once, sorted."""
    numbers: array[int] = field(repr=False)
    """Sorted."""
    title: array[int] = field(repr=False)
    """Terms of the title, sorted."""
    terms: array[int] = field(repr=False)
    """All terms, the most telling first."""
    root: str
    """The record it is a copy of; its own id where it is none."""
    story: int
    """Number of its story; -1 for none."""
    leads: bool
    """The story was told by its words; it is no copy, no revision and no rolling page."""


class Window:
    """The documents by number and by id."""

    def __init__(self) -> None:
        self._queue: deque[Held] = deque()
        self._latest: dict[str, Held] = {}
        self.oldest = 0
        """Number of the oldest document."""

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Held]:
        return iter(self._queue)

    def get(self, number: int) -> Held | None:
        """Return a document that is still here."""
        place = number - self.oldest
        return self._queue[place] if 0 <= place < len(self._queue) else None

    def latest(self, record_id: str) -> Held | None:
        """Return the latest document that is of this record."""
        return self._latest.get(record_id)

    def add(self, document: Held) -> None:
        """Take in the next document."""
        if not self._queue:
            self.oldest = document.number
        self._queue.append(document)
        self._latest[document.id] = document

    def leave(self, now: int) -> list[Held]:
        """Let go of the oldest ones, as of a record time; return them.

        They are those that are far from that time, before it or, by a wrong date, behind it.
        """
        left: list[Held] = []
        while len(left) < _AT_ONCE and (len(self._queue) > MOST or self._is_old(now)):
            document = self._queue.popleft()
            left.append(document)
            self.oldest = document.number + 1
            if self._latest[document.id] is document:
                del self._latest[document.id]
        return left

    def _is_old(self, now: int) -> bool:
        return bool(self._queue) and abs(self._queue[0].time - now) > KEPT
