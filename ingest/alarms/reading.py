"""How well an outlet's pages are read, against its own history: yield and length of text, by two cumulative sums.

A cumulative sum (CUSUM: Page, 1954) adds the evidence that a change has happened, never falls below 0, and alarms above
a limit; it finds a lasting change sooner than any other test with as few false alarms (Moustakides, 1986). When the
outlet is as before, the sum falls back to 0, and with it the alarm. What lasts becomes the new normal after some
hundred pages, as it should: newstap cannot know which of two layouts was the right one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

RAISED = 12.0
"""Evidence, as a natural logarithm of odds: a false alarm after exp(12) pages on average, or more."""
_MOST = 2 * RAISED
"""So that a sum comes down again soon."""
LEAST_PAGES = 40
"""Before there were so many, there is no history to hold a page against."""
_SLOW = 400
"""Pages over which history is averaged."""
_LEAST_BAD, _MOST_BAD = 0.02, 0.75
"""Shares of pages without text: less is not believed of a history, and with more there is nothing left to get worse."""
_BAD_FACTOR, _BAD_STEP = 3.0, 0.2
"""A share of pages without text that is so many times, and by so much, what it was is what is looked for."""
_SHIFT = 1.0
"""A length that is lower by so many standard deviations is what is looked for."""
_LEAST_DEVIATION = 0.25
"""Of the logarithm of a length: outlets that write all to one length are believed up to a quarter."""
_OUTLIER = 3.0
"""Standard deviations at most that one text counts: a correction of two lines is no layout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known of one outlet."""

    pages: int = 0
    texts: int = 0
    bad: float = 0.0
    """Share of pages that gave no text, in the long run."""
    length: float = 0.0
    """Mean of the natural logarithm of the lengths of texts, in characters."""
    variance: float = 1.0
    """Of the same."""
    unread: float = 0.0
    """The sum for pages that give no text."""
    shorter: float = 0.0
    """The sum for texts that are shorter."""
    is_unreadable: bool = False
    is_shortened: bool = False


def read(known: Reading, characters: int | None) -> Reading:
    """Return what is known after one more page: the length of its text, or None where it gave none."""
    after = _judged(known, 1.0 if characters is None else 0.0)
    return after if characters is None else _measured(after, math.log(max(characters, 1)))


def _judged(known: Reading, bad: float) -> Reading:
    before = max(known.bad, _LEAST_BAD)
    changed = min(max(before * _BAD_FACTOR, before + _BAD_STEP), 0.99)
    unread = 0.0
    if known.pages >= LEAST_PAGES and before <= _MOST_BAD:
        evidence = math.log(changed / before) if bad else math.log((1 - changed) / (1 - before))
        unread = _added(known.unread, evidence)
    pages = known.pages + 1
    return replace(
        known,
        pages=pages,
        bad=known.bad + (bad - known.bad) / min(pages, _SLOW),
        unread=unread,
        is_unreadable=_stands(known.is_unreadable, unread),
    )


def _measured(known: Reading, length: float) -> Reading:
    deviation = max(math.sqrt(known.variance), _LEAST_DEVIATION)
    off = min(max((length - known.length) / deviation, -_OUTLIER), _OUTLIER)
    evidence = _SHIFT * (-off - _SHIFT / 2)  # the logarithm of the odds of two normal distributions
    shorter = _added(known.shorter, evidence) if known.texts >= LEAST_PAGES else 0.0
    texts = known.texts + 1
    part = 1 / min(texts, _SLOW)
    moved = length - known.length if texts <= LEAST_PAGES else off * deviation
    return replace(
        known,
        texts=texts,
        length=known.length + part * moved,
        variance=(1 - part) * (known.variance + part * moved * moved) if texts > 1 else 0.0,
        shorter=shorter,
        is_shortened=_stands(known.is_shortened, shorter),
    )


def _added(total: float, evidence: float) -> float:
    return min(max(total + evidence, 0.0), _MOST)


def _stands(before: bool, total: float) -> bool:  # noqa: FBT001 - what it was
    return total > 0 if before else total > RAISED
