"""Text that is the article's own, as given: no search for a title, no page gate, no minimum length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from processors import language, provenance
from processors.base import Skip
from processors.identity import canonical_url, host_of
from processors.records import Article, Page, Reason

if TYPE_CHECKING:
    from processors.boilerplate.rules import LineRules

# What Unicode's newline guidelines (UAX 14, UTR 13) call a break: CR LF, CR, VT, FF, NEL, LS, PS.
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# C0 controls but tab and newline, DEL, byte order marks, and the two noncharacters at the end of the BMP.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufeff\ufffe\uffff]")


class ReadGiven:
    """Makes an article of a page of form GIVEN: its body is UTF-8 text, everything else comes from its hint.

    Args:
        rules: the line rules for boilerplate, which apply here too.
    """

    def __init__(self, rules: LineRules) -> None:
        self._rules = rules

    def __call__(self, page: Page) -> Article:
        """Return the article; its text may be empty where there is a title.

        Raises:
            Skip: neither text nor title, or no text but boilerplate.
        """
        hint = page.hint
        text = paragraphs(page.body.decode("utf-8", "replace"))
        title = " ".join(paragraphs(hint.title or "").split())
        spoken = language.decide(hint.language, f"{title}\n{text}")
        text, removed = self._rules.apply(text, title=title, language=spoken, host=host_of(page.url))
        if not text and not title:
            raise Skip(Reason.EMPTY, "nothing but boilerplate" if removed else None)
        article = Article(
            title=title,
            text=text,
            url=page.url,
            canonical_url=canonical_url(page.url),
            summary=paragraphs(hint.summary or "") or None,
            authors=hint.authors,
            published=hint.published,
            modified=hint.modified,
            language=spoken,
            removed=removed,
            text_source=page.text_source,
        )
        return provenance.of_hint(article, hint.language)


def paragraphs(text: str) -> str:
    """Return the text with one newline between paragraphs: lines trimmed, empty ones and control characters dropped."""
    lines = _CONTROLS.sub("", _BREAKS.sub("\n", text)).split("\n")
    return "\n".join(line for line in map(str.strip, lines) if line)
