"""Which pages go to one worker: those from which articles of the same id can come.

Workers number the revisions of an article by what they have seen of it, so no two of them may see the same one. Its id
is that of its canonical URL, which a page may name only within its own registrable domain; hence the domain is the key,
and with it each host stays in one partition. What has no URL goes by what its id would be made of.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from ingest.documents import DocumentError, document_of
from ingest.items import item_of
from processors.identity import canonical_url, content_digest, site_of
from processors.records import Form, Page, Record, Skipped
from sinks.base import Item, Kind
from sinks.codec import encode_whole_page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from processors.records import Outcome

_TAG = re.compile(rb"<(?:link|meta)\b[^>]*>", re.IGNORECASE)
_NAMES_ITSELF = re.compile(rb"""(?:rel|property)\s*=\s*["']?\s*(?:canonical|og:url)\b""", re.IGNORECASE)
_ADDRESS = re.compile(rb"""(?:href|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_HEAD_BYTES = 262_144


def page_item(page: Page) -> Item:
    """Encode a page for workers; the outbox gives it its number."""
    body = encode_whole_page(page)
    return Item(seq=0, kind=Kind.PAGE, key=key_of(page), body=body, fetched=page.origin.fetched)


def handed_on(connection: sqlite3.Connection, content: Page | Outcome) -> tuple[Page | Outcome, Item]:
    """Settle what was read as what it is, with nothing made of it (`ingest.pipeline`): a page is for workers."""
    del connection
    return content, page_item(content) if isinstance(content, Page) else item_of(content)


def key_of(page: Page) -> str:
    """Return what keeps a page together with every other that may become the same article."""
    if page.form is not Form.LINE:
        return _key(page)
    try:
        held = document_of(page)
    except DocumentError:
        held = None
    if isinstance(held, Page):
        return _key(held)
    if isinstance(held, Record):
        return site_of(held.article.canonical_url) or _named(held.origin.document_id) or _of_record(held)
    return _digest(page.body.decode("utf-8", "replace"), Skipped.__name__)


def _key(page: Page) -> str:
    url = canonical_url(page.url)
    if url is None and page.form is Form.HTML:
        url = next(_named_by(page.body[:_HEAD_BYTES]), None)
    return site_of(url) or _named(page.origin.document_id) or _of_content(page)


def _named_by(html: bytes) -> Iterator[str]:
    """Yield the addresses that a saved page gives itself: as extraction finds them, but without parsing it all."""
    for tag in _TAG.findall(html):
        found = _ADDRESS.search(tag) if _NAMES_ITSELF.search(tag) else None
        if found is not None:
            text = next(group for group in found.groups() if group is not None).decode("utf-8", "replace")
            if (url := canonical_url(None, unescape(text))) is not None:
                yield url


def _named(document_id: str | None) -> str | None:
    return None if document_id is None else f"document:{_digest(document_id)}"


def _of_record(record: Record) -> str:
    return _digest(record.article.title, "title")


def _of_content(page: Page) -> str:
    """Return a key of the title, where it is known, else of the first line with anything in it."""
    if page.hint.title is not None:
        return _digest(page.hint.title, "title")
    text = page.body.decode("utf-8", "replace")
    return _digest(next((line for line in text.splitlines() if line.strip()), ""), "title")


def _digest(text: str, more: str = "") -> str:
    return content_digest(text, more)
