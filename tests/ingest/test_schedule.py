"""What is remembered of an answer, how the interval is learned, hints, jitter and first polls, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.schedule import (
    ErrorClass,
    Failure,
    Gone,
    NotModified,
    Same,
    Validators,
    conditional,
    decide,
    lease,
    spread,
)
from tests.ingest.schedule_life import DAY, FEED, MIDDLE, SETTINGS, UNMODIFIED, Life, answer, fresh, items

# What is remembered of an answer


def test_the_first_request_is_unconditional_and_the_next_carries_what_the_first_answer_gave():
    life = Life()
    assert conditional(life.state, SETTINGS, 0, MIDDLE) is None

    life.poll(items(3, 0, etag=b"abc", last_modified=b"Thu, 01 Jan 1970 00:00:00 GMT"))

    held = Validators(FEED, b"abc", b"Thu, 01 Jan 1970 00:00:00 GMT")
    assert conditional(life.state, SETTINGS, life.now, MIDDLE) == held


def test_validators_belong_to_the_final_url():
    assert Life().poll(items(3, 0, url="https://cdn.example/f")).validators == Validators(
        "https://cdn.example/f", b'W/"1"'
    )


def test_a_200_without_validators_drops_the_old_ones():
    assert Life().poll(items(3, 0), items(1, 3, etag=None)).validators is None
    assert Life().poll(items(3, 0), Same(answer(etag=None))).validators is None


def test_a_304_replaces_only_the_validators_that_it_carries():
    first = items(3, 0, etag=b"1", last_modified=b"Monday")

    assert Life().poll(first, NotModified(answer(etag=b"2"))).validators == Validators(FEED, b"2", b"Monday")
    assert Life().poll(first, UNMODIFIED).validators == Validators(FEED, b"1", b"Monday")


@pytest.mark.parametrize("outcome", [Failure(ErrorClass.NOT_A_FEED), Failure(ErrorClass.UNDECODABLE), Gone()])
def test_what_brings_no_items_changes_neither_validators_nor_hash(outcome):
    before = Life().poll(items(3, 0))
    after, _ = decide(before, outcome, SETTINGS, before.next_due, MIDDLE)

    assert (after.validators, after.body_hash) == (before.validators, b"1")


@pytest.mark.parametrize(
    "outcome", [NotModified(answer(conditional=False)), NotModified(answer(url="https://cdn.example/f"))]
)
def test_a_304_that_was_not_asked_for_is_an_error(outcome):
    life = Life()

    assert life.poll(items(3, 0), outcome).error is ErrorClass.PROTOCOL
    assert Life().poll(UNMODIFIED).error is ErrorClass.PROTOCOL


# The interval


def test_the_interval_is_left_alone_until_two_polls_were_on_time():
    life = Life()
    life.poll(items(30, 0), items(20, 4))
    assert life.state.interval == 900

    life.poll(items(20, 4))
    assert life.state.interval == 600  # half, but not below the shortest


def test_a_poll_that_was_late_tells_nothing_about_the_interval():
    settings = replace(SETTINGS, interval_seconds=7200)
    life = Life(settings)
    life.poll(items(30, 0), items(4, 20), items(4, 20))

    life.poll(items(29, 1), late=3700)

    assert life.state.interval == 7200
    assert life.state.steady == 0


@pytest.mark.parametrize(("new", "known", "factor"), [(9, 1, 0.5), (5, 5, 1.0), (0, 10, 1.25), (0, 0, 1.25)])
def test_the_interval_follows_how_much_was_known(new, known, factor):
    settings = replace(SETTINGS, interval_seconds=3600)
    start = replace(
        fresh(), interval=3600, steady=2, last_success=-3600, last_items=-10 * DAY, entries=10, last_body=-3600
    )

    assert decide(start, items(new, known), settings, 0, MIDDLE).state.interval == 3600 * factor


def test_unchanged_answers_lengthen_it_up_to_the_bound():
    for outcome in (UNMODIFIED, Same(answer())):
        life = Life()
        life.poll(items(3, 0))
        life.until(90 * DAY, outcome)

        assert life.state.interval == SETTINGS.max_interval_seconds
        assert max(life.gaps) <= SETTINGS.max_interval_seconds


def test_the_interval_does_not_outgrow_half_the_time_between_news():
    """A document of 100 entries with one new every four hours overlaps by 99 %, and is asked about twice meanwhile."""
    life = Life()
    life.poll(items(100, 0))
    news = 4 * 3600.0
    while life.state.next_due < 20 * DAY:
        due, last = life.state.next_due, life.state.last_items or 0.0
        life.poll(items(1, 99) if due // news > last // news else Same(answer()))
        if life.now > 5 * DAY:
            assert life.state.interval <= news / 2 * 1.6
    assert not life.state.missed


def test_a_feed_whose_document_turns_over_is_polled_as_often_as_allowed():
    life = Life(replace(SETTINGS, interval_seconds=7200))
    life.poll(items(10, 0), *[items(8, 2)] * 12)

    assert life.state.interval == SETTINGS.min_interval_seconds


def test_changed_bounds_hold_for_what_was_learned_before():
    start = replace(fresh(), interval=50_000, last_success=-50_000)

    state = decide(start, items(1, 9), replace(SETTINGS, max_interval_seconds=3600), 0, 1 - 1e-9).state

    assert state.next_due <= 3600


# Server hints


@pytest.mark.parametrize("outcome", [items(1, 9, max_age=7200), items(1, 9, declared=7200), Same(answer(max_age=7200))])
def test_a_hint_is_a_lower_bound(outcome):
    assert Life(seed=0).poll(outcome).next_due == 7200
    assert Life(seed=0.999).poll(outcome).next_due > 7200


def test_hints_end_at_the_longest_interval_and_do_not_shorten():
    assert Life(seed=0.999).poll(items(1, 9, max_age=31_536_000)).next_due <= DAY
    assert Life().poll(items(1, 9, max_age=1, declared=1)).next_due == 900


def test_what_the_document_asked_for_holds_while_it_is_unchanged():
    life = Life(seed=0)
    life.poll(items(3, 0, declared=7200, max_age=3600), UNMODIFIED, NotModified(answer(max_age=10_000)), UNMODIFIED)

    assert life.gaps == [7200, 7200, 10_000, 10_000]


# Jitter and first polls


def test_jitter_is_a_tenth_and_goes_upwards_at_the_shortest_interval():
    assert Life(seed=0).poll(items(1, 9)).next_due == pytest.approx(810)
    assert Life(seed=1).poll(items(1, 9)).next_due == pytest.approx(990)
    at_bound = replace(SETTINGS, interval_seconds=600)
    assert Life(at_bound, seed=0).poll(items(1, 9)).next_due == 600
    assert Life(at_bound, seed=1).poll(items(1, 9)).next_due == pytest.approx(660)


def test_first_polls_of_an_import_are_spread_over_the_interval():
    times = list(spread(10_000, 50.0, SETTINGS))

    assert times[0] == 50
    assert times == sorted(times)
    assert 50 + 899 < times[-1] < 50 + 900


def test_a_short_list_of_feeds_does_not_wait_for_a_whole_interval():
    assert list(spread(3, 0.0, SETTINGS)) == [0, 2, 4]
    assert list(spread(0, 0.0, SETTINGS)) == []


def test_a_lease_outlasts_a_fetch_and_the_shortest_interval():
    assert lease(SETTINGS, 30) == 600
    assert lease(replace(SETTINGS, min_interval_seconds=0), 30) == 60
