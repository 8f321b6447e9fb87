"""An article as words: what shingles, numbers and terms are made of.

Text is folded (NFKC, lower case, one kind of apostrophe) and cut once for all three steps. Han, kana, Thai and their
like are written without spaces, so there each character is a word: five words are then five characters.
"""

from __future__ import annotations

import re
import unicodedata

# Thai and Lao, Burmese, Khmer, kana, Han: scripts without spaces between words.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_NUMBER = r"\d+(?:[.,:]\d+)*"
_ASCII = re.compile(rf"[a-z]+(?:'[a-z]+)?|{_NUMBER}")
_LETTERS = re.compile(rf"[^\W\d_]+(?:'[^\W\d_]+)?|{_NUMBER}")
# Vowel signs of Indic scripts are parts of a word, but no letters to `re`.
INDIC = "\u0900-\u0dff"
_MIXED = re.compile(rf"[{UNSPACED}]|{_NUMBER}|(?:[^\W\d_{UNSPACED}]|(?!\d)[{INDIC}])+(?:'[^\W\d_{UNSPACED}]+)?")
_IS_MIXED = re.compile(f"[{INDIC}{UNSPACED}]")
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")


def folded(text: str) -> str:
    """Return a text as it is compared: compatible characters alike (NFKC), lower case, straight apostrophes."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("ʼ", "'")


def words(text: str) -> list[str]:
    """Return the words of a text, folded, in their order."""
    text = folded(text)
    if text.isascii():
        return _ASCII.findall(text)
    return (_MIXED if _IS_MIXED.search(text) else _LETTERS).findall(text)


def is_unspaced(text: str) -> bool:
    """Say whether any of a text is of a script without spaces."""
    return not text.isascii() and _HAS_UNSPACED.search(text) is not None
