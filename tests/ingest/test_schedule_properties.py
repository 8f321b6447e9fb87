"""What holds for every feed, whatever its server does, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.schedule import (
    Answer,
    ErrorClass,
    Failure,
    FeedState,
    Gone,
    Health,
    Items,
    NotModified,
    Outcome,
    Same,
    Settings,
    decide,
    spread,
)

FEED = "https://news.example/feed"
SEEDS = st.floats(0, 1, exclude_max=True)
LENGTHS = st.floats(0.01, 1e7)
HINTS = st.none() | st.floats(0, 1e15)
ERRORS = [error for error in ErrorClass if error is not ErrorClass.GONE]


@st.composite
def settings(draw) -> Settings:
    low, high = sorted((draw(LENGTHS), draw(LENGTHS)))
    return Settings(
        interval_seconds=draw(LENGTHS),
        min_interval_seconds=low,
        max_interval_seconds=high,
        backoff_seconds=draw(LENGTHS),
        redirect_stable_seconds=draw(st.floats(0, 1e7)),
        unconditional_seconds=draw(st.floats(0, 1e7)),
        dead_after_errors=draw(st.integers(1, 50)),
        dead_interval_seconds=draw(LENGTHS),
        gone_confirm_seconds=draw(st.floats(0, 1e7)),
        gone_probe_seconds=draw(LENGTHS),
    )


ANSWERS = st.builds(
    Answer,
    url=st.sampled_from([FEED, "https://b.example/f"]),
    moved=st.sampled_from([None, "https://b.example/f"]),
    conditional=st.booleans(),
    etag=st.none() | st.binary(max_size=2),
    max_age=HINTS,
)
SUCCESSES: st.SearchStrategy[Outcome] = st.builds(Same, ANSWERS) | st.builds(
    Items,
    answer=ANSWERS,
    body_hash=st.binary(max_size=1),
    new=st.integers(0, 100),
    known=st.integers(0, 100),
    oldest_new=st.none() | st.floats(-1e9, 1e9),
    declared=HINTS,
)
FAILURES: st.SearchStrategy[Outcome] = st.builds(
    Failure, st.sampled_from(ERRORS), st.none() | st.floats(allow_nan=True, allow_infinity=True)
)
OUTCOMES: st.SearchStrategy[Outcome] = SUCCESSES | FAILURES | st.builds(NotModified, ANSWERS) | st.just(Gone())
STEPS = st.lists(st.tuples(OUTCOMES, st.floats(0, 1e6), SEEDS), max_size=12)


def lived(steps, chosen: Settings) -> FeedState:
    """Return the state after polls that each came so late."""
    state = FeedState(url=FEED, interval=chosen.interval_seconds, next_due=0.0)
    for outcome, late, seed in steps:
        state = decide(state, outcome, chosen, state.next_due + late, seed).state
    return state


def near(value: float) -> float:
    """Return the rounding that adding a wait to a time of this size can cost."""
    return abs(value) * 1e-12 + 1e-9


@given(settings(), STEPS, OUTCOMES, SEEDS)
def test_the_next_poll_is_within_the_bounds(chosen, steps, outcome, seed):
    before = lived(steps, chosen)
    now = before.next_due

    after = decide(before, outcome, chosen, now, seed).state

    wait = after.next_due - now
    assert wait >= chosen.min_interval_seconds - near(now)
    if after.health is Health.ACTIVE and after.error is ErrorClass.GONE:
        assert wait <= max(chosen.gone_confirm_seconds, chosen.min_interval_seconds) * 1.1 + near(now)
    elif after.health is Health.ACTIVE:
        assert wait <= chosen.max_interval_seconds + near(now)
    if after.interval != before.interval:
        assert chosen.min_interval_seconds <= after.interval <= chosen.max_interval_seconds


@given(settings(), STEPS, SUCCESSES, SEEDS)
def test_a_success_resets_every_error(chosen, steps, outcome, seed):
    before = lived(steps, chosen)

    after = decide(before, outcome, chosen, before.next_due, seed).state

    assert (after.errors, after.error, after.failing_since, after.gone_since) == (0, None, None, None)
    assert after.health is Health.ACTIVE
    assert after.last_success == before.next_due


@given(settings(), STEPS, st.sampled_from(ERRORS), st.lists(SEEDS, min_size=2, max_size=40))
def test_the_waits_of_one_kind_of_error_never_shrink(chosen, steps, error, seeds):
    chosen = replace(chosen, dead_after_errors=1000)
    state = lived(steps, chosen)
    assume(state.health is Health.ACTIVE)
    waits = []
    for seed in seeds:
        now, state = state.next_due, decide(state, Failure(error), chosen, state.next_due, seed).state
        waits.append(state.next_due - now)

    assert all(later >= sooner - near(state.next_due) for sooner, later in pairwise(waits))


@given(settings(), STEPS, FAILURES | st.just(Gone()), SEEDS)
def test_a_failure_touches_nothing_that_belongs_to_items(chosen, steps, outcome, seed):
    before = lived(steps, chosen)

    after = decide(before, outcome, chosen, before.next_due, seed).state

    schedule = ("next_due", "errors", "error", "failing_since", "health", "gone_since", "steady")
    assert replace(after, **{name: getattr(before, name) for name in schedule}) == before


@given(settings(), STEPS, OUTCOMES, SEEDS, SEEDS)
def test_the_seed_moves_the_next_poll_and_nothing_else(chosen, steps, outcome, one, other):
    before = lived(steps, chosen)

    first = decide(before, outcome, chosen, before.next_due, one)
    second = decide(before, outcome, chosen, before.next_due, other)

    assert replace(first.state, next_due=0) == replace(second.state, next_due=0)
    assert first.notes == second.notes
    assert (first.state.next_due <= second.state.next_due + near(before.next_due)) or one > other


@given(settings(), STEPS, ANSWERS, SEEDS)
def test_no_poll_comes_before_a_server_wants_it_unless_the_operator_does(chosen, steps, answer, seed):
    before = lived(steps, chosen)
    now = before.next_due

    after = decide(before, Same(answer), chosen, now, seed).state

    asked = min(max(answer.max_age or 0, before.declared or 0), chosen.max_interval_seconds)
    assert after.next_due - now >= asked - near(now)


@given(settings(), st.integers(0, 500), st.floats(0, 2e9))
def test_first_polls_are_in_order_and_within_the_interval(chosen, count, now):
    times = list(spread(count, now, chosen))

    assert len(times) == count
    assert times == sorted(times)
    longest = max(chosen.min_interval_seconds, min(chosen.interval_seconds, chosen.max_interval_seconds))
    assert all(now <= time <= now + longest + near(now) for time in times)
