"""Alarms by model, not by timeout: who is improbably silent for its hour and weekday, loses items, or reads badly.

`rhythm`, `misses` and `reading` are pure functions over frozen values: times are arguments, in Unix seconds. `watch`
holds what the service sees (`seen`, and the schedule's rows) against them, and `kept` keeps what they learn.
`current` returns the alarms that stand, for whoever shows them; `events` makes items of those that come and go.
"""

from ingest.alarms.events import events
from ingest.alarms.kept import SCHEMA, Look, clear, current, feeds, keep, of_feeds, read
from ingest.alarms.seen import Gathering
from ingest.alarms.values import Alarm, AlarmKind, Scope
from ingest.alarms.watch import Watch

__all__ = [
    "SCHEMA",
    "Alarm",
    "AlarmKind",
    "Gathering",
    "Look",
    "Scope",
    "Watch",
    "clear",
    "current",
    "events",
    "feeds",
    "keep",
    "of_feeds",
    "read",
]
