"""Lengths of time in words, for people who read a table."""

from __future__ import annotations

_UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def length(seconds: float) -> str:
    """Return a length of time in words."""
    seconds = max(seconds, 0.0)
    size, unit = next((one for one in _UNITS if seconds >= 2 * one[0]), _UNITS[-1])
    return f"{seconds / size:.0f} {unit}"


def since(moment: float | None, now: float) -> str:
    """Return how long ago a time was, in words; both are Unix times."""
    return "never" if moment is None else f"{length(now - moment)} ago"


def until(moment: float | None, now: float) -> str:
    """Return how long a time is ahead of now, in words; `-` where there is none."""
    if moment is None:
        return "-"
    return "now" if moment <= now else f"in {length(moment - now)}"
