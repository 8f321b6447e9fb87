"""What a schedule notices over time: 304 that lie, items that were missed, feeds that fall silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.schedule import (
    ErrorClass,
    Failure,
    NoteKind,
    Same,
    conditional,
    decide,
)
from tests.ingest.schedule_life import DAY, MIDDLE, SETTINGS, UNMODIFIED, Life, answer, fresh, items

# Distrust of 304


def test_after_long_enough_of_304_one_request_is_unconditional():
    life = Life()
    life.poll(items(3, 0))
    asked = []
    while life.state.next_due < 30 * DAY:
        held = conditional(life.state, SETTINGS, life.state.next_due, MIDDLE)
        asked.append(held is None)
        life.poll(Same(answer(conditional=False)) if held is None else UNMODIFIED)

    assert sum(asked) == 3  # after about 8, 16 and 24 days


def test_it_comes_within_the_period_whatever_the_jitter():
    life = Life()
    state = life.poll(items(3, 0), UNMODIFIED)

    assert conditional(state, SETTINGS, SETTINGS.unconditional_seconds, 0) is None
    assert conditional(state, SETTINGS, SETTINGS.unconditional_seconds * 0.95, 0.9) is None
    assert conditional(state, SETTINGS, SETTINGS.unconditional_seconds * 0.85, 0.9) is not None


def test_without_any_304_a_long_pause_asks_conditionally():
    for outcomes in ([Failure(ErrorClass.TIMEOUT)], [UNMODIFIED, Same(answer())]):
        state = Life().poll(items(3, 0), *outcomes)
        assert conditional(state, SETTINGS, 30 * DAY, MIDDLE) == state.validators


@pytest.mark.parametrize(
    ("outcome", "lies"),
    [
        (items(2, 9, conditional=False), 1),  # the same ETag for another body
        (items(2, 9, conditional=False, etag=b"2", oldest_new=-1.0), 1),  # published before the last 304
        (
            items(2, 9, conditional=False, etag=b"2", oldest_new=500.0),
            0,
        ),  # in the last interval: perhaps a cache
        (items(2, 9, conditional=False, etag=b"2"), 0),
        (items(2, 9, conditional=False, url="https://cdn.example/f"), 0),  # whose ETags are its own
        (items(0, 9, conditional=False), 0),
        (items(2, 9), 0),
        (Same(answer(conditional=False)), 0),
    ],
)
def test_a_lie_needs_proof(outcome, lies):
    life = Life()
    life.poll(items(9, 0), UNMODIFIED, outcome)

    assert life.state.lies == lies
    assert life.notes == [NoteKind.LIED] * lies


def test_old_entries_of_a_feed_without_validators_are_no_lie():
    life = Life()
    life.poll(items(9, 0, etag=None), items(2, 9, etag=None, conditional=False, oldest_new=-5000.0))

    assert life.state.lies == 0


def test_who_lied_is_asked_unconditionally_more_often_but_not_more_than_daily():
    for lies, days in ((0, 8), (1, 4), (2, 2), (3, 1), (9, 1)):
        state = replace(Life().poll(items(3, 0), UNMODIFIED), lies=lies)
        assert conditional(state, SETTINGS, days * DAY - 1, 0) is not None
        assert conditional(state, SETTINGS, days * DAY, 0) is None


# What was missed, what is silent


def test_no_overlap_is_loss_and_shortens_the_interval_at_once():
    life = Life(replace(SETTINGS, interval_seconds=7200))
    life.poll(items(10, 0), items(10, 0))

    assert life.notes == [NoteKind.MISSED]
    assert (life.state.missed, life.state.parsed, life.state.interval) == (1, 1, 3600)


def test_loss_through_our_own_absence_is_counted_but_not_held_against_the_interval():
    life = Life(replace(SETTINGS, interval_seconds=7200))
    life.poll(items(10, 0))
    life.poll(items(10, 0), late=DAY)

    assert (life.state.missed, life.state.interval) == (1, 7200)


@pytest.mark.parametrize("then", [items(1, 9), items(0, 0), UNMODIFIED, Same(answer())])
def test_any_overlap_or_nothing_new_is_no_loss(then):
    assert Life().poll(items(10, 0), then).missed == 0


def test_first_contact_and_the_return_after_an_empty_document_are_no_loss():
    life = Life()
    life.poll(items(10, 0), items(0, 0), items(0, 0), items(10, 0))

    assert life.state.missed == 0
    assert life.notes == [NoteKind.EMPTIED]


def test_a_feed_that_falls_silent_is_noticed_once_and_again_after_it_spoke():
    life = Life()
    for day in range(1, 10):
        life.poll(items(1, 9))
        life.until(day * 6 * 3600, UNMODIFIED)
    life.until(4 * DAY, UNMODIFIED)
    assert not life.state.silent

    life.until(9 * DAY, UNMODIFIED)
    assert life.state.silent
    assert life.notes == [NoteKind.SILENT]
    assert not life.poll(items(1, 9)).silent


def test_silence_is_measured_by_the_feeds_own_pace_and_not_before_two_longest_intervals():
    hourly, weekly = (replace(fresh(), usual_gap=gap, last_items=0.0) for gap in (3600.0, 7 * DAY))
    for state, before, after in ((hourly, 2 * DAY, 2.1 * DAY), (weekly, 56 * DAY, 57 * DAY)):
        assert not decide(state, Same(answer()), SETTINGS, before, MIDDLE).state.silent
        assert decide(state, Same(answer()), SETTINGS, after, MIDDLE).state.silent


def test_a_feed_that_never_had_news_is_not_called_silent():
    life = Life()
    life.poll(items(10, 0))

    assert not life.until(400 * DAY, UNMODIFIED).silent
