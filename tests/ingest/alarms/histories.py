"""Simulated histories of feeds, and what alarms of silence are worth on them; for tests and the benchmark.

Each history is of a feed that lives for 26 weeks, or fewer, of which those after the first 8 are judged; then it dies
at a time of day and week drawn at random. An alarm that is raised while no item has failed to come is false: nobody
could know. The delay of a detection is counted from the first item that failed to come. Where a false alarm stood
already by then ("cried wolf"), it tells nothing before it has stood longer than the longest false one of that feed;
from then on it counts.
"""

from __future__ import annotations

import random
import statistics
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest.alarms import rhythm
from ingest.alarms.rhythm import DAY, HOUR, WEEK

START = 1_769_990_400.0
"""A Monday in February 2026, midnight UTC."""
LEARNT, AFTER = 8 * WEEK, 12 * WEEK
LOOK = 900.0
"""Seconds between two polls."""
FALSE_A_YEAR = 2.0
MONTH = 30 * DAY
TIMEOUT = DAY

Feed = Callable[[random.Random, float], Iterator[float]]


def thinned(rate: Callable[[float], float], most: float) -> Feed:
    """Return a feed whose items come by a rate an hour, by thinning."""

    def items(chance: random.Random, start: float) -> Iterator[float]:
        at = start
        while True:
            at += chance.expovariate(most) * HOUR
            if chance.random() * most < rate(at):
                yield at

    return items


def daily(chance: random.Random, start: float) -> Iterator[float]:
    """At seven in the morning, give or take; one day in fifty there is none."""
    at = start + 7 * HOUR
    while True:
        if chance.random() > 0.02:
            yield at + chance.gauss(0, 1200)
        at += DAY


def weekly(chance: random.Random, start: float) -> Iterator[float]:
    """On Thursdays at noon, give or take some hours; one week in thirty there is none."""
    at = start + 3 * DAY + 12 * HOUR
    while True:
        if chance.random() > 0.03:
            yield at + chance.gauss(0, 2 * HOUR)
        at += WEEK


def hourly(chance: random.Random, start: float) -> Iterator[float]:
    """A bulletin each hour, one in twenty left out."""
    at = start
    while True:
        if chance.random() > 0.05:
            yield at + chance.uniform(0, 600)
        at += HOUR


def bursts(chance: random.Random, start: float) -> Iterator[float]:
    """Nothing for a day or two, then a day with many: a live blog, a court, a storm."""
    at = start
    while True:
        at += chance.expovariate(1 / (30 * HOUR))
        for _ in range(chance.randint(3, 30)):
            at += chance.expovariate(1 / (0.4 * HOUR))
            yield at


def _office(at: float) -> bool:
    return 8 <= at % DAY / HOUR < 18


def _workday(at: float) -> bool:
    return rhythm.hour_of(at) < 5 * 24


FEEDS: dict[str, Feed] = {
    "wire, 6 an hour": thinned(lambda at: 3 + 6 * _office(at), 9),
    "hourly bulletin": hourly,
    "newsroom, day and night": thinned(lambda at: 0.15 + 1.5 * _office(at), 1.65),
    "business hours": thinned(lambda at: 1.2 * (_office(at) and _workday(at)), 1.2),
    "fewer at weekends": thinned(lambda at: (0.5 if _workday(at) else 0.1) * _office(at), 0.5),
    "bursts": bursts,
    "daily at seven": daily,
    "weekly": weekly,
}


@dataclass(frozen=True, slots=True)
class Life:
    """When a feed's items were seen, until it died, and when the next would have been."""

    seen: list[float]
    death: float
    first_missed: float
    judged: float
    """From when on alarms count."""


def life(feed: Feed, seed: str, *, weeks: int = 18) -> Life:
    """Return one history, judged for some weeks, at the granularity of polls."""
    chance = random.Random(seed)
    death = START + LEARNT + weeks * WEEK + chance.uniform(0, WEEK)
    seen: list[float] = []
    for at in feed(chance, START):
        if at >= death:
            return Life(seen, death, at, START + LEARNT)
        poll = (at // LOOK + 1) * LOOK
        if not seen or poll > seen[-1]:
            seen.append(poll)
    raise AssertionError("feeds never end by themselves")


def by_timeout(seconds: float, each: Life) -> list[tuple[float, float]]:
    """Return when alarms are raised and cleared, the last one never."""
    nexts = [*each.seen[1:], float("inf")]
    return [(a + seconds, b) for a, b in zip(each.seen, nexts, strict=True) if b - a > seconds]


def by_model(each: Life) -> list[tuple[float, float]]:
    """Return the same of the model, looked at with each poll; the end of an alarm is not looked for."""
    known = rhythm.begin(START)
    raised: list[tuple[float, float]] = []
    for number, at in enumerate(each.seen):
        known = rhythm.arrived(known, at)
        later = each.seen[number + 1] if number + 1 < len(each.seen) else float("inf")
        moment = _raised(known, min(later, each.death + AFTER))
        if moment is not None:
            raised.append((moment, later))
    return raised


def _raised(known: rhythm.Rhythm, end: float) -> float | None:
    """Return the first poll before the end at which the silence is improbable. By halves: it only becomes more so."""
    polls = int((end - known.until) // LOOK)
    if polls <= 0 or not _improbable(known, polls):
        return None
    at = bisect_left(range(1, polls + 1), x=True, key=lambda n: _improbable(known, n)) + 1
    return known.until + at * LOOK


def _improbable(known: rhythm.Rhythm, polls: int) -> bool:
    return rhythm.is_improbable(rhythm.silent_until(known, known.until + polls * LOOK), FALSE_A_YEAR)


@dataclass(frozen=True, slots=True)
class Score:
    """What alarms were worth: false ones for each feed and month, and hours of delay, one for each death."""

    false: float
    delays: list[float]
    stood: float
    """Share of deaths at which an alarm stood already that was false when it was raised."""


def score(lives: list[Life], alarms: list[list[tuple[float, float]]]) -> Score:
    """Judge alarms by what could be known."""
    false, months, stood = 0, 0.0, 0
    delays = []
    for each, raised in zip(lives, alarms, strict=True):
        wrong = [(at, end) for at, end in raised if each.judged <= at < each.first_missed]
        false += len(wrong)
        months += (each.first_missed - each.judged) / MONTH
        at = raised[-1][0] if raised and raised[-1][1] == float("inf") else each.first_missed + AFTER
        if at < each.first_missed:
            stood += 1
            longest = max((end - begin for begin, end in wrong if end < float("inf")), default=0.0)
            at = max(at + longest, each.first_missed)
        delays.append((at - each.first_missed) / HOUR)
    return Score(false / months, delays, stood / len(lives))


def total(scores: list[Score]) -> Score:
    """Return all rhythms as one, each with the same weight."""
    return Score(
        statistics.fmean(one.false for one in scores),
        [delay for one in scores for delay in one.delays],
        statistics.fmean(one.stood for one in scores),
    )
