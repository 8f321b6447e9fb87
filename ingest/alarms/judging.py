"""From what is known of a series to the alarms that stand, and what they say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ingest.alarms import misses, rhythm
from ingest.alarms.values import AlarmKind, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.alarms.kept import FeedRow
    from ingest.alarms.rhythm import Rhythm
    from ingest.alarms.series import Series

Found = tuple[AlarmKind, str]
"""Why there is an alarm, and its line for the operator."""


def of_feed(
    series: Series, row: FeedRow, now: float, false_a_year: float, standing: Mapping[AlarmKind, float], *, outage: bool
) -> Iterator[Found]:
    """Yield the alarms of a feed that is polled.

    Args:
        series: what is known.
        row: what its schedule knows.
        now: Unix time.
        false_a_year: how many false alarms of silence are accepted.
        standing: kinds that stand already, with since when.
        outage: most feeds fail, so that one more that does is no news.
    """
    known, silent = series.rhythm, False
    if _is_silent(known, false_a_year, standing.get(AlarmKind.STALE)):
        silent = True
        yield AlarmKind.STALE, f"answers, and has had nothing new {_since(known)}"
    if row.errors and not silent:
        upto = rhythm.silent_until(known, now)
        begins = not outage and rhythm.is_improbable(upto, false_a_year)
        if AlarmKind.UNREACHED in standing or begins:
            yield AlarmKind.UNREACHED, f"failed {row.errors} times ({row.error}), and was heard of last {_since(upto)}"
    if series.misses is not None and series.misses.raised:
        yield AlarmKind.MISSING, f"{misses.share(series.misses):.0%} of its documents of late showed nothing known"


def of_records(
    series: Series, scope: Scope, false_a_year: float, standing: Mapping[AlarmKind, float]
) -> Iterator[Found]:
    """Yield the alarms of an outlet or a topic; arguments as of `of_feed`."""
    known, reading = series.rhythm, series.reading
    if _is_silent(known, false_a_year, standing.get(AlarmKind.SILENT)):
        yield AlarmKind.SILENT, f"no record {_since(known)}"
    if scope is not Scope.OUTLET or reading is None:
        return
    if reading.is_unreadable:
        yield AlarmKind.UNREADABLE, f"far more pages than usual gave no text; of late {reading.bad:.0%}"
    if reading.is_shortened:
        usual = math.exp(reading.length)
        yield AlarmKind.SHORTENED, f"texts are far shorter than usual, which is some {usual:.0f} characters"


def _is_silent(known: Rhythm, false_a_year: float, since: float | None) -> bool:
    """Tell whether a silence is improbable, or was when its alarm was raised and nothing has come since."""
    if since is not None and known.last is not None and known.last <= since:
        return True
    return rhythm.is_improbable(known, false_a_year)


def _since(known: Rhythm) -> str:
    """Say for how long it has been silent, beside what it was."""
    silent = 0.0 if known.last is None else known.until - known.last
    longest = max(known.spans, default=0.0)
    return f"for {_hours(silent)}; its longest wait of late was {_hours(longest)}"


def _hours(seconds: float) -> str:
    hours = seconds / rhythm.HOUR
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
