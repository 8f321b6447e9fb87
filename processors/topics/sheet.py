"""An article laid out for matching: title, summary and text in one string, with where each begins."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from processors.records import Evidence
from processors.topics.writing import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from processors.records import Article

_GAP = "\x1f"
"""Between the fields; part of no phrase and of no word."""
_ASCII_ENDS = (". ", "! ", "? ", "\n", '." ')
_ALL_ENDS = (*_ASCII_ENDS, ".” ", "。", "।", "؟ ")
_EMPTY_TITLE = 2
"""Where what follows the title begins if the title is empty."""
_TITLE_REACH = 300
"""Characters after which a first sentence is no title any more."""
_LEAD_SENTENCES = 2
_LEAD_REACH = 700
"""Characters after which the lead ends even within a sentence."""


class Sheet:
    """The scanned string and its measures; all offsets are into `original` and `folded`, which are equally long.

    `text_at` and `body` say where the text begins and where what follows the title does (the summary, if it is used).
    """

    __slots__ = ("_ends", "body", "folded", "original", "text_at")

    def __init__(self, article: Article) -> None:
        title, text, summary = article.title, article.text, article.summary or ""
        used = bool(summary) and summary[:80] not in text[:2_000]
        parts = (title, summary, text) if used else (title, text)
        self.original = f"{_GAP}{_GAP.join(parts)}{_GAP}"
        self.folded = fold(self.original)
        self.body = len(title) + 2
        self.text_at = self.body + len(summary) + 1 if used else self.body
        self._ends: list[int] | None = None

    def evidence(self, start: int, end: int) -> Evidence:
        """A match in terms of the article's field."""
        if start >= self.text_at:
            name, base = "text", self.text_at
        elif start >= self.body:
            name, base = "summary", self.body
        else:
            name, base = "title", 1
        return Evidence(field=name, phrase=self.original[start:end], start=start - base, end=end - base)

    def sentence_ends(self) -> list[int]:
        """Where sentences that follow the title end, in rising order; the last has no entry."""
        if self._ends is None:
            ends: list[int] = []
            for mark in _ASCII_ENDS if self.folded.isascii() else _ALL_ENDS:
                self._collect(mark, ends)
            ends.sort()
            self._ends = ends
        return self._ends

    def _collect(self, mark: str, ends: list[int]) -> None:
        """Add where a mark ends a sentence: not within an abbreviation such as "U.S. " or behind an initial."""
        text, last = self.original, len(self.original) - 3
        at = text.find(mark, self.body, last)
        while at >= 0:
            if mark != ". " or not (text[at - 1].isupper() and text[at - 2] in " .\n("):
                ends.append(at)
            at = text.find(mark, at + 1, last)

    def lead_end(self) -> int:
        """The end of the second sentence of what follows the title."""
        ends = self.sentence_ends()
        reach = min(len(self.original) - 1, self.body + _LEAD_REACH)
        return min(reach, ends[_LEAD_SENTENCES - 1]) if len(ends) >= _LEAD_SENTENCES else reach

    def title_end(self) -> int:
        """The end of the title, or of the first sentence where there is no title: it has to do for one."""
        if self.body > _EMPTY_TITLE:
            return self.body
        ends = self.sentence_ends()
        return min(ends[0] if ends else len(self.original) - 1, self.body + _TITLE_REACH)

    def words(self) -> float:
        """About how many words follow the title; scripts without spaces count two characters as one."""
        length = len(self.original) - 1 - self.body
        spaces = self.original.count(" ", self.body)
        return spaces + 1.0 if spaces * 12 > length else max(1.0, length / 2)

    def sentences_with(self, starts: Iterable[int]) -> int:
        """In how many sentences these places lie."""
        ends = self.sentence_ends()
        return len({bisect_left(ends, start) for start in starts})
