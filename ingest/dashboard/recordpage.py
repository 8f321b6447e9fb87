"""One record: its text with evidence marked, what was removed, where each value came from, where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest.dashboard.rows import path_of, row
from ingest.dashboard.texts import address, pieces, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from ingest.dashboard.feedtable import FeedTable
    from ingest.dashboard.kept import Kept, Shown
    from ingest.dashboard.landings import Landings
    from ingest.dashboard.views import Views
    from processors.records import Article, Record

GONE = "The dashboard keeps the newest thousand records since the service started."
_FIELDS = (
    *("url", "canonical_url", "site", "authors", "published", "modified", "language", "section", "wire", "image"),
    *("image_caption", "paywalled", "text_source"),
)
_LINKS = frozenset({"url", "canonical_url", "image"})


class RecordPage:
    """See the module.

    Args:
        kept: the records.
        landings: where they were delivered to.
        feeds: to link a record's feed.
        views: makes the page.
    """

    def __init__(self, kept: Kept, landings: Landings, feeds: FeedTable, views: Views) -> None:
        self._kept = kept
        self._landings = landings
        self._feeds = feeds
        self._views = views

    async def show(self, request: Request) -> Response:
        """Answer with a record, its newest state or the one that `revision` asks for."""
        record_id = request.path_params["id"]
        states = self._kept.of(record_id)
        wanted = request.query_params.get("revision", "")
        shown = next((one for one in reversed(states) if wanted in {"", str(one.record.revision.n)}), None)
        if shown is None:
            hint = f"{GONE} Of older ones, newstap why {plain(record_id)} tells more."
            return self._views.missing(request, f"No record {plain(record_id)} is kept.", hint)
        feed = shown.record.origin.feed
        return self._views.page(
            request,
            "record",
            **_values(shown),
            states=sorted({one.record.revision.n for one in states}),
            story_rows=_others(self._kept, shown.record),
            feed_number=None if feed is None else await self._feeds.owner(feed),
            places=self._landings.of(shown.record.id, shown.record.revision.n),
        )


def _values(shown: Shown) -> dict[str, Any]:
    record = shown.record
    article = record.article
    return {
        "record": record,
        "article": article,
        "arrived": shown.at,
        "title": list(pieces(article, "title")),
        "summary": list(pieces(article, "summary")),
        "text": list(pieces(article, "text")),
        "topics": article.topics,
        "metadata": list(_metadata(article)),
        "archived": record.origin.archive is not None,
        "path": path_of(record.id),
        "archived_path": "/archived" + path_of(record.id).removeprefix("/records"),
    }


def _metadata(article: Article) -> Iterator[tuple[str, str, str | None, str]]:
    """Yield of each field that has a value its name, the value, where it leads, and where it came from."""
    for name in _FIELDS:
        value = getattr(article, name)
        if value is None or value == ():
            continue
        told = ", ".join(value) if isinstance(value, tuple) else str(value)
        link = address(value) if name in _LINKS else None
        yield name, plain(told) if link is None else link, link, plain(article.provenance.get(name, ""))


def _others(kept: Kept, record: Record) -> Sequence[dict[str, Any]]:
    """Return the other articles of its story, newest first, each in its last state."""
    if record.story is None:
        return []
    rows = {one["key"]: one for one in map(row, kept.of_story(record.story.id))}
    rows.pop(record.id, None)
    return list(rows.values())[::-1]
