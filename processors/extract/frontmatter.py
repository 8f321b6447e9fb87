"""Takes out of a text's first and last lines what the record has fields for: headline, byline, date line, section.

With them goes a note on who the author is, among the last lines: a paragraph that begins with the name of one.

A quarter of trafilatura's texts begin with the `<h1>`. Lines are compared by letters and digits alone, since quotes,
dashes and spaces differ between a page's text and its metadata.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from processors.dates import date_line
from processors.extract import people
from processors.extract.sourceline import is_source_line
from processors.records import Removal

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST = 8
LAST = 3
TITLE_WITHIN = 6
MIN_LETTERS = 6
MAX_TITLE = 400
MAX_CREDIT = 90
NOTES = 4
"""Lines at the end, but never among the first, in which a note on an author is looked for."""
MIN_NOTE, MAX_NOTE = 40, 700
BEFORE_NAME = 24
"""Letters that may stand before the name in a note: "Our correspondent Anna Berg is ..."."""
MIN_NAME = 8
"""Letters of a name that is looked for in notes."""
SEPARATORS = (" | ", " - ", " – ", " — ", " :: ", " » ", " · ", " • ", "｜", "_")

_LABEL = re.compile(
    r"(?:来源|來源|作者|记者|記者|编辑|編輯|责编|責編|稿源|出处)\s*[:：]|"
    r"\b(?:source|fonte|fuente|quelle|(?:posted|published|written) by|publicado por|publié par|author|autore?)\s*:",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"[(（\[【]?\s*(?:本文)?"
    r"(?:来源|來源|作者|本报记者|记者|記者|责任编辑|責任編輯|编辑|編輯|责编|責編|校对|审核)"
    r"\s*[:：]\s*\S.{0,40}"
)


def key(line: str) -> str:
    """Return the line's letters and digits, case folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", line[: 2 * MAX_TITLE]).casefold()))


def variants(titles: Iterable[str]) -> frozenset[str]:
    """Return the keys of the titles, and of what remains of them without a site's name at either end."""
    found: set[str] = set()
    for title in titles:
        if len(title) > MAX_TITLE:
            continue
        found.add(key(title))
        for separator in SEPARATORS:
            if separator in title:
                found.add(key(title.split(separator)[0]))
                found.add(key(title.rsplit(separator, 1)[0]))
    return frozenset(one for one in found if len(one) >= MIN_LETTERS or (len(one) >= 4 and not one.isascii()))


def without(
    text: str, *, titles: Iterable[str] = (), authors: Iterable[str] = (), section: str | None = None
) -> tuple[str, tuple[Removal, ...]]:
    """Return the text without the lines that repeat a title, the authors, a date or the section, and those lines."""
    lines = text.split("\n")
    headlines = variants(titles)
    writers = frozenset(map(key, authors))
    taken = _notes(lines, writers)
    ends = {*range(min(FIRST, len(lines))), *range(max(0, len(lines) - LAST), len(lines))}
    for place in sorted(ends):
        rule = _rule(lines[place], place, headlines, writers, key(section or ""))
        if rule is not None:
            taken[place] = rule
    kept = "\n".join(line for place, line in enumerate(lines) if place not in taken)
    return kept, tuple(Removal(rule=rule, text=lines[place]) for place, rule in sorted(taken.items()))


def dated(line: str) -> str:
    """Return a line up to the first label of a credit: "17 November 2019 - Posted by: X" is a date line too."""
    return _LABEL.split(line, maxsplit=1)[0].strip(" -–—|·•,;:/")


def _rule(line: str, place: int, headlines: frozenset[str], writers: frozenset[str], section: str) -> str | None:
    letters = key(line) if len(line) <= MAX_TITLE else ""
    if place < TITLE_WITHIN and letters and letters in headlines:
        return "title"
    if not letters or len(line) > MAX_CREDIT:
        return None
    return "section" if place < 3 and letters == section else _credit(line, place, writers)


def _credit(line: str, place: int, writers: frozenset[str]) -> str | None:
    if _LABELLED.fullmatch(line) or (writers and _only(line, writers)):
        return "byline"
    if not any(map(str.isdigit, line)):
        return None
    return "date-line" if (place < FIRST and date_line(dated(line))) or is_source_line(line) else None


def _notes(lines: list[str], writers: frozenset[str]) -> dict[int, str]:
    """Return the places of notes on the authors. A list's item is none: it is about its first words."""
    names = [writer for writer in writers if len(writer) >= MIN_NAME]
    places = range(max(FIRST, len(lines) - NOTES), len(lines)) if names else ()
    return {place: "author-note" for place in places if _is_note(lines[place], names)}


def _is_note(line: str, names: Iterable[str]) -> bool:
    if line.startswith("- ") or not MIN_NOTE <= len(line) <= MAX_NOTE:
        return False
    begin = key(line[:MAX_CREDIT])
    return any(0 <= begin.find(name) <= BEFORE_NAME for name in names)


def _only(line: str, writers: frozenset[str]) -> bool:
    """Tell whether a line names nobody but the page's authors: "Von A. B. und C. D."."""
    named = people.names([line])
    if not named or not all(key(name) in writers for name in named):
        return False
    return len("".join(map(key, named))) >= len(key(people.unprefixed(line))) * 0.6
