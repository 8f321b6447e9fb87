"""What an alarm is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What an alarm is about. The values are stored."""

    FEED = "feed"
    OUTLET = "outlet"
    """A site, as records name it (`site`)."""
    TOPIC = "topic"


class AlarmKind(StrEnum):
    """Why there is an alarm. The values are stored and are labels of metrics."""

    STALE = "stale"
    """A feed answers, and has nothing new, though by its rhythm it should."""
    UNREACHED = "unreached"
    """A feed gives no good answer, for so long that by its rhythm items are being missed."""
    SILENT = "silent"
    """No record of an outlet or a topic came, though by its rhythm one should have."""
    MISSING = "missing"
    """A feed's documents often share nothing with the one before: items come and go between two polls."""
    UNREADABLE = "unreadable"
    """Of an outlet's pages fewer become records than used to: perhaps its layout changed."""
    SHORTENED = "shortened"
    """An outlet's texts are shorter than they used to be: perhaps its layout changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that stands now."""

    kind: AlarmKind
    scope: Scope
    name: str
    """The feed's URL, the site, or the topic."""
    since: float
    """When it was raised."""
    why: str
    """One line for the operator."""
