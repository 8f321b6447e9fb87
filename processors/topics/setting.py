"""What around an article's words is not its subject: credit lines, datelines, the outlet's own name, namesake towns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from processors.topics.model import Kind, Phrase
from processors.topics.writing import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = (
    "reporting by", "additional reporting", "editing by", "writing by", "edited by", "compiled by", "translated by",
    "photo by", "photos by", "photograph by", "image credit", "photo credit", "with reporting from",
    "con información de", "avec la contribution de", "mit material von", "com informações de",
    "con la collaborazione di", "материал подготовил", "with contributions from", "mitarbeit:",
    "avec notre correspondant",
    "avec nos correspondants", "de notre correspondant", "de nuestro corresponsal", "von unserem korrespondenten",
    "dal nostro corrispondente", "от нашего корреспондента", "photo:", "photos:", "image:", "picture:", "source:",
    "foto:",
    "fotos:", "bild:", "quelle:", "fuente:", "fonte:", "crédit photo", "фото:", "источник:", "写真:", "写真＝", "사진=",
    "사진 출처", "图片来源", "圖片來源", "资料来源", "資料來源",
)  # fmt: skip
_ANYWHERE = (
    "contributed reporting", "contributed to this report", "contributed to this story", "contributed to this article",
    "reported from", "getty images",
)  # fmt: skip
CREDIT_CUES = tuple(Phrase(cue, Kind.CONTEXT) for cue in (*_OPENING, *_ANYWHERE))
"""Found by the same automaton as everything else, so a text without one pays nothing."""

_STATES = (
    "ala", "alabama", "alaska", "arizona", "ariz", "arkansas", "ark", "california", "calif", "colorado", "colo",
    "connecticut", "conn", "delaware", "del", "florida", "fla", "hawaii", "idaho", "illinois", "ill", "indiana", "ind",
    "iowa", "kansas", "kan", "kentucky", "ky", "louisiana", "la", "maine", "maryland", "md", "massachusetts", "mass",
    "michigan", "mich", "minnesota", "minn", "mississippi", "miss", "missouri", "mo", "montana", "mont", "nebraska",
    "neb", "nevada", "nev", "new hampshire", "new jersey", "new mexico", "north carolina", "north dakota", "ohio",
    "oklahoma", "okla", "oregon", "ore", "pennsylvania", "pa", "rhode island", "south carolina", "south dakota",
    "tennessee", "tenn", "texas", "tex", "utah", "vermont", "vt", "virginia", "va", "west virginia", "wisconsin", "wis",
    "wyoming", "wyo", "penn", "n.y", "n.j", "n.c", "n.d", "s.c", "s.d", "n.h", "n.m", "r.i", "w.va",
    "ontario", "saskatchewan", "alberta", "manitoba", "nova scotia",
)  # fmt: skip
_SHORT = frozenset(state for state in _STATES if len(state) <= 5)
_NAMESAKE = re.compile(
    r", (?:" + "|".join(sorted((re.escape(s) for s in _STATES), key=len, reverse=True)) + r")\b(\.?)", re.IGNORECASE
)
_STREETS = tuple(
    f" {word}"
    for word in (
        "Road", "Street", "Avenue", "Lane", "Boulevard", "Terrace", "Hotel", "Inn", "Restaurant", "Bistro", "Cafe",
        "Café", "Grill", "Pub", "Bakery", "Pier",
    )
)  # fmt: skip
_COMPOUND = re.compile(
    r"-(?:born|bred|style|styled|era|themed|inspired|flavou?red|trained|educated|speaking|language|descended"
    r"|American|Australian|British|Canadian)s?\b",
    re.IGNORECASE,
)
_PLACE = r"\s*[^\W\d_a-z][\w .,’'/-]{1,70}?"
_AGENCY = r"\([^)\n]{2,40}\)"
_DATELINE = re.compile(
    rf"{_PLACE}(?:{_AGENCY}\s*)?\s(?:—|–|--|-)\s"
    rf"|{_PLACE}{_AGENCY}\s*[:.]?\s?[-–—]*\s"
    rf"|{_PLACE}\s/[^/\n]{{2,20}}/\.?\s"  # МОСКВА, 3 марта. /ТАСС/.
)
_WIRE = re.compile(
    r"\s*(?:\([^)\n]{2,40}\)\s*(?:—|–|--)\s"  # (Beijing) —
    r"|[(（\[［][^()=＝\n]{1,20}[=＝][^)\n]{1,20}[)）\]］]"  # (서울=연합뉴스), [베이징=뉴시스]
    r"|[【［\[][^】］\]\n]{1,25}(?:時事|共同|聯合|ロイター|AFP|AP|新華社|支局|特派員)[】］\]]"
    r"|【[^】\n]{1,15}[=＝][^】\n]{1,15}】"
    r"|[（(【]?[^\s，。、]{2,20}?[0-9]{1,2}日[^\s，。]{0,4}[电電][）)】]?(?=[\s　(（题題]))"  # 新华社北京3月3日电
)
"""Datelines that no capitals tell: a place in brackets, and those of agencies that write Chinese, Japanese, Korean."""
_DASHES = ("—", "–", "-")
_DATELINE_MARKS = ("—", "–", " - ", "--", "(", "/", "（", "[", "［", "【", "电", "電")
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])[.!?。！？]['\"”’)\]]*(?=\s)|\n|[\x1f]")
DATELINE_REACH = 90
"""Characters from the start of the text within which a dateline ends."""
_CREDIT_REACH = 300

SETTING = (_OPENING, _ANYWHERE, _STATES, _DATELINE.pattern, _WIRE.pattern, _STREETS, _COMPOUND.pattern)
"""All of this module that changes a tag, for the digest of definitions."""


def dateline_end(text: str, start: int) -> int:
    """Where the dateline that the text at `start` begins with ends; `start` where there is none.

    A dateline has the place in capitals ("SEOUL, South Korea (AP) — "), or an agency in parentheses and then a dash, or
    the form of an East Asian agency's.
    """
    head = text[start : start + DATELINE_REACH]
    if not any(mark in head for mark in _DATELINE_MARKS):
        return start
    wire = _WIRE.match(text, start, start + DATELINE_REACH)
    if wire is not None:
        return wire.end()
    found = _DATELINE.match(text, start, start + DATELINE_REACH)
    if found is None:
        return start
    first = re.split(r"[ ,(]", found.group().strip(), maxsplit=1)[0]
    capitals = len(first) > 2 and first.isupper()
    dashed = found.group().rstrip().endswith(_DASHES)
    return found.end() if capitals or (dashed and "(" in found.group()) else start


def credit_span(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The sentence or parenthesis that a credit cue makes a credit line; None where it stands in ordinary prose."""
    opening = text.rfind("(", max(0, start - 40), start)
    if opening >= 0 and text.find(")", opening, start) < 0:
        closing = text.find(")", end, end + _CREDIT_REACH)
        return opening, closing + 1 if closing >= 0 else end
    floor = max(0, start - _CREDIT_REACH)
    first = max((match.end() for match in _SENTENCE_END.finditer(text, floor, start)), default=floor)
    if text[first:start].strip() and text[start:end].lower() in _OPENING:
        return None
    after = _SENTENCE_END.search(text, end, end + _CREDIT_REACH)
    return first, after.end() if after else end


def own_name_spans(folded: str, site: str) -> Iterator[tuple[int, int]]:
    """Where the outlet's own name stands; one of a single word could be any word, and is left alone."""
    name = fold(site.strip())
    at = folded.find(name) if len(name.split()) > 1 else -1
    while at >= 0:
        yield at, at + len(name)
        at = folded.find(name, at + len(name))


def is_namesake(text: str, end: int) -> bool:
    """Whether a state or province follows: "Moscow, Idaho". Georgia and Washington, which are more, are left out."""
    if not text.startswith(", ", end):
        return False
    found = _NAMESAKE.match(text, end)
    if found is None:
        return False
    abbreviated = found.group()[2:].rstrip(".").lower() in _SHORT - {"idaho", "iowa", "ohio", "maine", "utah", "texas"}
    return not abbreviated or bool(found.group(1))


def is_named_after(text: str, end: int) -> bool:
    """Whether a street, an inn or the like bears the name: "Moscow Road", "the Kremlin Bistro"."""
    if not text.startswith(_STREETS, end):
        return False
    after = end + 1
    while text[after].isalpha():
        after += 1
    return text[end:after] in _STREETS


def is_compound(text: str, end: int) -> bool:
    """Whether the name only describes something else: "Soviet-era flats", "a Chinese-born cook"."""
    return _COMPOUND.match(text, end) is not None
