"""When an article's page is looked at again, and when it counts as gone. Pure; times are Unix times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sight(StrEnum):
    """What a visit found."""

    THERE = "there"
    GONE = "gone"
    """404 or 410."""
    UNKNOWN = "unknown"
    """No answer, one that says nothing of the page, or none that we may ask for."""


@dataclass(frozen=True, slots=True)
class Visiting:
    """What an operator decided."""

    after: Sequence[float]
    """Seconds after an article was published by us, rising."""
    gone_confirm: float
    """Seconds from the first 404 or 410 to the one that confirms it, at least."""


class Plan(NamedTuple):
    """What follows from a visit."""

    due: float | None
    """The next one; None: that was the last."""
    gone: float | None = None
    """When the page was first found gone, if it has not been there since."""
    confirmed: bool = False
    """Whether it is gone for good, as far as anyone can tell."""


def next_visit(visiting: Visiting, first: float, now: float) -> float | None:
    """Return when an article published at a time is visited next; visits that were missed are not made up for."""
    return min((first + wait for wait in visiting.after if first + wait > now), default=None)


def planned(visiting: Visiting, sight: Sight, first: float, gone: float | None, now: float) -> Plan:
    """Return what follows from a visit.

    A page found gone is looked at once more when that may confirm it, even if no other visit were left. Where that
    visit gives no answer there is one more chance, as long again after it.

    Args:
        visiting: what an operator decided.
        sight: what the visit found.
        first: when the article was published by us.
        gone: when its page was first found gone, if it has not been there since.
        now: the time.
    """
    later = next_visit(visiting, first, now)
    if sight is Sight.THERE or (sight is Sight.UNKNOWN and gone is None):
        return Plan(later)
    since = now if gone is None else gone
    confirming = since + visiting.gone_confirm
    if sight is Sight.UNKNOWN:
        last = confirming + visiting.gone_confirm
        return Plan(later if later is not None else last if now < last else None, since)
    if gone is None or now < confirming:
        return Plan(confirming, since)
    return Plan(later, since, confirmed=True)
