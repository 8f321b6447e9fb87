"""What one article teaches about its site: its lines by their keys, and what tells one article from another.

A lesson holds no text but that of lines short enough to be boilerplate, and that only on its way to the profile: a
site keeps the texts of the lines that recur.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from processors.boilerplate.lines import fold, is_headline, is_prose
from processors.identity import host_of
from processors.records import TextSource

if TYPE_CHECKING:
    from datetime import datetime

    from processors.records import Article, Record

RULE = "site-learned"
"""What a record's `removed` calls the rule that learned lines go by."""
PROSE, HEADING, OTHER = "p", "h", "o"
MAX_LINES = 200
"""Lines of an article that are looked at: the first and the last hundred."""
MAX_LENGTH = 2000
"""Characters; a longer line is never boilerplate."""
MIN_LETTERS = 10
MIN_IDEOGRAMS = 5
"""What shares less than this with another article ("Yes.", "***") shares nothing."""
MAX_HEADING = 60
_MAX_WORDS = 12

_IDEOGRAPHIC = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_]{4,}")


class Line(NamedTuple):
    """A line of an article's text; the text itself is known by its key."""

    key: str
    """16 hexadecimal digits of a digest of the folded line; "" for one too short or too long to be told apart."""
    kind: str
    """`PROSE`, `HEADING` (short, and no sentence or a question) or `OTHER`."""
    size: int
    """Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One article, as its site's profile sees it."""

    host: str
    article: str
    """The record's id: what an article is counted once by."""
    time: int | None
    """Event time in seconds since 1970; None for an article without any date."""
    words: tuple[str, ...]
    """Words of its title."""
    author: str
    section: str
    lines: tuple[Line, ...]
    """In the order of the text."""
    gone: tuple[Line, ...] = ()
    """Lines that were learned earlier and taken out: seen again, nobody knows where."""

    @property
    def order(self) -> tuple[float, str]:
        """By age, articles without a date before all others."""
        return (float("-inf") if self.time is None else self.time, self.article)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all its lines."""
        return frozenset(line.key for line in (*self.lines, *self.gone) if line.key)


def site_of(article: Article) -> str | None:
    """Return the site of an article that was extracted from a page: its host, without `www.`; else None."""
    if article.text_source is not TextSource.PAGE:
        return None
    host = host_of(article.url or article.canonical_url)
    return host.removeprefix("www.") if host else None


def key_of(line: str) -> str:
    """Return what a line is known by, whatever its case, quotes and spaces; "" where it is too short or too long."""
    if len(line) > MAX_LENGTH:
        return ""
    letters = sum(map(str.isalpha, line)) if len(line) < 4 * MIN_LETTERS else MIN_LETTERS
    if letters < MIN_LETTERS and len(_IDEOGRAPHIC.findall(line)) < MIN_IDEOGRAMS:
        return ""
    return blake2b(fold(line).encode("utf-8", "replace"), digest_size=8).hexdigest()


def lesson_of(record: Record) -> tuple[Lesson, dict[str, str]] | None:
    """Return what a record teaches, and the texts of its lines by key; None where its site or its text is not known."""
    article = record.article
    host = site_of(article)
    if host is None or not article.text:
        return None
    texts: dict[str, str] = {}
    gone = [removal.text for removal in article.removed if removal.rule == RULE]
    lesson = Lesson(
        host=host,
        article=record.id,
        time=_seconds(article.published, record.origin.fetched),
        words=words_of(article.title),
        author=fold(article.authors[0]) if article.authors else "",
        section=fold(article.section or "") or _folder(article.url or article.canonical_url),
        lines=tuple(_line(text, texts) for text in _ends(article.text.split("\n"))),
        gone=tuple(_line(text, texts) for text in gone[:MAX_LINES]),
    )
    return lesson, texts


def words_of(title: str) -> tuple[str, ...]:
    """Return the telling words of a title; pairs of characters where a script has no spaces."""
    folded = fold(title)
    if _IDEOGRAPHIC.search(folded):
        words = [folded[i : i + 2] for i in range(len(folded) - 1) if folded[i : i + 2].isalpha()]
    else:
        words = _WORD.findall(folded)
    return tuple(dict.fromkeys(words))[:_MAX_WORDS]


def _line(text: str, texts: dict[str, str]) -> Line:
    key = key_of(text)
    if key:
        texts[key] = text
    heading = len(text) <= MAX_HEADING and (is_headline(text) or text.endswith(("?", "？", "؟")))
    return Line(key, PROSE if is_prose(text) else HEADING if heading else OTHER, len(text))


def _ends(lines: list[str]) -> list[str]:
    half = MAX_LINES // 2
    return lines if len(lines) <= MAX_LINES else lines[:half] + lines[-half:]


def _seconds(published: datetime | None, fetched: datetime | None) -> int | None:
    """Return the event time: when it was published, but not after it was fetched."""
    if published is not None and fetched is not None:
        published = min(published, fetched)
    moment = published or fetched
    return None if moment is None else int(moment.timestamp())


def _folder(url: str | None) -> str:
    """Return the first folder of a URL's path, where sites have their sections."""
    parts = urlsplit(url or "").path.split("/")
    return parts[1].lower() if len(parts) > 2 else ""
