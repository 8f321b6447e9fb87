"""When a feed is polled next, and what its last answer means: pure functions over frozen values.

Nothing here reads a clock, draws a random number or touches a file: `now` is an argument (Unix time in seconds), and
so is `seed`, a number from 0 up to 1 that decides where inside its jitter a time falls. `decide` is the heart.
"""

from ingest.schedule.caching import freshness
from ingest.schedule.decisions import Decision, decide
from ingest.schedule.timing import conditional, lease, spread
from ingest.schedule.values import (
    Answer,
    ErrorClass,
    Failure,
    FeedState,
    Gone,
    Health,
    Items,
    Note,
    NoteKind,
    NotModified,
    Outcome,
    Redirect,
    Same,
    Settings,
    Validators,
)

__all__ = [
    "Answer",
    "Decision",
    "ErrorClass",
    "Failure",
    "FeedState",
    "Gone",
    "Health",
    "Items",
    "NotModified",
    "Note",
    "NoteKind",
    "Outcome",
    "Redirect",
    "Same",
    "Settings",
    "Validators",
    "conditional",
    "decide",
    "freshness",
    "lease",
    "spread",
]
