"""How much a term tells: rare ones of the window's documents much, common ones little. In whole numbers only.

A document is a vector of its most telling terms, 1,000 long; what a story is about is a sum of such vectors.
"""

from __future__ import annotations

from array import array
from math import isqrt, log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNIT = 1_000
"""Length of a document's vector."""
TERMS = 40
"""Terms of it, at most."""
CELLS = 1 << 20
"""Counters; terms that share one seem more common than they are."""
_CELL = CELLS - 1
PRIOR = 100
"""Documents that are taken to have been there before the first, so that its words do not all weigh nothing."""
_FINE = 64
"""Steps to a doubling: logarithms are rounded, so that no machine's last digit counts."""


class Weights:
    """Counts in how many documents of the window each term is."""

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * CELLS))
        self._documents = 0

    def add(self, terms: Iterable[int]) -> None:
        """Count a document that has come."""
        self._documents += 1
        counts = self._counts
        for term in terms:
            counts[term & _CELL] += 1

    def remove(self, terms: Iterable[int]) -> None:
        """Count a document no more."""
        self._documents -= 1
        counts = self._counts
        for term in terms:
            counts[term & _CELL] -= 1

    def ranked(self, terms: Mapping[int, int]) -> tuple[list[int], list[int]]:
        """Return the terms of a document, the most telling first, of equal weight by value; and what `TERMS` weigh.

        Args:
            terms: how often each is in it.
        """
        counts, whole = self._counts, _steps(self._documents + PRIOR)
        try:  # whole numbers, not pairs: they sort faster, and are nothing for the garbage collector to visit
            packed = [
                _HEAVIEST - (whole - _STEPS[counts[term & _CELL] + 1]) * _OFTEN[often] << _TERM_BITS | term
                for term, often in terms.items()
            ]
        except IndexError:  # a count that is larger than most are
            packed = [
                _HEAVIEST - (whole - _steps(counts[term & _CELL] + 1)) * _OFTEN[min(often, _MOST)] << _TERM_BITS | term
                for term, often in terms.items()
            ]
        packed.sort()
        return [one & _TERM for one in packed], [_HEAVIEST - (one >> _TERM_BITS) for one in packed[:TERMS]]


def vector(terms: Sequence[int], weights: Sequence[int]) -> dict[int, int]:
    """Return a document's vector of its terms and their weights, the most telling first."""
    top = [weight for weight in weights if weight > 0]
    length = isqrt(sum([weight * weight for weight in top])) or 1
    return {term: weight * UNIT // length for term, weight in zip(terms, top, strict=False)}


def _steps(count: int) -> int:
    return _STEPS[count] if count < len(_STEPS) else round(log2(count) * _FINE)


_TERM_BITS = 32
_TERM = (1 << _TERM_BITS) - 1
_HEAVIEST = 1 << 30
"""More than any term weighs."""
_STEPS = [0, *(round(log2(count) * _FINE) for count in range(1, 1 << 12))]
_OFTEN = [0, *(round(4 * (1 + log2(count))) for count in range(1, 17))]
"""What a term weighs for how often it is there, in quarters: the second time less than the first."""
_MOST = len(_OFTEN) - 1
