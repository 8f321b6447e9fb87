"""The first page: records as they arrive, with filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.dashboard.asked import asked
from ingest.dashboard.rows import row, stories
from ingest.dashboard.texts import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from ingest.dashboard.kept import Kept, Shown
    from ingest.dashboard.views import Views
    from processors.records import Record

MOST_ROWS = 100
"""Records that the page begins with; the script lets it grow to twice that."""
_MOST_NAMES = 300
"""Outlets that are offered."""
EMPTY = {
    "key": "",
    "href": "",
    "title": "",
    "site": "",
    "language": "",
    "time": "",
    "topics": [],
    "snippet": "",
    "revision": 1,
    "story": "",
    "dup": "",
}
"""A row without a record: the script fills copies of it."""


class LivePage:
    """See the module.

    Args:
        kept: the records.
        topics: those that are looked for.
        views: makes the page.
    """

    def __init__(self, kept: Kept, topics: Sequence[str], views: Views) -> None:
        self._kept = kept
        self._topics = topics
        self._views = views

    async def show(self, request: Request) -> Response:
        """Answer with the newest records that the filters ask for, and what the script needs to go on from there."""
        filters = asked(request.query_params)
        shown = self._kept.after(0)
        wanted = filters.wanted
        rows = [row(each) for each in _newest(shown, wanted.takes)]
        last = shown[-1].number if shown else 0
        return self._views.page(
            request,
            "live",
            filters=filters,
            stories=stories(rows),
            empty=EMPTY,
            after=f"{self._kept.run}-{last}",
            topics=self._topics,
            languages=_names(shown, "language"),
            sites=_names(shown, "site"),
        )


def _newest(shown: Sequence[Shown], takes: Callable[[Record], bool]) -> list[Shown]:
    """Return the newest that are asked for, oldest first."""
    found: list[Shown] = []
    for each in reversed(shown):
        if takes(each.record):
            found.append(each)
            if len(found) == MOST_ROWS:
                break
    return found[::-1]


def _names(shown: Iterable[Shown], field: str) -> list[str]:
    """Return the values that the records have, sorted."""
    values = {getattr(each.record.article, field) for each in shown} - {None, ""}
    return sorted(map(plain, values), key=str.casefold)[:_MOST_NAMES]
