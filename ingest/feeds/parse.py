"""One document to one feed, whatever its format."""

from __future__ import annotations

import zlib
from datetime import UTC
from typing import TYPE_CHECKING, Final

from ingest.feeds import sitemap
from ingest.feeds.encoding import utf8
from ingest.feeds.errors import EmptyFeedError, HostileFeedError, NotAFeedError, UnreadableFeedError
from ingest.feeds.jsonfeed import read_json_feed
from ingest.feeds.moments import Dates
from ingest.feeds.shield import root_of
from ingest.feeds.syndication import read_syndication

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from ingest.feeds.model import Feed

MAX_UNPACKED: Final = 50_000_000
"""Bytes of a `.gz` sitemap once unpacked, as the standard has it."""
_GZIP: Final = b"\x1f\x8b"
_PAGE: Final = frozenset({"html", "head", "body", "div", "script", "p", "h1"})


def parse(body: bytes, *, url: str, content_type: str | None, seen: datetime, zone: tzinfo = UTC) -> Feed:
    """Return the feed that a document holds: RSS, RDF, Atom, JSON Feed, news sitemap or sitemap index.

    Pure: opens nothing, and reads no clock. What the HTTP header says about the kind of document is not believed.

    Args:
        body: without content coding; a sitemap may be a gzip file.
        url: the final URL, after redirects: relative links are resolved by it.
        content_type: the HTTP header, whole, for its charset.
        seen: when it was fetched: dates much later are not believed.
        zone: of dates that come without one.

    Raises:
        EmptyFeedError: no text.
        NotAFeedError: a web page, or something else that is no feed.
        UnreadableFeedError: a feed that cannot be read.
        HostileFeedError: a limit is crossed; see `ingest.feeds.shield`.
    """
    packed = body.startswith(_GZIP)
    dates = Dates(seen, zone)
    text = utf8(_unpacked(body) if packed else body, content_type)
    if text.startswith((b"{", b"[")) and not packed:
        return read_json_feed(text, url=url, dates=dates)
    root = root_of(text)
    if root is None:
        raise NotAFeedError("neither XML nor JSON")
    if root.name in sitemap.ROOTS:
        return sitemap.read_sitemap(text, root, url=url, dates=dates)
    if packed:
        raise NotAFeedError("a gzip file that holds no sitemap")
    if root.name in _PAGE:
        raise NotAFeedError("a web page")
    if root.name == "opml":
        raise NotAFeedError("an OPML list of feeds, which can be imported")
    return read_syndication(text, root, url=url, dates=dates)


def _unpacked(body: bytes) -> bytes:
    decoder = zlib.decompressobj(wbits=31)
    try:
        text = decoder.decompress(body, MAX_UNPACKED)
    except zlib.error as error:
        raise UnreadableFeedError(f"a broken gzip file: {error}") from None
    if decoder.unconsumed_tail:
        raise HostileFeedError(f"a gzip file of more than {MAX_UNPACKED} bytes")
    if not decoder.eof:
        raise UnreadableFeedError("a gzip file that ends early")
    if not text:
        raise EmptyFeedError("a gzip file of nothing")
    return text
