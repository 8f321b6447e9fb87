"""What a feed entry carries of its article: the text where the feed has it whole, and where the page gives none."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import TYPE_CHECKING

from processors import language, provenance
from processors.base import Skip
from processors.extract import fragment, frontmatter
from processors.extract.parse import MAX_BYTES
from processors.extract.text import one_line
from processors.identity import canonical_url, host_of
from processors.records import Article, Form, Page, Reason, TextSource

if TYPE_CHECKING:
    from processors.boilerplate.rules import LineRules
    from processors.records import Hint

INSTEAD = frozenset(
    {
        *(Reason.BOT_CHALLENGE, Reason.CONSENT_WALL, Reason.INDEX_PAGE, Reason.PAYWALL, Reason.SOFT_404),
        *(Reason.VIDEO_PAGE, Reason.NO_TEXT, Reason.NOT_HTML, Reason.EMPTY, Reason.TOO_LARGE),
    }
)
"""The reasons for which a page gives no article, so that what its feed carries is used instead."""


class ReadCarried:
    """Makes an article of a page of form CARRIED: its body is HTML without a page around, the rest is in its hint.

    Args:
        rules: the line rules for boilerplate: feeds carry "The post X appeared first on Y.", too.
    """

    def __init__(self, rules: LineRules) -> None:
        self._rules = rules

    def __call__(self, page: Page) -> Article:
        """Return the article; its text may be empty where there is a title.

        Raises:
            Skip: TOO_LARGE; EMPTY, where there is neither text nor title.
        """
        if len(page.body) > MAX_BYTES:
            raise Skip(Reason.TOO_LARGE, f"{len(page.body)} bytes of HTML; at most {MAX_BYTES}")
        hint = page.hint
        url = hint.url or page.url
        found = fragment.read(page.body, url, lambda link: self._rules.match(link) is not None)
        title = one_line(hint.title) or ""
        spoken = language.decide(hint.language, f"{title}\n{found.text}")
        text, removed = frontmatter.without(found.text, titles=(title,), authors=hint.authors)
        text, taken = self._rules.apply(text, title=title, language=spoken, host=host_of(url))
        removed += taken
        if not text and not title:
            raise Skip(Reason.EMPTY, "nothing but boilerplate" if removed else None)
        article = Article(
            title=title,
            text=text,
            url=url,
            canonical_url=canonical_url(url),
            summary=_summary(hint, found.text, text),
            authors=tuple(name for author in hint.authors if (name := one_line(author))),
            published=hint.published,
            modified=hint.modified,
            language=spoken,
            image=found.image,
            removed=removed,
            text_source=page.text_source,
        )
        return provenance.of_hint(article, hint.language, {"image": "html:img"} if found.image else None)


def instead_of(page: Page) -> Page | None:
    """Return what the page's feed carries of it, as a page of its own; None where it is of no feed, or carries nothing.

    The summary is plain text, the content HTML.
    """
    hint = page.hint
    if page.form is not Form.HTML or page.origin.feed is None or not (hint.content or hint.summary or hint.title):
        return None
    markup = hint.content or html.escape(hint.summary or "", quote=False)
    return replace(
        page,
        form=Form.CARRIED,
        body=markup.encode("utf-8", "replace"),
        url=hint.url or page.url,
        content_type=None,
        text_source=TextSource.FEED,
    )


def _summary(hint: Hint, whole: str, text: str) -> str | None:
    """Return the entry's summary, unless it is the text, with or without the boilerplate in it."""
    summary = one_line(hint.summary)
    return None if summary in {one_line(whole), one_line(text)} else summary
