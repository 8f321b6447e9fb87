"""URLs of feeds and entries: absolute, of the web, and nothing that could do harm when it is fetched."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin

from ingest.feeds.model import MAX_LINK
from processors.identity import normalised

# White space, C0 and DEL have no place in a URL; a line break in one is an attempt at header injection.
_FORBIDDEN: Final = re.compile(r"[\s\x00-\x1f\x7f]")
# What needs no second look: most links. Splitting and joining would take half the time of reading a sitemap.
_PLAIN: Final = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?:[/?][!-~]*)?")
_ABSOLUTE: Final = re.compile(r"https?://[^/?#@\\]+(?:[/?#]|$)", re.IGNORECASE)


def absolute(link: str | None, base: str | None = None) -> str | None:
    """Return the link as an absolute http(s) URL, or None where it is none: `javascript:`, `file:`, a user's password.

    Only what must change does: tracking parameters, case and fragments stay.

    Args:
        link: as published, perhaps relative.
        base: an absolute URL; without it a relative link is none.
    """
    link = (link or "").strip()
    if len(link) <= MAX_LINK and _PLAIN.fullmatch(link) and ".." not in link:
        return link
    if not link or len(link) > MAX_LINK or _FORBIDDEN.search(link):
        return None
    try:
        whole = urljoin(base or "", link)
    except ValueError:  # brackets that hold no address
        return None
    return whole if _ABSOLUTE.match(whole) and normalised(whole) else None
