"""Bounds, jitter and the times that do not depend on what a poll brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.schedule.values import FeedState, Settings, Validators

JITTER = 0.1
_DAY = 86_400
_GAP = 2.0
"""Seconds between the first polls of an import, at most: a short list of feeds need not wait for a whole interval."""


def bounded(seconds: float, settings: Settings) -> float:
    """Return the length inside the operator's bounds, which win over everything else."""
    return max(settings.min_interval_seconds, min(seconds, settings.max_interval_seconds))


def jittered(wait: float, settings: Settings, seed: float, *, hint: float = 0) -> float:
    """Return a wait within ±10 %, never below the bound or the server's hint, never above the bound.

    Where the wait is at its lower bound the jitter goes upwards only, so that feeds at the bound do not align.
    """
    floor = bounded(hint, settings)
    wait = max(bounded(wait, settings), floor)
    low = max(wait * (1 - JITTER), floor)
    high = min(wait * (1 + JITTER), settings.max_interval_seconds)
    return low + (high - low) * seed


def stretched(wait: float, seed: float) -> float:
    """Return a wait that is up to 10 % longer, for those that must not be cut short."""
    return wait * (1 + JITTER * seed)


def spread(count: int, now: float, settings: Settings) -> Iterator[float]:
    """Yield the first due times of feeds that came in together: evenly over the interval, the first one now."""
    gap = min(bounded(settings.interval_seconds, settings) / max(count, 1), _GAP)
    return (now + number * gap for number in range(count))


def lease(settings: Settings, timeout_seconds: float) -> float:
    """Return for how long a claimed feed is left alone where no result of the poll is committed.

    A killed service thus polls it again no sooner than it may, and a fetch is over before its lease is.
    """
    return max(settings.min_interval_seconds, 2 * timeout_seconds)


def conditional(state: FeedState, settings: Settings, now: float, seed: float) -> Validators | None:
    """Return what the next request may carry, to the URL it belongs to and no other.

    After long enough of 304 only it is None once: servers exist that say 304 for ever (NetNewsWire drops validators
    every 8 days). Each time that showed a lie the period is halved, but to no less than a day.
    """
    if state.validators is None or not state.unmodified or state.last_body is None:
        return state.validators
    period = max(
        settings.unconditional_seconds / 2 ** min(state.lies, 10), min(settings.unconditional_seconds, float(_DAY))
    )
    return None if now - state.last_body >= period * (1 - JITTER * seed) else state.validators
