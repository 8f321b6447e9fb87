"""Copies: texts of the window that hold much of a new one, or are held by it, and agree with it in numbers.

Reports made of a form (markets, weather, results, obituaries) have more in common than a wire copy has with its source.
They are told by what a form is filled in with: numbers beside the common words, names in the title.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from processors.stories.postings import Postings
from processors.stories.shingles import WIDTH, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from processors.stories.reading import Reading
    from processors.stories.window import Held, Window

WITHIN = 36 * 3_600
"""Seconds between copies: the next issue of a report that comes daily at about the same hour is nearly so far away."""
CONTAINED = 0.45
"""Of the shorter text's shingles, so many are in the longer one."""
LEAST = 20
"""Shingles of the shorter text; fewer tell nothing, unless the texts are the same."""
NEAR = 0.8
"""Of the longer text's shingles: where so many are common, neither is a part of the other."""
DIFFER = 0.4
"""Of the numbers beside common words, so many may be missing in the other text."""
FORGIVEN = 70
"""Common shingles for each number that may be missing all the same: what was put into a long copy has numbers, too."""
SHORT = 100
"""Shingles of the shorter text; of longer ones the titles are not looked at."""
TOLD = 0.4
"""Of a title's terms, so many are in the other text where that is on the same event."""
_BESIDE = 4
"""Words from a number to what is common."""
_ASKED = 64
_COMPARED = 12
_BUCKETS = 1 << 15


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier document that a new one is a copy of."""

    held: Held
    score: float
    """Containment."""
    kind: str


class Copies:
    """Finds them among the documents of a window."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._index = Postings(_ASKED, _BUCKETS)

    def add(self, document: Held) -> None:
        """Let later documents be found to be copies of this one."""
        shingles = document.shingles
        self._index.add(sampled(shingles), document.number)
        if document.whole and len(shingles) < LEAST:
            self._index.add((document.whole,), document.number)

    def leave(self, oldest: int) -> None:
        """Forget the documents below a number."""
        self._index.oldest = oldest

    def find(self, reading: Reading) -> Match | None:
        """Return the best match, the earliest of equal ones; None where there is none.

        An earlier state of the same article is none, nor is what was copied from that.
        """
        best: Match | None = None
        for document in self._candidates(reading):
            if reading.id in {document.id, document.root} or abs(document.time - reading.time) > WITHIN:
                continue
            match = _match(reading, document)
            if match is not None and (best is None or _rank(match) > _rank(best)):
                best = match
        return best

    def _candidates(self, reading: Reading) -> Iterator[Held]:
        """Yield those with most of the sampled shingles in common."""
        keys = sampled(reading.hashes.unique)
        if reading.whole and len(reading.hashes.unique) < LEAST:
            keys.append(reading.whole)
        hits: dict[int, int] = {}
        for _, numbers in self._index.find(keys):
            for number in numbers:
                hits[number] = hits.get(number, 0) + 1
        for number, _ in sorted(hits.items(), key=lambda row: (-row[1], row[0]))[:_COMPARED]:
            if (document := self._window.get(number)) is not None:
                yield document


def _rank(match: Match) -> tuple[float, int]:
    return match.score, -match.held.number


def _match(reading: Reading, document: Held) -> Match | None:
    if reading.whole and reading.whole == document.whole:
        return Match(document, 1.0, "exact")
    shingles = document.shingles
    mine, theirs = len(reading.hashes.unique), len(shingles)
    shorter = min(mine, theirs)
    if shorter < LEAST:
        return None
    common = reading.unique.intersection(shingles)
    if len(common) < CONTAINED * shorter or _is_filled_anew(reading, common, document):
        return None
    if shorter < SHORT and _is_of_another(reading, document):
        return None
    part = "contained" if mine <= theirs else "contains"
    return Match(document, round(len(common) / shorter, 4), "near" if len(common) >= NEAR * max(mine, theirs) else part)


def _is_filled_anew(reading: Reading, common: Set[int], document: Held) -> bool:
    """Say whether too many of the numbers beside common words are not in the other text."""
    reach = WIDTH + _BESIDE - 1
    hashes = reading.shingles
    beside = [
        code
        for place, code in reading.hashes.numbers
        if not common.isdisjoint(hashes[max(0, place - reach) : place + _BESIDE + 1])
    ]
    differ = len(beside) - len(list(filter(frozenset(document.numbers).__contains__, beside)))
    return differ > max(DIFFER * len(beside), len(common) / FORGIVEN)


def _is_of_another(reading: Reading, document: Held) -> bool:
    """Say whether the titles name different things: one form with another name, or nothing in common with the text."""
    mine, theirs = reading.title, frozenset(document.title)
    here, there = reading.terms.keys(), frozenset(document.terms)
    if 2 * len(mine & theirs) >= min(len(mine), len(theirs)):
        return not mine <= theirs | there and not theirs <= mine | here
    return _share(mine, theirs | there) < TOLD and _share(theirs, mine | here) < TOLD


def _share(title: Set[int], told: Set[int]) -> float:
    return len(title & told) / len(title)
