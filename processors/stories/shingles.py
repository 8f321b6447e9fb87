"""Shingles: every five words in a row, as 32 bits each, and the sample of them by which copies are looked for.

A wire copy is cut, or continued: what it has in common with its source is much of the shorter text, and perhaps little
of the longer. So what is measured is containment, |A ∩ B| / min(|A|, |B|), over whole sets; MinHash and SimHash, which
estimate |A ∩ B| / |A ∪ B|, cannot tell it.

The home of numpy: whole numbers only, which are the same on every machine.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 5
"""Words in a shingle."""
LONGEST = 500
"""Words of a text that are looked at: a copy of a longer one has its beginning, or is one of its parts by chance."""
_DENSITIES = ((200, 7), (100, 3), (50, 1))
"""From so many shingles on one of eight is indexed, one of four, one of two; of a shorter text all are."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, odd: Fibonacci hashing (Knuth, 6.4)
_HALF = np.uint64(32)
_REMEMBERED = 200_000
"""Words whose codes are kept at hand."""
_KNOWN: dict[str, int] = {}


class Hashed(NamedTuple):
    """Words as numbers of 32 bits."""

    whole: int
    """All of them."""
    shingles: np.ndarray
    """By place."""
    unique: array[int]
    """The same, each once, sorted."""
    numbers: list[tuple[int, int]]
    """Those words that are numbers, each behind its place."""


def hashed(words: Sequence[str]) -> Hashed:
    """Return the hashes of a text."""
    codes = np.array(_coded(words), dtype="<u4")
    places = np.flatnonzero(codes & 1)
    shingles = _mixed(codes.astype(np.uint64))
    unique = array("I")
    ordered = np.sort(shingles)  # np.unique takes ten times as long
    unique.frombytes(ordered[np.diff(ordered, prepend=~ordered[:1]) != 0].tobytes())
    return Hashed(
        whole=crc32(codes.tobytes()),
        shingles=shingles,
        unique=unique,
        numbers=list(zip(places.tolist(), codes[places].tolist(), strict=True)),
    )


def _coded(words: Sequence[str]) -> list[int]:
    """Return of each word 31 bits of its CRC-32, which has no seed, and one that says whether it is a number."""
    known = _KNOWN
    if len(known) > _REMEMBERED:
        known.clear()
    try:
        return [known[word] for word in words]
    except KeyError:
        for word in words:
            if word not in known:
                known[word] = crc32(word.encode("utf-8", "replace")) & ~1 | word[0].isdigit()
        return [known[word] for word in words]


def _mixed(codes: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    count = max(0, len(codes) - WIDTH + 1)
    mixed = codes[:count]
    for place in range(1, WIDTH):
        mixed = mixed * _FACTOR + codes[place : place + count]
    mixed = (mixed ^ (mixed >> _HALF)) * _FACTOR
    return (mixed >> _HALF).astype(np.uint32)


def sampled(hashes: array[int]) -> list[int]:
    """Return those, each there once, by which a text is indexed and looked for.

    Samples of any two texts have in common what both have in common of the thinner one, since all go by the value.
    """
    mask = next((mask for size, mask in _DENSITIES if len(hashes) >= size), 0)
    values = np.frombuffer(hashes, dtype=np.uint32) if hashes else np.empty(0, dtype=np.uint32)
    return values[(values & mask) == 0].tolist()  # type: ignore[no-any-return]  # of whole numbers
