"""Text of feeds for people who read it in a browser: nothing in it that reorders what stands around it.

Templates escape markup. What is left are characters that do something without markup: bidirectional controls could make
a title read as if it were part of the page, or an address as if it were another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ingest.secret import mask_urls

if TYPE_CHECKING:
    from processors.records import Article

_CONTROLS = [code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in b"\t\n"]
_BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SHOWN = dict.fromkeys([*_CONTROLS, *_BIDI, 65279, *range(55296, 57344)], "�")
_SHOWN |= {0x2028: "\n", 0x2029: "\n"}
SNIPPET = 240
"""Characters of a summary, or of the beginning of a text."""


class Piece(NamedTuple):
    """A part of a text, and the topics that it is evidence for."""

    text: str
    topics: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return a text with a sign in place of each character that is a control, one for one: offsets stay what they are.

    Line breaks and tabs stay.
    """
    return text if text.isprintable() else text.translate(_SHOWN)  # mostly there is nothing to look for


def address(url: str | None) -> str | None:
    """Return a URL that a link may lead to: of the web, without credentials. None where it is none."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return None
    return plain(mask_urls(url))


def pieces(article: Article, field: str) -> Iterator[Piece]:
    """Yield a field cut where evidence begins and ends; all pieces together are the field.

    Evidence of several topics may overlap: a piece names all of them.
    """
    text: str = getattr(article, field) or ""
    spans = [
        (evidence.start, evidence.end, tag.topic)
        for tag in article.topics
        for evidence in tag.evidence
        if evidence.field == field and 0 <= evidence.start < evidence.end <= len(text)
    ]
    edges = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    for start, end in pairwise(edges):
        topics = dict.fromkeys(topic for begin, stop, topic in spans if begin <= start and end <= stop)
        yield Piece(plain(text[start:end]), tuple(map(plain, topics)))


def snippet(article: Article) -> str:
    """Return how an article begins, on one line."""
    text = " ".join((article.summary or article.text)[: 2 * SNIPPET].split())
    return plain(text if len(text) <= SNIPPET else text[: SNIPPET - 1] + "…")
