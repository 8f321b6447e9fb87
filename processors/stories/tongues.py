"""What of a word tells one event from another, by language: function words nothing, of the others their stem."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from zlib import crc32

from processors.stories.words import is_unspaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LONG = 6
_SHORT = 5
_STEMS = {
    **dict.fromkeys(("ar", "be", "bg", "bs", "cs", "el", "et", "fi", "hr", "hu", "hy", "ka", "lt", "lv", "mk"), _SHORT),
    **dict.fromkeys(("pl", "ro", "ru", "sk", "sl", "sr", "tr", "uk", "az", "kk", "he"), _SHORT),
    **dict.fromkeys(("ca", "da", "de", "es", "fr", "gl", "is", "it", "nb", "nl", "nn", "no", "pt", "sv"), _LONG),
    "ko": 2,
}
"""Letters that are a word's stem: its ending is grammar there, and what two headlines on one event differ in."""
_ARTICLES = ("وال", "بال", "كال", "ال", "لل")
"""What Arabic writes in front of a noun."""
_REMEMBERED = 50_000
"""Words of a language whose codes are kept at hand."""


@cache
def function_words() -> Mapping[str, frozenset[str]]:
    """Return the function words of each language that we know."""
    text = files("processors.stories").joinpath("function_words.toml").read_text("utf-8")
    return {language: frozenset(words.split()) for language, words in tomllib.loads(text).items()}


def guessed(words: Iterable[str]) -> str | None:
    """Return the language whose function words these words have most of; None where none is ahead of the others.

    For headlines, which are too short for the detector that the chain asks.
    """
    known = _languages()
    counts: dict[str, int] = {}
    for word in words:
        for language in known.get(word, ()):
            counts[language] = counts.get(language, 0) + 1
    ranked = sorted(counts.values(), reverse=True)
    if not ranked or ranked[:2] == [ranked[0]] * 2:
        return None
    return max(counts, key=counts.__getitem__)


def codes(words: Sequence[str], language: str | None) -> list[int]:
    """Return the CRC-32 of what each word counts as, 0 of a function word; without spaces, of pairs of characters."""
    known = _codes(language)
    if len(known) > _REMEMBERED:
        known.clear()
    if is_unspaced("".join(words)):
        words = _paired(words)
    found = [known.get(word) for word in words]
    for place in [place for place, code in enumerate(found) if code is None] if None in found else ():
        found[place] = known[words[place]] = _code(words[place], language)
    return found  # type: ignore[return-value]  # every word is known by now


@cache
def _codes(language: str | None) -> dict[str, int]:  # noqa: ARG001 - what is cached is one dict for each
    return {}


@cache
def _languages() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in function_words().items():
        for word in words:
            found[word] = (*found.get(word, ()), language)
    return found


def _code(word: str, language: str | None) -> int:
    if len(word) < 2 or word in function_words().get(language or "en", frozenset()):
        return 0
    return crc32(_stem(word, language).encode("utf-8", "replace"))


def _stem(word: str, language: str | None) -> str:
    if word[0].isdigit() or is_unspaced(word):
        return word
    if language == "ar":
        word = _bare(word)
    if length := _STEMS.get(language or "en"):
        return word[:length]
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word


def _bare(noun: str) -> str:
    for article in _ARTICLES:
        if noun.startswith(article) and len(noun) > len(article) + 2:
            return noun[len(article) :]
    return noun


def _paired(words: Sequence[str]) -> list[str]:
    """Put each character of a script without spaces together with the next one; other words stay as they are."""
    single = [len(word) == 1 and is_unspaced(word) for word in words]
    pairs = zip(words, [*words[1:], ""], single, [*single[1:], False], strict=True)
    return [word + after if alone and follows else "" if alone else word for word, after, alone, follows in pairs]
