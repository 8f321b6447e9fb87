"""How scripts are written: folding that keeps offsets, and where a word begins and ends.

Matching runs over folded text and reports offsets of the original, so folding must never change a length. Boundaries
are a matter of script: Han and kana have none, Hangul particles follow a noun without a space, Arabic and Hebrew write
articles and prepositions onto the front of a word, Devanagari vowel signs are marks and not letters.
"""

from __future__ import annotations

import itertools
import unicodedata
from enum import IntEnum

_WIDE_FROM = "\u2e80"
"""Where the CJK blocks begin; Hangul syllables and kana lie above it too, Indic, Semitic and European letters below."""

_UNSPACED = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))
"""Thai and Lao, Burmese, Khmer: written without spaces between words."""

_ARABIC_FRONT = frozenset(
    "و ف ب ل ك س ال وال فال بال كال لل ولل فلل وب ول وك فب فل وبال وكال".split()  # noqa: SIM905 - a list to read
)
_HEBREW_FRONT = frozenset("והבלכמש")


class Edge(IntEnum):
    """What must hold at one end of a match."""

    FREE = 0
    """Nothing: Han, kana, or a phrase that ends in punctuation."""
    WORD = 1
    """No letter, digit or mark of a spaced script beside it."""
    HANGUL = 2
    """No Hangul syllable before it; particles may follow."""
    ARABIC = 3
    """Only proclitics (and, the, in, to ...) before it in the same word."""
    HEBREW = 4


class _WordChars(dict[str, bool]):
    """Whether a character belongs to a word of a spaced script; filled as characters are met."""

    def __missing__(self, char: str) -> bool:
        spaced = char < _WIDE_FROM and not any(first <= char <= last for first, last in _UNSPACED)
        inside = spaced and (char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M")
        self[char] = inside
        return inside


WORD_CHARS = _WordChars()


def fold(text: str) -> str:
    """Lower case, character for character.

    `str.lower` is of equal length for every character but U+0130, the Turkish capital dotted I, which becomes two.
    """
    return text.replace("İ", "i").lower()


def variants(phrase: str) -> set[str]:
    """Spellings that differ only in white space, hyphen, apostrophe or Unicode composition, folded."""
    base = fold(phrase)
    gaps = base.count(" ")
    found = {base, base.replace(" ", "\u00a0"), base.replace(" ", "\n")}
    if 0 < gaps <= 2:
        parts = base.split(" ")
        for seps in itertools.product(" -", repeat=gaps):
            found.add("".join(itertools.chain(*itertools.zip_longest(parts, seps, fillvalue=""))))
    found |= {form.replace("'", "’") for form in found}
    found |= {form.replace("-", "\u2011") for form in found}
    return found | {unicodedata.normalize("NFD", form) for form in found}


def left_edge(phrase: str) -> Edge:
    """What must hold before a match of this phrase."""
    char = phrase[0]
    if "\u0600" <= char <= "\u06ff":
        return Edge.ARABIC
    if "\u0590" <= char <= "\u05ff":
        return Edge.HEBREW
    if is_hangul(char):
        return Edge.HANGUL
    return Edge.WORD if WORD_CHARS[char] else Edge.FREE


def right_edge(phrase: str) -> Edge:
    """What must hold after a match of this phrase."""
    return Edge.WORD if WORD_CHARS[phrase[-1]] else Edge.FREE


def is_hangul(char: str) -> bool:
    """Whether this is a Hangul syllable or letter."""
    return "\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff"


def begins(folded: str, start: int, edge: int) -> bool:
    """Whether a match may begin at `start`; the text holds at least one character before it."""
    before = folded[start - 1]
    if edge == Edge.HANGUL:
        return not is_hangul(before)
    if not WORD_CHARS[before] or edge == Edge.FREE:
        return True
    if edge == Edge.WORD:
        return False
    first = start - 1
    while WORD_CHARS[folded[first - 1]] and start - first <= 5:
        first -= 1
    front = folded[first:start]
    if edge == Edge.ARABIC:
        return front in _ARABIC_FRONT
    return len(front) <= 3 and _HEBREW_FRONT.issuperset(front)
