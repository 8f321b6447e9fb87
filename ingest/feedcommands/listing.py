"""Feeds as a table for people, and as lines of JSON for scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from ingest.durations import length, since, until
from ingest.logs import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.feedcommands.known import Known

_HEADINGS = ("STATE", "FROM", "LAST SUCCESS", "LAST NEW", "NEXT POLL", "EVERY", "URL", "NAME", "NOTES")


def write_json(rows: Iterable[Known], out: IO[str]) -> None:
    """Write an object a line. Times are RFC 3339 in UTC, null where there was none; lengths are seconds."""
    for row in rows:
        out.write(json.dumps(_fields(row)) + "\n")


def write_table(rows: Sequence[Known], out: IO[str], *, now: float) -> None:
    """Write a line for each feed, times as seen from `now` (Unix time)."""
    if not rows:
        return
    cells = [_HEADINGS, *(_cells(row, now) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        out.write("  ".join(map(str.ljust, line, widths)).rstrip() + "\n")


def _fields(row: Known) -> dict[str, Any]:
    feed, state = row.feed, row.state
    return {
        "state": row.condition,
        "url": feed.url,
        "name": feed.name,
        "last_success": _time(state.last_success),
        "last_new": _time(state.last_items),
        "next_poll": _time(row.next_poll),
        "interval_seconds": state.interval,
        "error": state.error,
        "errors": state.errors,
        "failing_since": _time(state.failing_since),
        "missed": state.missed,
        "silent": state.silent,
        "configured": row.configured,
        "stored": row.stored,
        "pages": feed.pages,
        "language": feed.language,
        "zone": feed.zone,
        "tags": feed.tags,
        "folders": feed.folders,
    }


def _cells(row: Known, now: float) -> tuple[str, ...]:
    sources = (("file", row.configured), ("store", row.stored))
    return (
        row.condition,
        "+".join(source for source, there in sources if there),
        since(row.state.last_success, now),
        since(row.state.last_items, now),
        until(row.next_poll, now),
        length(row.state.interval),
        visible(row.feed.url),
        visible(row.feed.name or "-"),
        "; ".join(_notes(row, now)),
    )


def _notes(row: Known, now: float) -> Iterator[str]:
    state = row.state
    if not row.seen:
        yield "not taken up yet"
    if state.error is not None:
        lasting = "" if state.failing_since is None else f" for {length(now - state.failing_since)}"
        yield f"{state.error}{lasting}, {state.errors} in a row"
    if state.silent:
        yield "silent"
    if state.missed:
        yield f"missed entries {state.missed} of {state.parsed} times"


def _time(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(round(moment, 3), UTC).isoformat().replace("+00:00", "Z")
