"""Where a redirect leads, and whether it may be followed (RFC 9110 §15.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.fetch.errors import InvalidUrlError, RedirectError
from ingest.fetch.urls import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.fetch.messages import Headers, Hop
    from ingest.fetch.urls import Target

FOLLOWED = frozenset({301, 302, 303, 307, 308})
MOST_HOPS = 5


def following(here: Target, headers: Headers, hops: Sequence[Hop]) -> Target:
    """Return the next target.

    Args:
        here: where the redirect came from.
        headers: of the redirect.
        hops: those before, this one included.

    Raises:
        RedirectError: nowhere, in a circle, too far, to something that is no http(s) URL, or from https to the http
            of another host: whoever stands in between could answer in its place.
    """
    if len(hops) > MOST_HOPS:
        raise RedirectError(here.text, f"more than {MOST_HOPS} redirects")
    location = next(iter(headers.all("location")), "")
    if not location:
        raise RedirectError(here.text, "a redirect without a Location")
    try:
        there = joined(here, _text(location))
    except InvalidUrlError as error:
        raise RedirectError(here.text, f"a redirect to what {error.detail}") from error
    if there.text in {hop.url for hop in hops}:
        raise RedirectError(here.text, "redirected in a circle")
    if here.scheme == "https" and there.scheme == "http" and there.host != here.host:
        raise RedirectError(here.text, "redirected from https to the http of another host")
    return there


def _text(location: str) -> str:
    """Read the bytes as UTF-8, which many servers send, or else as they are."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return location
