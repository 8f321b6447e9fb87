"""The documents that may still have copies or be continued: the last ones, in the order they came."""

from __future__ import annotations

from array import array
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEPT = 48 * 3_600
"""Seconds of record time that a document stays: longer than anything is looked for."""
MOST = 200_000
"""Documents, however many come in that time."""
_CUT = 64
"""Documents that have left are cut off when they are more than this, and this part of the others."""
_AT_ONCE = 4
"""Documents that leave when one comes, at most: one wrong date must not empty the window."""


class Held:
    """What is kept of a document. Its arrays lie in one, which takes 300 bytes less than four; each is given as a copy.

    Args:
        shingles: each once, sorted.
        numbers: sorted.
        title: terms of the title, sorted.
        terms: all terms, the most telling first.
    """

    __slots__ = (
        "_all",
        "_numbers",
        "_shingles",
        "_title",
        "id",
        "language",
        "leads",
        "number",
        "root",
        "story",
        "time",
        "whole",
    )

    def __init__(
        self,
        *,
        number: int,
        id: str,  # noqa: A002 - as of a record
        time: int,
        language: str | None,
        whole: int,
        shingles: array[int],
        numbers: array[int],
        title: array[int],
        terms: array[int],
        root: str,
        story: int,
        leads: bool,
    ) -> None:
        self.number = number
        """Counts documents in the order they came."""
        self.id = id
        self.time = time
        self.language = language
        self.whole = whole
        self.root = root
        """The record it is a copy of; its own id where it is none."""
        self.story = story
        """Number of its story; -1 for none."""
        self.leads = leads
        """The story was told by its words; it is no copy, no revision and no rolling page."""
        self._all = shingles + numbers + title + terms
        self._shingles = len(shingles)
        self._numbers = self._shingles + len(numbers)
        self._title = self._numbers + len(title)

    @property
    def shingles(self) -> array[int]:
        """Each once, sorted."""
        return self._all[: self._shingles]

    @property
    def numbers(self) -> array[int]:
        """Sorted."""
        return self._all[self._shingles : self._numbers]

    @property
    def title(self) -> array[int]:
        """Terms of the title, sorted."""
        return self._all[self._numbers : self._title]

    @property
    def terms(self) -> array[int]:
        """All terms, the most telling first."""
        return self._all[self._title :]


class Window:
    """The documents by number and by id."""

    def __init__(self) -> None:
        self._documents: list[Held] = []
        self._stories = array("q")
        self._gone = 0
        """Documents at the front of these two that have left: they are cut off many at a time."""
        self._latest: dict[str, Held] = {}
        self.oldest = 0
        """Number of the oldest document."""

    def __len__(self) -> int:
        return len(self._documents) - self._gone

    def __iter__(self) -> Iterator[Held]:
        return islice(self._documents, self._gone, None)

    def get(self, number: int) -> Held | None:
        """Return a document that is still here."""
        place = number - self.oldest
        return self._documents[self._gone + place] if 0 <= place < len(self) else None

    def stories(self, numbers: Sequence[int]) -> set[int]:
        """Return the stories of documents that are still here, by number, as they were when these came."""
        before, stories = self._gone - self.oldest, self._stories
        return {stories[before + number] for number in numbers}

    def latest(self, record_id: str) -> Held | None:
        """Return the latest document that is of this record."""
        return self._latest.get(record_id)

    def add(self, document: Held) -> None:
        """Take in the next document."""
        if not len(self):
            self.oldest = document.number
        self._documents.append(document)
        self._stories.append(document.story)
        self._latest[document.id] = document

    def leave(self, now: int) -> list[Held]:
        """Let go of the oldest ones, as of a record time; return them.

        They are those that are far from that time, before it or, by a wrong date, behind it.
        """
        left: list[Held] = []
        while len(left) < _AT_ONCE and (len(self) > MOST or self._is_old(now)):
            document = self._documents[self._gone]
            left.append(document)
            self._gone += 1
            self.oldest = document.number + 1
            if self._latest[document.id] is document:
                del self._latest[document.id]
        if self._gone > _CUT + len(self) // _CUT:
            del self._documents[: self._gone], self._stories[: self._gone]
            self._gone = 0
        return left

    def _is_old(self, now: int) -> bool:
        return len(self) > 0 and abs(self._documents[self._gone].time - now) > KEPT
