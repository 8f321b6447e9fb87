"""Puts an article together from what the page says of it and what was extracted, each value with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors import provenance
from processors.extract import frontmatter, when
from processors.extract.text import one_line
from processors.identity import canonical_url
from processors.records import Article

if TYPE_CHECKING:
    from datetime import datetime

    from processors.extract.metadata import Metadata
    from processors.records import Page, Removal


def article_of(page: Page, meta: Metadata, text: str, code: str | None, removed: tuple[Removal, ...]) -> Article:
    """Return the article of a page.

    Args:
        page: as fetched.
        meta: what it says of itself.
        text: what was extracted, clean.
        code: the language that was decided on.
        removed: what was taken out of the text; a date line among it tells when a page without dates was published.
    """
    dated = (frontmatter.dated(one.text) for one in removed if one.rule == "date-line")
    published = meta.published or when.visible_date(dated, page)
    canonical = canonical_url(page.url, meta.canonical)
    return Article(
        title=one_line(meta.title) or "",
        text=text,
        url=page.url,
        canonical_url=canonical,
        summary=one_line(meta.summary),
        authors=tuple(name for author in meta.authors if (name := one_line(author))),
        published=published,
        modified=meta.modified,
        language=code,
        site=one_line(meta.site),
        image=meta.image,
        image_caption=one_line(meta.caption),
        section=one_line(meta.section),
        paywalled=None if meta.free is None else not meta.free,
        removed=removed,
        text_source=page.text_source,
        provenance=_sources(page, meta, canonical, code, published),
    )


def _sources(
    page: Page, meta: Metadata, canonical: str | None, code: str | None, published: datetime | None
) -> dict[str, str]:
    """Return the metadata's sources, but where the address or the text itself had the last word."""
    found = dict(meta.provenance)
    if canonical is None:
        found.pop("canonical_url", None)
    elif canonical == canonical_url(page.url):
        found["canonical_url"] = provenance.ADDRESS
    if code is None:
        found.pop("language", None)
    else:
        found["language"] = provenance.of_language(code, meta.language, found.get("language", provenance.TEXT))
    if meta.published is None and published is not None:
        found["published"] = provenance.TEXT
    return found
