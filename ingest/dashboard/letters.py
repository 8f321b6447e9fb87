"""The last dead letters, with what they hold while there is room for it: enough to look at them, and to try again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from processors.records import Failed

MOST_LETTERS = 100
MOST_BYTES = 16_000_000
"""Of the pages that they hold."""
_ERROR = 500
"""Characters of an error."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it came."""

    number: int
    at: float
    """Unix time."""
    failed: Failed = field(repr=False)
    tried: bool = False
    """Whether its input was handed in again."""

    @property
    def can_be_tried(self) -> bool:
        """Whether its input is there, and a feed that it came from."""
        return not self.tried and self.failed.page is not None and self.failed.origin.feed is not None

    @property
    def size(self) -> int:
        """Bytes of the page that it holds."""
        return 0 if self.failed.page is None else len(self.failed.page.body)


class Letters:
    """The last dead letters. The pipeline's thread adds, the listener's reads and takes.

    Args:
        clock: Unix time.
        most_bytes: of all pages together; the oldest are let go of, their letters stay.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._letters: OrderedDict[int, Letter] = OrderedDict()
        self._last = 0

    def add(self, failed: Failed) -> None:
        """Keep a dead letter."""
        with self._lock:
            self._last += 1
            kept = replace(failed, error=failed.error[:_ERROR])
            self._letters[self._last] = Letter(self._last, self._clock(), kept)
            if len(self._letters) > MOST_LETTERS:
                self._letters.popitem(last=False)
            self._make_room()

    def newest(self) -> list[Letter]:
        """Return them, newest first."""
        with self._lock:
            return list(self._letters.values())[::-1]

    def take(self, number: int) -> Letter | None:
        """Return one whose input can be tried again, and mark it as tried; None where there is no such one."""
        with self._lock:
            letter = self._letters.get(number)
            if letter is None or not letter.can_be_tried:
                return None
            self._letters[number] = replace(letter, failed=replace(letter.failed, page=None), tried=True)
            return letter

    def give_back(self, letter: Letter) -> None:
        """Take back one that could not be tried after all."""
        with self._lock:
            if letter.number in self._letters:
                self._letters[letter.number] = letter

    def _make_room(self) -> None:
        """Let go of the oldest pages; the lock is held."""
        size = sum(letter.size for letter in self._letters.values())
        for number, letter in self._letters.items():
            if size <= self._most_bytes:
                return
            size -= letter.size
            self._letters[number] = replace(letter, failed=replace(letter.failed, page=None))
