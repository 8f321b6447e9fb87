"""An alarm as pages show it: who is silent, loses items or reads badly, since when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ingest.alarms import Scope
from ingest.dashboard.texts import plain
from ingest.durations import since
from ingest.secret import mask_urls

if TYPE_CHECKING:
    from ingest.alarms import Alarm


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """See the module; every text is `plain`."""

    kind: str
    scope: str
    name: str
    """Of a feed its URL, without credentials."""
    href: str
    """Where that feed is shown; empty of what is no feed."""
    raised: float
    """Unix time."""
    since: str
    """The same, as how long ago it was."""
    why: str


def alarm_row(alarm: Alarm, now: float) -> AlarmRow:
    """Return the row of an alarm; `now` is a Unix time."""
    name = plain(mask_urls(alarm.name))
    return AlarmRow(
        kind=str(alarm.kind),
        scope=str(alarm.scope),
        name=name,
        href=f"/feeds?{urlencode({'q': name})}" if alarm.scope is Scope.FEED else "",
        raised=alarm.since,
        since=since(alarm.since, now),
        why=plain(mask_urls(alarm.why)),
    )
