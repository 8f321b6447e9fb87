"""Shingles: every five words in a row, as 32 bits each, and the sample of them by which copies are looked for.

A wire copy is cut, or continued: what it has in common with its source is much of the shorter text, and perhaps little
of the longer. So what is measured is containment, |A ∩ B| / min(|A|, |B|), over whole sets; MinHash and SimHash, which
estimate |A ∩ B| / |A ∪ B|, cannot tell it.

The home of numpy: whole numbers only, which are the same on every machine.
"""

from __future__ import annotations

import re
from array import array
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np

from processors.stories.words import INDIC, UNSPACED

if TYPE_CHECKING:
    Whole: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
    Shingles: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint32]]
    Codes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint32]]
    Kinds: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    Places: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.intp]]

WIDTH = 5
"""Words in a shingle."""
LONGEST = 500
"""Words of a text that are looked at: a copy of a longer one has its beginning, or is one of its parts by chance."""
CHARACTERS = 16 * LONGEST
"""Characters in which these words are, in any language: a long text costs no more than another."""
_USUAL = CHARACTERS // 2
"""Characters in which they are in most."""
_DENSITIES = ((200, 7), (100, 3), (50, 1))
"""From so many shingles on one of eight is indexed, one of four, one of two; of a shorter text all are."""
_FACTOR = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio, odd: Fibonacci hashing (Knuth, 6.4)
_INVERSE = pow(_FACTOR, -1, 1 << 64)
_WHOLE = (1 << 64) - 1
_GOLDEN, _HALF, _ONE, _IS_NUMBER = np.uint64(_FACTOR), np.uint64(32), np.uint64(1), np.uint64(1)
_LETTER, _DIGIT, _ALONE, _INSIDE = 1, 2, 3, 4
_MARKS = {"'": _INSIDE | _LETTER, ".": _INSIDE | _DIGIT, ",": _INSIDE | _DIGIT, ":": _INSIDE | _DIGIT}
"""Kinds of what may be inside a word, between characters of the other kind."""
_FIGURE = rf"(?![{UNSPACED}\U00010000-\U0010ffff])\d"
_NUMBER = re.compile(rf"(?:{_FIGURE})+(?:[.,:](?:{_FIGURE})+)*")


class Hashed(NamedTuple):
    """Words as numbers of 32 bits."""

    words: int
    """How many."""
    whole: int
    """All of them."""
    shingles: Shingles
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
    codes, kinds = _characters(text[:_USUAL])
    begins, ends = _bounds(kinds)
    if len(begins) <= LONGEST and len(text) > _USUAL:
        codes, kinds = _characters(text[:CHARACTERS])
        begins, ends = _bounds(kinds)
    values = _words(codes, begins[:LONGEST], ends[:LONGEST], kinds)
    places = np.flatnonzero(values & _IS_NUMBER)
    shingles = _mixed(values)
    return Hashed(
        words=len(values),
        whole=crc32(values.astype("<u8").tobytes()),
        shingles=shingles,
        unique=_unique(shingles),
        numbers=list(zip(places.tolist(), values[places].tolist(), strict=True)),
    )


def numbers(text: str) -> list[int]:
    """Return the hashes of the words of a folded text that are numbers, as `hashed` does; for texts of a few words."""
    return [_number(word) for word in _NUMBER.findall(text)]


@lru_cache(10_000)
def _number(word: str) -> int:
    value = 0
    for character in reversed(word):
        value = value * _FACTOR + ord(character) + 1
    value &= _WHOLE
    return ((value ^ value >> 32) * _FACTOR & _WHOLE) >> 32 | 1


def _characters(text: str) -> tuple[Codes, Kinds]:
    """Return the codes of a text's characters, and of which kind each is."""
    if text.isascii():
        raw = text.encode("ascii")
        return np.frombuffer(raw, dtype=np.uint8), _joined(np.frombuffer(raw.translate(_ascii()), dtype=np.uint8))
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    return codes, _joined(_kinds()[np.minimum(codes, 0xFFFF)])


def _joined(kinds: Kinds) -> Kinds:
    """Make an apostrophe between letters a letter, and a point, comma or colon between digits a digit; others none."""
    marks = np.flatnonzero(kinds > _ALONE)
    whole = kinds.copy()
    whole[marks] = 0
    inner = marks[(marks > 0) & (marks < len(kinds) - 1)]
    around = kinds[inner] ^ _INSIDE
    inside = (kinds[inner - 1] == around) & (kinds[inner + 1] == around)
    whole[inner[inside]] = around[inside]
    return whole


def _bounds(kinds: Kinds) -> tuple[Places, Places]:
    """Return where words begin, and where they end."""
    padded = np.zeros(len(kinds) + 2, dtype=np.uint8)
    padded[1:-1] = kinds
    edge = padded[1:] != padded[:-1]
    edge[:-1] |= kinds == _ALONE
    inside = padded > 0
    return np.flatnonzero(edge & inside[1:]), np.flatnonzero(edge & inside[:-1])


def _unique(shingles: Shingles) -> array[int]:
    """Return each once, sorted."""
    ordered = np.sort(shingles)  # np.unique takes ten times as long
    is_first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return array("I", ordered[is_first].tobytes())


def _words(codes: Codes, begins: Places, ends: Places, kinds: Kinds) -> Whole:
    """Return 31 bits of each word's hash, and one that says whether it is a number."""
    powers, inverses = _powers()
    last = int(ends[-1]) if len(ends) else 0
    sums = np.zeros(last + 1, dtype=np.uint64)
    values: Whole = codes[:last].astype(np.uint64)  # changed in place: what is made anew has to be fetched anew
    values += _ONE
    values *= powers[:last]
    np.cumsum(values, out=sums[1:])
    values = (sums[ends] - sums[begins]) * inverses[begins]
    values ^= values >> _HALF
    values *= _GOLDEN
    values >>= _HALF
    values &= ~_IS_NUMBER
    values |= kinds[begins] == _DIGIT
    return values


def _mixed(values: Whole) -> Shingles:
    count = max(0, len(values) - WIDTH + 1)
    mixed = values[:count].copy()
    for place in range(1, WIDTH):
        mixed *= _GOLDEN
        mixed += values[place : place + count]
    mixed ^= mixed >> _HALF
    mixed *= _GOLDEN
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
    for mark, kind in _MARKS.items():
        table[ord(mark)] = kind
    return table


@cache
def _ascii() -> bytes:
    return _kinds()[:256].tobytes()


def sampled(hashes: array[int]) -> list[int]:
    """Return those, each there once, by which a text is indexed and looked for.

    Samples of any two texts have in common what both have in common of the thinner one, since all go by the value.
    """
    mask = next((mask for size, mask in _DENSITIES if len(hashes) >= size), 0)
    values = np.frombuffer(hashes, dtype=np.uint32) if hashes else np.empty(0, dtype=np.uint32)
    return values[(values & mask) == 0].tolist()  # type: ignore[no-any-return]  # of whole numbers
