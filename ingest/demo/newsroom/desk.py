"""One outlet's web site as a function: what it has published decides what it answers. No sockets, no clock."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from ingest.demo.newsroom.feeds import document
from ingest.demo.newsroom.pages import MEDIA, Published, article, front

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ingest.demo.newsroom.script import Event, Outlet


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, before the server adds its length."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Desk:
    """What one outlet has published, and its answers.

    Args:
        outlet: whose it is.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.home = ""
        """Its own address, without a slash at the end; set when its port is known."""
        self._items: dict[str, Published] = {}

    def publish(self, event: Event, moment: datetime) -> None:
        """Put an edition on the site; a second one replaces the first and keeps its place and date."""
        story = event.story
        moment = moment.replace(microsecond=0)  # as publishers write it
        before = self._items.get(story.key)
        self._items[story.key] = Published(
            story=story,
            edition=story.editions[event.edition],
            published=moment if before is None else before.published,
            modified=moment,
        )

    def answer(self, path: str, headers: Mapping[str, str], *, published: int) -> Answer:
        """Return the answer to a GET.

        Args:
            path: with the query, as asked for.
            headers: of the request, names in lower case.
            published: how many events there have been in the whole newsroom.
        """
        # Its robots.txt is served all the same: a site whose rules cannot be read may not be read for minutes.
        if published < self.outlet.unavailable_until and path != "/robots.txt":
            return Answer(503, {"Retry-After": "1"}, b"too busy\n")
        found = self._found(path, headers)
        if self.outlet.gzip and found.body and "gzip" in headers.get("accept-encoding", ""):
            packed = gzip.compress(found.body, mtime=0)
            return Answer(found.status, {**found.headers, "Content-Encoding": "gzip"}, packed)
        return found

    def _found(self, path: str, headers: Mapping[str, str]) -> Answer:
        if path == self.outlet.feed:
            return self._feed(headers)
        if path == "/":
            return self._page(front(self.outlet, [*self._items.values()], self.home))
        if path == "/robots.txt" and self.outlet.robots is not None:
            return Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, self.outlet.robots.encode())
        for item in self._items.values():
            if path == item.story.path:
                return self._page(article(self.outlet, item, self.home))
            if path == item.story.link:
                return Answer(301, {"Location": item.story.path})
        return Answer(404, {"Content-Type": "text/plain; charset=utf-8"}, b"not found\n")

    def _page(self, markup: str) -> Answer:
        return Answer(200, {"Content-Type": f"text/html; charset={self.outlet.charset}"}, self._bytes(markup))

    def _feed(self, headers: Mapping[str, str]) -> Answer:
        text = document(self.outlet, [*self._items.values()], self.home)
        said = {"Content-Type": f"{MEDIA[self.outlet.format]}; charset={self.outlet.charset}"}
        body = self._bytes(text)
        if self.outlet.validators and self._items:
            changed = max(item.modified for item in self._items.values())
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            said |= {"ETag": tag, "Last-Modified": format_datetime(changed, usegmt=True)}
            if _unchanged(headers, tag, changed):
                return Answer(304, said)
        return Answer(200, said, body)

    def _bytes(self, text: str) -> bytes:
        return text.encode(self.outlet.charset, "xmlcharrefreplace")


def _unchanged(headers: Mapping[str, str], tag: str, changed: datetime) -> bool:
    """Tell whether the asker has this state already; its tags go before its date (RFC 9110, 13.2.2)."""
    if (tags := headers.get("if-none-match")) is not None:
        return tag in {each.strip().removeprefix("W/") for each in tags.split(",")}
    try:
        return parsedate_to_datetime(headers.get("if-modified-since", "")) >= changed
    except (ValueError, TypeError):  # no date, or one without a zone beside ours
        return False
