"""The feeds that a web page names: `link rel=alternate` (RSS Advisory Board, "RSS Autodiscovery")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.feeds.links import absolute
from ingest.feeds.markup import line
from ingest.feeds.model import MAX_TITLE
from processors.base import Skip
from processors.extract.charset import to_utf8
from processors.extract.parse import parse, refuse_other_than_html

MAX_FOUND: Final = 50
_TYPES: Final = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "application/xml",
        "text/xml",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that a page names; whether it is one is not known before it is read."""

    url: str
    type: str
    title: str = ""


def feeds_named(page: bytes, *, url: str, content_type: str | None = None) -> tuple[Found, ...]:
    """Return the feeds a page names, in its order, each URL once; none where it is not HTML.

    Args:
        page: as received.
        url: the final URL of the page; a `base` element overrides it.
        content_type: the HTTP header, whole.
    """
    try:
        refuse_other_than_html(page)
        root = parse(to_utf8(page, content_type)[0])
    except Skip:
        return ()
    base = next((found for node in root.iter("base") if (found := absolute(node.get("href"), url))), url)
    named: dict[str, Found] = {}
    for node in root.iter("link"):
        kind = (node.get("type") or "").partition(";")[0].strip().lower()
        link = absolute(node.get("href"), base)
        if link is None or kind not in _TYPES or "alternate" not in (node.get("rel") or "").lower().split():
            continue
        # WordPress names its REST API as an alternate of type application/json.
        if kind == "application/json" and "/wp-json/" in link:
            continue
        named.setdefault(link, Found(url=link, type=kind, title=line(node.get("title") or "")[:MAX_TITLE]))
    return tuple(named.values())[:MAX_FOUND]
