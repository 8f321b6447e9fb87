"""Entries that carry their article's whole text, and the page that stands for such an article."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ingest.feeds.markup import paragraphs, plain
from processors.records import Form, Hint, Mode, Origin, Page, TextSource

if TYPE_CHECKING:
    from ingest.feeds.model import Entry, Feed

WHOLE: Final = 600
"""Characters of text from which on an entry may be the article itself; descriptions are shorter."""
_TAIL: Final = 120

# WordPress adds this to excerpts and whole texts alike, so it says nothing and must not hide what stands before it.
_FOOTER: Final = re.compile(r"\s*The post .{1,300} (?:first )?appeared (?:first )?on [^.]{1,100}\.?\s*$")
_MORE: Final = (
    r"\b(?:continue|keep) reading",
    r"\b(?:read|see|learn) (?:more|(?:the )?(?:full|whole|rest|entire)\b[^.]{0,40})",
    r"\b(?:full|whole) (?:story|article)",
    r"\b(?:weiterlesen|mehr lesen|lees (?:meer|verder)|läs (?:mer|vidare)|les mer|læs mere|lue lisää)",
    r"\b(?:(?:lire|voir) la suite|lire (?:plus|l['’]article))",
    r"\b(?:(?:leer|seguir|sigue|ver) (?:más|mas|leyendo)|(?:leia|ler|saiba) mais|continue lendo)",
    r"\b(?:leggi (?:tutto|di più|l['’]articolo)|continua a leggere)",
    r"\b(?:czytaj (?:więcej|dalej)|číst dál|čítajte viac|devamını oku)",
    r"\b(?:читать (?:далее|дальше|полностью)|читати далі)",
    r"(?:続きを読む|もっと読む|全文を読む|阅读全文|閱讀全文|继续阅读|繼續閱讀|더 ?보기)",
)
_CUT: Final = re.compile(
    r"(?:\[\s*(?:…|\.{3})\s*\]|…|\.{3})\s*$"
    rf"|(?:{'|'.join(_MORE)})(?:\s*(?:at|on|here|auf|bei|sur|en|su|:)\s*[^.!?。]{{0,60}})?[\s.…»›>→\])]*$",
    re.IGNORECASE,
)


def carries_text(entry: Entry) -> bool:
    """Tell whether the feed carries the article whole: 600 characters or more that do not end in "read more"."""
    if entry.content is None or len(entry.content) < WHOLE:
        return False
    text = plain(entry.content)
    return len(text) >= WHOLE and not _CUT.search(_FOOTER.sub("", text)[-_TAIL:])


def page_of(entry: Entry, feed: Feed) -> Page:
    """Return what the entry carries as a page: its content, or else its description, as HTML in UTF-8.

    What the entry says is in the hint. Without a link the document is known by the entry's key.
    """
    hint = hint_of(entry, feed)
    return Page(
        form=Form.CARRIED,
        body=(hint.content or "").encode("utf-8", "replace"),
        origin=Origin(mode=Mode.RUN, document_id=entry.key, feed=feed.url, fetched=feed.seen),
        url=entry.link,
        hint=replace(hint, content=None),  # once is enough
        text_source=TextSource.FEED,
    )


def hint_of(entry: Entry, feed: Feed) -> Hint:
    """Return what the entry says about its article, for where the article's page is silent, or gives none."""
    return Hint(
        title=entry.title or None,
        summary=entry.summary,
        authors=entry.authors,
        published=entry.published,
        modified=entry.updated,
        language=entry.language or feed.language,
        content=_markup(entry, feed),
        url=entry.link,
    )


def _markup(entry: Entry, feed: Feed) -> str | None:
    """Return the content, or else the description as HTML; a `base` element says what its links are relative to."""
    markup = entry.content or paragraphs(entry.summary or "")
    return f'<base href="{html.escape(entry.base or feed.url)}">\n{markup}' if markup else None
