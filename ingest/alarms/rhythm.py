"""The rhythm of arrivals by hour and weekday, learned and decayed, and how improbable a silence is by it.

Silences are measured twice: in seconds, which suits what comes like a clock, and in surprise. For that the chance is
learned that anything comes in each of the 168 hours of a week, pulled towards that hour of all working days or of
weekends, and this towards the whole: a new feed has few of each. A silence of several hours has the product of their
chances against it; its negative logarithm is the *surprise*, which measures silences of night and noon alike.

What is unheard of differs from feed to feed, whether it comes in bursts or like a clock. So the longest wait of each
day that ended one is remembered in both measures; how far the greater ones reach beyond their lower bound tells how far
those may that were not seen yet (excesses over a threshold, exponential in the tail: Pickands, 1975).

Hours are those of UTC: where clocks are changed, a rhythm moves by one of them, and is learned again.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, replace

HOUR, DAY, WEEK = 3_600.0, 86_400.0, 604_800.0
HOURS = 168
"""Of a week. The first is Monday's after midnight, UTC."""
HALF_LIFE = 6 * WEEK
"""An hour with an arrival counts half after so long: rhythms change with seasons and editors."""
LEAST_DAYS, LEAST_SECONDS = 6, 2 * WEEK
"""Before there were arrivals on so many days, over so long, nothing is said of a silence."""
LEAST_SILENCE = HOUR
MOST_WAITS = 64
"""Days with waits that are remembered."""
_MONDAY = 4 * DAY
"""Unix time began on a Thursday; this is its first Monday."""
_PULL_HOUR, _PULL_DAYS, _PULL_ALL = 0.5, 0.5, 24.0
"""Hours that each guess counts as: of the same hour on like days, of the whole, of one arrival a day."""
_TAIL = 0.25
"""Share of the remembered waits that tells about longer ones."""
_PRIOR_SURPRISE, _PRIOR_PART = 1.0, 0.25
"""By how much one more wait, which is presumed in the tail, exceeds its bound: in surprise as those of independent
arrivals do, in seconds by a part of the bound."""
_MARGIN = 1.1
"""A silence must be so much longer than any that is remembered."""
_TURNS = 1.25
"""Usual waits, in seconds, after which a silence can be improbable by the clock: being late is not yet silence."""
_HEAVIEST = 2.0**50
"""Weights are kept in 32 bits, and made light again before they are so heavy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is known of one feed, outlet or topic. Arrays are never changed in place.

    An hour that had an arrival at the time `t` weighs 2 ** ((t - begun) / half-life), and keeps that, which is decay
    without touching what is old: only ratios of weights count.
    """

    begun: float
    """Since when it is watched; times in which nobody watched are left out by moving it."""
    until: float
    """Up to when silence is counted."""
    last: float | None = None
    """The last arrival; moved as `begun` is."""
    counts: array[float]
    """Weights of hours that had an arrival, by hour of the week; of length `HOURS`."""
    surprise: float = 0.0
    """Of the silence since the last arrival."""
    waits: array[float]
    """The longest wait of each day that ended one, the latest last, at most `MOST_WAITS`; in surprise."""
    spans: array[float]
    """The same in seconds."""


def begin(now: float) -> Rhythm:
    """Return the rhythm of something that is watched from now on."""
    return Rhythm(begun=now, until=now, counts=array("f", bytes(4 * HOURS)), waits=array("f"), spans=array("f"))


def silent_until(rhythm: Rhythm, now: float) -> Rhythm:
    """Return the rhythm when nothing came up to a time."""
    if now <= rhythm.until:
        return rhythm
    return replace(rhythm, until=now, surprise=rhythm.surprise + surprise(rhythm, rhythm.until, now))


def arrived(rhythm: Rhythm, now: float, *, blind: bool = False) -> Rhythm:
    """Return the rhythm when something came.

    Args:
        rhythm: up to then.
        now: when it came; one that came before the last one changes nothing.
        blind: nobody looked for long before, so that the wait says nothing.
    """
    if rhythm.last is not None and now <= rhythm.last:
        return rhythm
    rhythm = _light(silent_until(rhythm, now))
    if rhythm.last is not None and now // HOUR == rhythm.last // HOUR:
        return replace(rhythm, last=now, surprise=0.0)
    counts = array("f", rhythm.counts)
    counts[hour_of(now)] += _weight(rhythm, now)
    after = replace(rhythm, last=now, counts=counts, surprise=0.0)
    if blind or rhythm.last is None:
        return after
    same_day = now // DAY == rhythm.last // DAY
    waits = _with_wait(rhythm.waits, rhythm.surprise, same_day=same_day)
    return replace(after, waits=waits, spans=_with_wait(rhythm.spans, now - rhythm.last, same_day=same_day))


def unwatched(rhythm: Rhythm, now: float) -> Rhythm:
    """Return the rhythm when nobody watched since `until`: the time counts neither as silence nor as history."""
    gap = max(now - rhythm.until, 0.0)
    last = None if rhythm.last is None else rhythm.last + gap
    return replace(rhythm, begun=rhythm.begun + gap, until=rhythm.until + gap, last=last)


def surprise(rhythm: Rhythm, start: float, end: float) -> float:
    """Return by how much a silence from one time to another surprises, by what is known at `rhythm.until`."""
    chances = _Chances(rhythm)
    total, at = 0.0, start
    while at < end:
        upto = min((at // HOUR + 1) * HOUR, end)
        total += chances.surprise(hour_of(at)) * (upto - at) / HOUR
        at = upto
    return total


def chance(rhythm: Rhythm, hour: int) -> float:
    """Return the chance that an hour of the week has an arrival; never 1."""
    return -math.expm1(-_Chances(rhythm).surprise(hour))


def is_improbable(rhythm: Rhythm, false_a_year: float) -> bool:
    """Tell whether a silence is so long as only so many a year would be by chance."""
    if rhythm.last is None or rhythm.until - rhythm.last < LEAST_SILENCE:
        return False
    if len(rhythm.waits) < LEAST_DAYS or rhythm.until - rhythm.begun < LEAST_SECONDS:
        return False
    share = days_a_year(rhythm) / (false_a_year / 2)
    return rhythm.surprise > unheard_of(rhythm, share) or rhythm.until - rhythm.last > unheard_of_span(rhythm, share)


def unheard_of(rhythm: Rhythm, days: float) -> float:
    """Return the surprise that is to be expected once in so many days with arrivals."""
    return _reach(sorted(rhythm.waits), days, presumed=_PRIOR_SURPRISE)


def unheard_of_span(rhythm: Rhythm, days: float) -> float:
    """Return the seconds of silence that are to be expected once in so many days with arrivals."""
    ordered = sorted(rhythm.spans)
    usual = ordered[len(ordered) // 2]
    return max(_reach(ordered, days, presumed=_PRIOR_PART * ordered[_bound(ordered)]), _TURNS * usual)


def days_a_year(rhythm: Rhythm) -> float:
    """Return how many days of a year have arrivals: as many as there are, or one for each week's hours that have."""
    hours_a_week = math.fsum(rhythm.counts) / _weight(rhythm, rhythm.until) / max(_weeks(rhythm), 1 / HOURS)
    return min(max(hours_a_week, 0.25), 7.0) * 365.25 / 7


def hour_of(moment: float) -> int:
    """Return the hour of the week, of 168."""
    return int((moment - _MONDAY) % WEEK // HOUR)


class _Chances:
    """What a rhythm says of the hours of a week; what was asked once is known.

    An hour shares its arrivals with its neighbours: nothing is punctual to the hour, and clocks are changed.
    """

    def __init__(self, rhythm: Rhythm) -> None:
        self._counts = rhythm.counts
        self._weight = _weight(rhythm, rhythm.until)
        self._weeks = _weeks(rhythm)
        arrivals = math.fsum(rhythm.counts) / self._weight
        self._whole = (arrivals + _PULL_ALL / 24) / (self._weeks * HOURS + _PULL_ALL)
        self._most = 1.0 - _PULL_DAYS / (self._weeks * HOURS + 1.0)
        self._known: dict[int, float] = {}

    def surprise(self, hour: int) -> float:
        """Return by how much a whole hour of silence surprises."""
        if hour not in self._known:
            self._known[hour] = -math.log1p(-min(self._chance(hour), self._most))
        return self._known[hour]

    def _chance(self, hour: int) -> float:
        days = range(5) if hour < 5 * 24 else range(5, 7)
        alike = sum(self._arrivals(day * 24 + hour % 24) for day in days)
        like_days = (alike + _PULL_DAYS * self._whole) / (self._weeks * len(days) + _PULL_DAYS)
        return (self._arrivals(hour) + _PULL_HOUR * like_days) / (self._weeks + _PULL_HOUR)

    def _arrivals(self, hour: int) -> float:
        counts = self._counts
        return (counts[hour - 1] + 2 * counts[hour] + counts[(hour + 1) % HOURS]) / (4 * self._weight)


def _weight(rhythm: Rhythm, moment: float) -> float:
    return float(2.0 ** ((moment - rhythm.begun) / HALF_LIFE))


def _weeks(rhythm: Rhythm) -> float:
    """Return the weeks of history, decayed as what they brought is: the integral of the weights over time."""
    return HALF_LIFE / WEEK / math.log(2) * (1.0 - 1.0 / _weight(rhythm, rhythm.until))


def _with_wait(waits: array[float], wait: float, *, same_day: bool) -> array[float]:
    """Return the waits with one that ends now, in place of a shorter one that ended on the same day."""
    waits = array("f", waits)
    if waits and same_day:
        waits[-1] = max(waits[-1], wait)
        return waits
    waits.append(wait)
    return waits[-MOST_WAITS:]


def _bound(ordered: list[float]) -> int:
    """Return where the tail of waits begins."""
    return int(len(ordered) * (1 - _TAIL))


def _reach(ordered: list[float], days: float, *, presumed: float) -> float:
    """Return the wait that is reached once in so many days, of waits in ascending order."""
    low, *tail = ordered[_bound(ordered) :]
    scale = (math.fsum(wait - low for wait in tail) + presumed) / (len(tail) + 1)
    return max(low + scale * math.log(max(_TAIL * days, 1.0)), ordered[-1] * _MARGIN)


def _light(rhythm: Rhythm) -> Rhythm:
    """Return the same with weights that are not too heavy to be kept."""
    if _weight(rhythm, rhythm.until) < _HEAVIEST:
        return rhythm
    # Of what is 20 half-lives old a millionth counts: history may as well have begun then.
    begun = rhythm.until - 20 * HALF_LIFE
    heavier = _weight(rhythm, begun)
    return replace(rhythm, begun=begun, counts=array("f", (count / heavier for count in rhythm.counts)))
