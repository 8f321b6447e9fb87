"""How much of a feed scrolls off between two polls: the share of its documents that show nothing known, of late."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

RAISED_SHARE = 0.05
"""Of documents; with 95 % certainty the true share is above it, or there is no alarm."""
_FADE = 0.98
"""With each document the older ones count less: 50 count in the end."""
_LEAST = 3.0
"""Documents that missed something, decayed; a first one may be a relaunch."""
_Z = 1.645
"""Of the standard normal distribution: one side, 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misses:
    """What is known of one feed. The first two are the counters of its schedule when it was last looked at."""

    parsed: int
    missed: int
    documents: float = 0.0
    """Of late, decayed."""
    lost: float = 0.0
    """Those of them that missed something, decayed."""
    raised: bool = False


def begin(parsed: int, missed: int) -> Misses:
    """Return what is known of a feed with these counters, of which nobody knows how old they are: nothing."""
    return Misses(parsed=parsed, missed=missed)


def seen(known: Misses, parsed: int, missed: int) -> Misses:
    """Return what is known when the counters of `ingest.schedule.FeedState` have come to this."""
    documents, lost = max(parsed - known.parsed, 0), max(missed - known.missed, 0)
    fade = _FADE**documents
    after = replace(
        known,
        parsed=parsed,
        missed=missed,
        documents=known.documents * fade + documents,
        lost=known.lost * fade + min(lost, documents),
    )
    return replace(after, raised=_is_raised(after))


def share(known: Misses) -> float:
    """Return the share of documents that missed something, of late."""
    return known.lost / known.documents if known.documents else 0.0


def _is_raised(known: Misses) -> bool:
    """Raise with certainty; keep until the share itself is below."""
    if known.raised:
        return share(known) > RAISED_SHARE
    return known.lost >= _LEAST and _least_share(known) > RAISED_SHARE


def _least_share(known: Misses) -> float:
    """Return the lower end of Wilson's interval for the share."""
    n, p, z = known.documents, share(known), _Z
    middle = p + z * z / (2 * n)
    return (middle - z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
