"""A record as a row of the live page: the same values for the template that makes it and for the script that does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ingest.dashboard.texts import plain, snippet
from ingest.selection import event_time

if TYPE_CHECKING:
    from ingest.dashboard.kept import Shown
    from processors.records import Record


def row(shown: Shown) -> dict[str, Any]:
    """Return a record's row; every text in it is `plain`."""
    record = shown.record
    article = record.article
    return {
        "key": record.id,
        "href": path_of(record.id),
        "title": plain(article.title) or "(no title)",
        "site": plain(article.site or ""),
        "language": plain(article.language or ""),
        "time": _time(record),
        "topics": [plain(tag.topic) for tag in article.topics],
        "snippet": snippet(article),
        "revision": record.revision.n,
        "story": record.story.id if record.story is not None else record.id,
        "dup": "" if record.dup is None else record.dup.kind,
    }


def event(shown: Shown, run: str) -> bytes:
    """Return a record as an event of a stream (WHATWG HTML, 9.2): JSON, which has no line break in it."""
    return f"id: {run}-{shown.number}\ndata: {json.dumps(row(shown))}\n\n".encode()


def path_of(record_id: str) -> str:
    """Return where a record's page is."""
    return f"/records/{quote(record_id, safe='')}"


def stories(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group rows by story: the newest story first, and within it the newest row; of one article its last state.

    Args:
        rows: oldest first.
    """
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for one in rows:
        group = groups.pop(one["story"], {})
        group.pop(one["key"], None)
        groups[one["story"]] = {**group, one["key"]: one}
    return [list(group.values())[::-1] for group in reversed(groups.values())]


def _time(record: Record) -> str:
    moment = event_time(record)
    return "" if moment is None else moment.isoformat(sep=" ", timespec="minutes")
