"""A silence is judged by what a feed does at that hour of the week, and by nothing else."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING

import pytest

from ingest.alarms import rhythm
from ingest.alarms.rhythm import DAY, HOUR, WEEK, Rhythm
from tests.ingest.alarms.histories import AFTER, FEEDS, START, TIMEOUT, by_model, by_timeout, life, score, total

if TYPE_CHECKING:
    from collections.abc import Iterable

MONDAY = START
FALSE_A_YEAR = 2.0


def after(arrivals: Iterable[float], start: float = MONDAY) -> Rhythm:
    """The rhythm that these arrivals make."""
    known = rhythm.begin(start)
    for at in arrivals:
        known = rhythm.arrived(known, at)
    return known


def office(weeks: int) -> list[float]:
    """Twice an hour, nine to five, Monday to Friday."""
    hours = (
        MONDAY + week * WEEK + day * DAY + hour * HOUR
        for week in range(weeks)
        for day in range(5)
        for hour in range(9, 17)
    )
    return [at + minutes * 60.0 for at in hours for minutes in (11, 41)]


def improbable_after(known: Rhythm, hours: float) -> bool:
    assert known.last is not None
    return rhythm.is_improbable(rhythm.silent_until(known, known.last + hours * HOUR), FALSE_A_YEAR)


def test_a_weekend_is_no_silence_and_a_monday_morning_is() -> None:
    friday = after(office(8))
    assert not improbable_after(friday, 63), "Friday 16:41 to Monday 07:41"
    assert improbable_after(friday, 72), "Monday 16:41"


def test_a_night_is_no_silence_and_as_long_a_day_is() -> None:
    arrivals = office(8)
    evening = [at for at in arrivals if at < MONDAY + 7 * WEEK + 2 * DAY]
    assert not improbable_after(after(evening), 15), "Tuesday 16:41 to Wednesday 07:41"
    noon = [at for at in arrivals if at < MONDAY + 7 * WEEK + 2 * DAY + 10 * HOUR]
    assert improbable_after(after(noon), 15), "Wednesday 09:41 to Thursday 00:41"


def test_a_clock_may_be_late_and_a_turn_left_out_is_an_alarm() -> None:
    known = after(MONDAY + day * DAY + 7 * HOUR for day in range(60))
    assert not improbable_after(known, 29)
    assert improbable_after(known, 40)


def test_a_clock_that_leaves_out_turns_may_leave_out_one() -> None:
    known = after(MONDAY + day * DAY + 7 * HOUR for day in range(60) if day % 15 != 8)
    assert not improbable_after(known, 47)
    assert improbable_after(known, 60)


def test_what_is_new_is_not_judged() -> None:
    """Nothing is said before two weeks, whatever is seen, and before six days with arrivals."""
    assert not improbable_after(after(office(1)), 100)
    assert not improbable_after(after(MONDAY + week * WEEK for week in range(5)), 10_000)


def test_bursts_are_waited_for_longer_than_what_comes_as_often_and_evenly() -> None:
    chance = random.Random(5)
    bursts = [MONDAY + 3 * DAY * n + chance.uniform(0, 2 * DAY) for n in range(20)]
    bursty = after(sorted(at + k * 900 for at in bursts for k in range(20)))
    evenly = after(MONDAY + n * 3.6 * HOUR for n in range(400))
    assert improbable_after(evenly, 40)
    assert not improbable_after(bursty, 40)


def test_a_time_nobody_watched_is_neither_silence_nor_history() -> None:
    known = after(office(8))
    away = rhythm.unwatched(known, known.until + 30 * DAY)
    assert away.surprise == known.surprise
    assert not rhythm.is_improbable(rhythm.unwatched(known, known.until + HOUR), FALSE_A_YEAR)
    assert rhythm.chance(away, 10) == pytest.approx(rhythm.chance(known, 10), rel=0.2)


def test_a_wait_nobody_watched_is_not_remembered() -> None:
    known = after(office(8))
    late = known.until + 30 * DAY
    assert rhythm.arrived(known, late, blind=True).spans == known.spans
    assert rhythm.arrived(known, late).spans != known.spans


def test_a_rhythm_that_changes_is_learned_again() -> None:
    """Four months after a paper of business hours went to weekends only, its Tuesdays are no alarm."""
    before = after(office(12))
    weekends = (
        before.until // WEEK * WEEK + week * WEEK + 2 * DAY + n * HOUR for week in range(1, 18) for n in range(0, 40, 2)
    )
    known = before
    for at in weekends:
        known = rhythm.arrived(known, at)
    assert not improbable_after(known, 5 * 24)
    assert improbable_after(known, 12 * 24)


def test_weights_stay_bounded_over_decades() -> None:
    known = after(MONDAY + day * DAY + 7 * HOUR for day in range(60))
    for week in range(9, 52 * 12):
        known = rhythm.arrived(known, MONDAY + week * WEEK + 7 * HOUR)
    assert max(known.counts) < 2.0**60
    assert rhythm.chance(known, 7) > 0.4
    assert len(known.waits) == len(known.spans) == rhythm.MOST_WAITS


def test_what_comes_out_of_order_or_within_the_hour_is_no_wait() -> None:
    known = after([MONDAY, MONDAY + DAY])
    assert rhythm.arrived(known, MONDAY) is known
    again = rhythm.arrived(known, MONDAY + DAY + 60)
    assert (again.counts, again.waits) == (known.counts, known.waits)


def test_the_chance_of_an_hour_is_pulled_to_like_days_while_there_is_little() -> None:
    known = after(at for at in office(3) if at < MONDAY + 2 * WEEK + DAY)
    tuesday, saturday, night = 24 + 10, 5 * 24 + 10, 24 + 3
    assert rhythm.chance(known, tuesday) > 0.5
    assert rhythm.chance(known, saturday) < 0.2
    assert rhythm.chance(known, night) < 0.2


def test_the_model_is_better_than_a_timeout_of_a_day_on_simulated_histories() -> None:
    """Fewer false alarms over all rhythms, and sooner; the table of docs/alarms.md in small form."""
    lives = [[life(feed, f"{name} {seed}", weeks=10) for seed in range(6)] for name, feed in FEEDS.items()]
    model = total([score(each, [by_model(one) for one in each]) for each in lives])
    fixed = total([score(each, [by_timeout(TIMEOUT, one) for one in each]) for each in lives])
    assert model.false < fixed.false / 10
    assert statistics.median(model.delays) < statistics.median(fixed.delays)
    assert all(delay < AFTER / HOUR for delay in model.delays), "each death is found"
