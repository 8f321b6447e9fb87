"""When pages are looked at again, and when they are gone: a pure function of what was found and when."""

from __future__ import annotations

import pytest

from ingest.schedule.visiting import Plan, Sight, Visiting, next_visit, planned

FIRST = 1_000.0
VISITING = Visiting(after=(10.0, 40.0, 100.0), gone_confirm=50.0)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (1_000.0, 1_010.0),
        (1_010.0, 1_040.0),
        (1_041.0, 1_100.0),
        (1_099.9, 1_100.0),  # those that a stop of the service has cost are not made up for
        (1_100.0, None),
    ],
)
def test_the_next_visit_is_the_first_that_is_still_ahead(now: float, due: float | None) -> None:
    assert next_visit(VISITING, FIRST, now) == due


def test_without_times_there_is_no_visit() -> None:
    assert next_visit(Visiting(after=(), gone_confirm=0), FIRST, FIRST) is None


@pytest.mark.parametrize("sight", [Sight.THERE, Sight.UNKNOWN])
def test_a_page_that_is_there_or_does_not_answer_has_its_next_visit(sight: Sight) -> None:
    assert planned(VISITING, sight, FIRST, None, 1_012.0) == Plan(1_040.0)


def test_a_page_that_is_there_again_was_never_gone() -> None:
    assert planned(VISITING, Sight.THERE, FIRST, 1_010.0, 1_060.0) == Plan(1_100.0)


def test_the_first_time_a_page_is_gone_is_noted_and_looked_at_once_more() -> None:
    assert planned(VISITING, Sight.GONE, FIRST, None, 1_012.0) == Plan(1_062.0, gone=1_012.0)


def test_that_holds_where_no_visit_would_be_left() -> None:
    assert planned(VISITING, Sight.GONE, FIRST, None, 1_100.0) == Plan(1_150.0, gone=1_100.0)


@pytest.mark.parametrize(("now", "confirmed"), [(1_061.0, False), (1_062.0, True), (1_500.0, True)])
def test_it_is_gone_when_it_still_is_after_the_time_that_confirms(now: float, confirmed: bool) -> None:
    plan = planned(VISITING, Sight.GONE, FIRST, 1_012.0, now)

    assert (plan.confirmed, plan.gone) == (confirmed, 1_012.0)
    assert plan.due == (1_062.0 if not confirmed else 1_100.0 if now < 1_100 else None)


def test_no_answer_confirms_nothing_and_leaves_one_more_chance() -> None:
    assert planned(VISITING, Sight.UNKNOWN, FIRST, 1_100.0, 1_150.0) == Plan(1_200.0, gone=1_100.0)
    assert planned(VISITING, Sight.UNKNOWN, FIRST, 1_100.0, 1_200.0) == Plan(None, gone=1_100.0)


@pytest.mark.parametrize("sight", list(Sight))
@pytest.mark.parametrize("gone", [None, 1_010.0])
def test_visits_come_to_an_end_whatever_they_find(sight: Sight, gone: float | None) -> None:
    now, visits, since = 1_010.0, 0, gone
    due: float | None = now
    while due is not None:
        plan = planned(VISITING, sight, FIRST, since, due)
        assert plan.due is None or plan.due > due
        due, since, visits = plan.due, plan.gone, visits + 1

    assert visits <= len(VISITING.after) + 2
