"""Divides a line into the tokens of dates, or finds that it holds any other word."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from processors.dates import zones

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(StrEnum):
    """What a token is; those of `words.toml` carry its table names."""

    MONTH = "months"
    WEEKDAY = "weekdays"
    PUBLISHED = "published"
    MODIFIED = "modified"
    FILLER = "fillers"
    AM = "am"
    PM = "pm"
    ZONE = "zone"
    OFFSET = "offset"
    YMD = "ymd"
    MD = "md"
    DMY = "dmy"
    TIME = "time"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its numbers, in the order its kind's name has them; a time's are hour, minute and second."""

    kind: Kind
    text: str
    numbers: tuple[str, ...] = ()
    month: int = 0
    weekday: bool = False
    """A month that is a day of the week in another language: `mar`."""


_SPACE: Final = re.compile(r"(?:[\s,.:;|()\[\]<>/•·—_@~\"'’]|[-–](?!\d))+|[-–]")
_OFFSET: Final = re.compile(r"(?:(?:utc|gmt)\s?)?([-+\u2212–])(\d{1,2})(?::?(\d\d))?(?!\d)")
_NUMBERS: Final = (
    (Kind.YMD, re.compile(r"(\d{4})\s?[년年]\s?(\d{1,2})\s?[월月]\s?(\d{1,2})\s?[日일號号]?")),
    (Kind.MD, re.compile(r"(\d{1,2})\s?[월月]\s?(\d{1,2})\s?[日일號号]")),
    (Kind.YMD, re.compile(r"(\d{4})\s?([-./])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)")),
    (Kind.DMY, re.compile(r"(\d{1,2})\s?([-./])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d)(?!\d)")),
    (Kind.DMY, re.compile(r"(\d{1,2}) tháng (\d{1,2})(?:,? năm)?,? (\d{4})(?!\d)")),
    (
        Kind.TIME,
        re.compile(r"(\d{1,2})(?:\s?[:h時时点點시]\s?|\.(?=\d\d(?!\d)))(\d{1,2})(?:\s?[:.分분]\s?(\d\d)(?!\d))?(?:\.\d+)?[分분秒초]?(?!\d)"),
    ),
    (Kind.TIME, re.compile(r"(\d{1,2})(?:\s?[時时点點시](?!\d)|h(?!\w)|(?=\s?[ap]\.?\s?m\b))")),
    (Kind.NUMBER, re.compile(r"(\d{1,4})(?:st|nd|rd|th|er|º|ª|°)?(?!\w)")),
)  # fmt: skip
_MILITARY: Final = re.compile(r"([01]\d|2[0-3])([0-5]\d)(?=\s?(?:gmt|utc|hkt|ist|et|hrs)\b)")
_HALF: Final = re.compile(r"([ap])\.?\s?m\b")
_WORD: Final = re.compile(r"[^\s\d,:;|()\[\]<>/•·–—_@~-]+")
_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u0307]")
_LONGEST_PHRASE: Final = 4


def normal(line: str) -> str:
    """Return the line in the form the vocabulary is in: NFKC, lower case, ASCII digits, Turkish i as i."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", line).lower()).replace("ı", "i")
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(c)) if not c.isascii() and c.isdigit() else c for c in text)


def tokens(text: str) -> list[Token]:
    """Return the tokens of a line in the form of `normal`; empty if it holds anything that no date line does."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        step = _number(text, position, found) or _phrase(text, position, found)
        if step is None:
            space = _SPACE.match(text, position)
            if space is None:
                return []
            position = space.end()
            continue
        token, position = step
        found.append(token)
    return found


def _number(text: str, position: int, before: list[Token]) -> tuple[Token, int] | None:
    """Read what begins with a digit or a sign."""
    timed = any(t.kind is Kind.TIME for t in before)
    if (timed or text.startswith(("utc", "gmt"), position)) and (match := _OFFSET.match(text, position)):
        return Token(Kind.OFFSET, match[1], (match[2], match[3] or "0")), match.end()
    if not text[position].isdigit():
        return None
    dated = any(t.kind is Kind.MONTH for t in before) and not any(len(n) == 4 for t in before for n in t.numbers)
    if not dated and (match := _MILITARY.match(text, position)):
        return Token(Kind.TIME, match[0], (match[1], match[2], "0")), match.end()
    for kind, pattern in _NUMBERS:
        if match := pattern.match(text, position):
            numbers = tuple(n or "0" for n in match.groups() if n is None or n.isdigit())
            return Token(kind, match[0], (*numbers, "0", "0")[: max(3, len(numbers))]), match.end()
    return None


def _phrase(text: str, position: int, before: list[Token]) -> tuple[Token, int] | None:
    """Read the longest phrase of the vocabulary; which meaning an ambiguous word has depends on what stands before."""
    last = next((t for t in reversed(before[-2:]) if t.kind is not Kind.FILLER), None)  # `8.51 Uhr MESZ`
    timed = last is not None and last.kind in (Kind.TIME, Kind.AM, Kind.PM, Kind.ZONE, Kind.OFFSET)
    if before and before[-1].kind is Kind.TIME and (match := _HALF.match(text, position)):
        return Token(Kind.AM if match[1] == "a" else Kind.PM, match[0]), match.end()
    for phrase, end in _candidates(text, position):
        if timed and phrase in zones.NAMES:
            return Token(Kind.ZONE, phrase), end
        if token := _VOCABULARY.get(phrase):
            return token, end
    return None


def _candidates(text: str, position: int) -> Iterator[tuple[str, int]]:
    """Yield the phrases that begin here, longest first, each with its end."""
    words: list[str] = []
    ends: list[int] = []
    while len(words) < _LONGEST_PHRASE and (match := _WORD.match(text, position)):
        words.append(match[0].rstrip(".'’"))
        ends.append(match.end())
        position = match.end() + 1 if text.startswith(" ", match.end()) else len(text)
    joined = list(accumulate(words, lambda a, b: f"{a} {b}"))
    yield from zip(reversed(joined), reversed(ends), strict=True)


def _load() -> dict[str, Token]:
    """Read `words.toml`; where a word stands in several tables, the earlier line below wins."""
    tables = tomllib.loads((resources.files(__package__) / "words.toml").read_text("utf-8"))
    words: dict[str, Token] = {}
    weekdays = {normal(word) for names in tables[Kind.WEEKDAY].values() for word in names}
    for months in tables[Kind.MONTH].values():
        for number, names in enumerate(months, 1):
            for name in map(normal, names):
                words.setdefault(name, Token(Kind.MONTH, name, month=number, weekday=name in weekdays))
    for kind in (Kind.PUBLISHED, Kind.MODIFIED, Kind.WEEKDAY, Kind.FILLER, Kind.AM, Kind.PM):
        for name in (normal(word) for names in tables[kind].values() for word in names):
            words.setdefault(name, Token(kind, name))
    return words


_VOCABULARY: Final = _load()
