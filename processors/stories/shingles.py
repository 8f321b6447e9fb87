"""Shingles: every five words in a row, as 32 bits each, and the sample of them by which copies are looked for.

A wire copy is cut, or continued: what it has in common with its source is much of the shorter text, and perhaps little
of the longer. So what is measured is containment, |A ∩ B| / min(|A|, |B|), over whole sets; MinHash and SimHash, which
estimate |A ∩ B| / |A ∪ B|, cannot tell it.

The home of numpy: whole numbers only, which are the same on every machine.
"""

from __future__ import annotations

import re
from array import array
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np

from processors.stories.words import INDIC, UNSPACED

if TYPE_CHECKING:
    Whole: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
    Kinds: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

WIDTH = 5
"""Words in a shingle."""
LONGEST = 500
"""Words of a text that are looked at: a copy of a longer one has its beginning, or is one of its parts by chance."""
CHARACTERS = 16 * LONGEST
"""Characters in which these words are, in any language: a long text costs no more than another."""
_DENSITIES = ((200, 7), (100, 3), (50, 1))
"""From so many shingles on one of eight is indexed, one of four, one of two; of a shorter text all are."""
_FACTOR = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio, odd: Fibonacci hashing (Knuth, 6.4)
_INVERSE = pow(_FACTOR, -1, 1 << 64)
_HALF = np.uint64(32)
_LETTER, _DIGIT, _ALONE = 1, 2, 3


class Hashed(NamedTuple):
    """Words as numbers of 32 bits."""

    words: int
    """How many."""
    whole: int
    """All of them."""
    shingles: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]
    """By place."""
    unique: array[int]
    """The same, each once, sorted."""
    numbers: list[tuple[int, int]]
    """Those words that are numbers, each behind its place."""


def hashed(text: str) -> Hashed:
    """Return the hashes of a text that is folded; of no more than `CHARACTERS`, and no more than `LONGEST` words.

    A word is a run of letters, with apostrophes inside it, a number, or one character of a script without spaces. All
    of the text is hashed at once: each word is a polynomial in its characters, the difference of two sums of prefixes.
    """
    codes = np.frombuffer(text[:CHARACTERS].encode("utf-32-le", "replace"), dtype="<u4")
    kinds = _joined(codes, _kinds()[np.minimum(codes, 0xFFFF)])
    edge = np.zeros(1, dtype=np.uint8)
    begins = np.flatnonzero((kinds > 0) & ((kinds != np.concatenate((edge, kinds[:-1]))) | (kinds == _ALONE)))[:LONGEST]
    ends = np.flatnonzero((kinds > 0) & ((kinds != np.concatenate((kinds[1:], edge))) | (kinds == _ALONE)))[:LONGEST]
    values = _words(codes, begins, ends, kinds[begins] == _DIGIT)
    places = np.flatnonzero(values & np.uint64(1))
    shingles = _mixed(values)
    ordered = np.sort(shingles)  # np.unique takes ten times as long
    unique = array("I")
    unique.frombytes(ordered[np.diff(ordered, prepend=~ordered[:1]) != 0].tobytes())
    return Hashed(
        words=len(values),
        whole=crc32(values.astype("<u8").tobytes()),
        shingles=shingles,
        unique=unique,
        numbers=list(zip(places.tolist(), values[places].tolist(), strict=True)),
    )


def _joined(codes: np.ndarray[tuple[int, ...], np.dtype[np.uint32]], kinds: Kinds) -> Kinds:
    """Make an apostrophe between letters a letter, and a point, comma or colon between digits a digit."""
    inner, before, after = codes[1:-1], kinds[:-2], kinds[2:]
    quotes = (inner == ord("'")) & (before == _LETTER) & (after == _LETTER)
    points = ((inner == ord(".")) | (inner == ord(",")) | (inner == ord(":"))) & (before == _DIGIT) & (after == _DIGIT)
    whole = kinds.copy()
    whole[1:-1][quotes] = _LETTER
    whole[1:-1][points] = _DIGIT
    return whole


def _words(
    codes: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
    begins: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    ends: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    digits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> Whole:
    """Return 31 bits of each word's hash, and one that says whether it is a number."""
    powers, inverses = _powers()
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes + np.uint32(1)).astype(np.uint64) * powers[: len(codes)], out=sums[1:])
    values = (sums[ends + 1] - sums[begins]) * inverses[begins]
    values = ((values ^ (values >> _HALF)) * np.uint64(_FACTOR)) >> _HALF
    return (values & ~np.uint64(1)) | digits.astype(np.uint64)


def _mixed(values: Whole) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    count = max(0, len(values) - WIDTH + 1)
    mixed = values[:count]
    for place in range(1, WIDTH):
        mixed = mixed * np.uint64(_FACTOR) + values[place : place + count]
    mixed = (mixed ^ (mixed >> _HALF)) * np.uint64(_FACTOR)
    return (mixed >> _HALF).astype(np.uint32)


@cache
def _powers() -> tuple[Whole, Whole]:
    """Return the powers of the factor, and of its inverse, for each place in a text."""
    up, down = (np.full(CHARACTERS, base, dtype=np.uint64) for base in (_FACTOR, _INVERSE))
    up[0] = down[0] = 1
    return np.cumprod(up), np.cumprod(down)


@cache
def _kinds() -> Kinds:
    """Return what each character below U+10000 is; the others, and the last of these, are none of a word."""
    alone, signs = re.compile(f"[{UNSPACED}]"), re.compile(f"[{INDIC}]")
    table = np.zeros(0x10000, dtype=np.uint8)
    for code in range(0xFFFF):
        character = chr(code)
        if alone.match(character):
            table[code] = _ALONE
        elif character.isdecimal():
            table[code] = _DIGIT
        elif character.isalnum() or signs.match(character):
            table[code] = _LETTER
    return table


def sampled(hashes: array[int]) -> list[int]:
    """Return those, each there once, by which a text is indexed and looked for.

    Samples of any two texts have in common what both have in common of the thinner one, since all go by the value.
    """
    mask = next((mask for size, mask in _DENSITIES if len(hashes) >= size), 0)
    values = np.frombuffer(hashes, dtype=np.uint32) if hashes else np.empty(0, dtype=np.uint32)
    return values[(values & mask) == 0].tolist()  # type: ignore[no-any-return]  # of whole numbers
