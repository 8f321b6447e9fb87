"""Where the values of a record come from, as its `provenance` says: of articles that no page around them tells about.

Pages have more to choose from (`extract.metadata`); what they say is written `json-ld:PROPERTY`, `meta:NAME`,
`link:RELATION` or `html:WHAT`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from processors import language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processors.records import Article

HINT = "hint"
"""What the feed's entry or the archive's line says."""
TEXT = "text"
"""The text itself: a date line in it, a byline, the language that it is recognised to be in."""
ADDRESS = "url"
"""The address that the document came from."""

_FIELDS = ("title", "summary", "authors", "published", "modified")


def of_hint(article: Article, declared: str | None, own: Mapping[str, str] | None = None) -> Article:
    """Return an article whose values come from a hint with their sources.

    Args:
        article: as made.
        declared: the language that the hint declares.
        own: sources by field, of what did not come from the hint.
    """
    found = {name: HINT for name in _FIELDS if getattr(article, name)} | dict(own or {})
    if article.canonical_url:
        found["canonical_url"] = ADDRESS
    if article.language:
        found["language"] = of_language(article.language, declared, HINT)
    return replace(article, provenance=found)


def of_language(code: str, declared: str | None, source: str) -> str:
    """Return where a language comes from: as declared by the source, or recognised in the text against it."""
    return source if language.primary(declared) == code else TEXT
