"""Back-off, dead feeds, 410, and permanent redirects, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.schedule import (
    ErrorClass,
    Failure,
    Gone,
    Health,
    Items,
    NoteKind,
    NotModified,
    Redirect,
    Same,
    Validators,
    conditional,
    decide,
)
from tests.ingest.schedule_life import DAY, FEED, SETTINGS, Life, answer, failing, fresh, items

# Errors


@pytest.mark.parametrize("error", [ErrorClass.SERVER, ErrorClass.NOT_FOUND, ErrorClass.TIMEOUT, ErrorClass.UNRESOLVED])
def test_waits_double_from_the_first_up_to_the_longest_interval(error):
    life = failing(error, 6, min_interval_seconds=10, backoff_seconds=60, max_interval_seconds=700)

    assert life.gaps[1:] == pytest.approx([63, 126, 252, 504, 700, 700])
    assert (life.state.error, life.state.errors) == (error, 6)


def test_the_first_wait_is_no_shorter_than_the_shortest_interval():
    assert failing(ErrorClass.SERVER, 2).gaps[1:] == pytest.approx([630, 1260])


@pytest.mark.parametrize(("error", "wait"), [(ErrorClass.BLOCKED, 2400), (ErrorClass.NOT_A_FEED, 1200)])
def test_what_seldom_passes_by_itself_begins_with_a_longer_wait(error, wait):
    assert failing(error, 1).gaps[-1] == pytest.approx(wait * 1.05)


def test_a_success_ends_the_back_off_and_keeps_what_was_learned():
    life = failing(ErrorClass.SERVER, 6)
    life.poll(items(1, 4))

    assert (life.state.errors, life.state.error, life.state.failing_since) == (0, None, None)
    assert life.gaps[-1] == 900


def test_the_start_of_an_outage_is_remembered():
    life = failing(ErrorClass.SERVER, 3)

    assert life.state.failing_since == 900


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(5, 600), (3600, 3600), (20 * DAY, DAY), (1e12, 600), (-5, 600), (0, 600), (None, 600), (float("nan"), 600)],
)
def test_retry_after_lengthens_the_wait_within_bounds(asked, wait):
    state = decide(fresh(), Failure(ErrorClass.THROTTLED, asked), SETTINGS, 0, 0).state

    assert state.next_due == wait


def test_after_too_many_errors_a_feed_is_only_probed_and_comes_back_by_itself():
    life = failing(ErrorClass.NOT_FOUND, 29)
    assert life.state.health is Health.ACTIVE

    life.poll(Failure(ErrorClass.NOT_FOUND))
    assert life.state.health is Health.DEAD
    life.poll(*[Failure(ErrorClass.NOT_FOUND)] * 2)
    assert life.gaps[-3:] == pytest.approx([7 * DAY * 1.05] * 3)
    assert life.notes == [NoteKind.DIED]

    life.poll(items(2, 3))
    assert life.state.health is Health.ACTIVE
    assert life.notes == [NoteKind.DIED, NoteKind.REVIVED]
    assert life.gaps[-1] == 900


def test_a_dead_feed_waits_as_long_as_it_asks_within_the_longest_interval():
    chosen = replace(SETTINGS, dead_after_errors=1, dead_interval_seconds=1000)
    for asked, wait in ((None, 1000), (5000, 5000), (20 * DAY, DAY)):
        assert decide(fresh(), Failure(ErrorClass.THROTTLED, asked), chosen, 0, 0).state.next_due == wait


def test_a_poll_after_an_error_tells_nothing_about_the_interval():
    life = Life(replace(SETTINGS, interval_seconds=7200))
    life.poll(items(30, 0), items(4, 20), items(4, 20), Failure(ErrorClass.TIMEOUT), items(29, 1))

    assert (life.state.interval, life.state.steady) == (7200, 0)


# 410


def test_a_410_is_confirmed_once_and_then_probed():
    life = Life()
    life.poll(items(3, 0), Gone())
    assert life.gaps[-1] == pytest.approx(DAY * 1.05)
    assert life.state.health is Health.ACTIVE

    life.poll(Gone())
    assert life.state.health is Health.GONE
    life.poll(Gone(), Failure(ErrorClass.TIMEOUT))
    assert life.gaps[-3:] == pytest.approx([30 * DAY * 1.05] * 3)
    assert life.notes == [NoteKind.GONE_ONCE, NoteKind.GONE]

    assert life.poll(items(1, 2)).health is Health.ACTIVE
    assert life.notes[-1] is NoteKind.REVIVED


def test_a_success_between_two_410_starts_anew():
    life = Life()
    life.poll(items(3, 0), Gone(), items(0, 3), Gone())

    assert life.state.health is Health.ACTIVE
    assert life.notes == [NoteKind.GONE_ONCE] * 2


def test_a_second_410_too_early_is_no_confirmation():
    first = decide(fresh(), Gone(), SETTINGS, 0, 0).state

    early = decide(first, Gone(), SETTINGS, 1000, 0)

    assert early.state.health is Health.ACTIVE
    assert early.state.next_due == DAY
    assert early.notes == ()


def test_a_confirmation_that_may_come_at_once_still_takes_a_second_410():
    life = Life(replace(SETTINGS, gone_confirm_seconds=0))

    assert life.poll(Gone()).health is Health.ACTIVE
    assert life.poll(Gone()).health is Health.GONE


def test_a_confirmation_later_than_the_longest_interval_still_takes_one_look():
    life = Life(replace(SETTINGS, gone_confirm_seconds=2.5 * DAY))
    life.poll(Gone())
    assert life.gaps[-1] == pytest.approx(2.5 * DAY * 1.05)

    assert life.poll(Gone()).health is Health.GONE


# Permanent redirects

TARGET = "https://www.news.example/rss"


def moved(new: int, known: int) -> Items:
    return items(new, known, url=TARGET, moved=TARGET)


def test_a_permanent_redirect_is_written_back_after_it_was_stable():
    life = Life()
    life.poll(items(3, 0))
    life.until(7 * DAY, moved(1, 9))
    assert life.state.url == FEED
    assert life.state.redirect is not None
    assert life.state.redirect.count > 100

    life.poll(moved(1, 9), moved(1, 9))

    assert (life.state.url, life.state.redirect) == (TARGET, None)
    assert life.notes.count(NoteKind.MOVED) == 1
    assert conditional(life.state, SETTINGS, life.now, 0) == Validators(TARGET, b'W/"1"')


def test_unchanged_answers_of_the_target_count_as_sightings():
    for outcome in (NotModified(answer(url=TARGET, moved=TARGET)), Same(answer(url=TARGET, moved=TARGET))):
        life = Life()
        life.poll(moved(5, 0))
        life.until(9 * DAY, outcome)
        assert life.state.url == TARGET


def test_a_target_with_nothing_of_this_feed_is_never_kept():
    """A parked domain's feed, and one that is empty."""
    life = Life()
    life.poll(items(3, 0), moved(5, 0))
    life.until(9 * DAY, moved(5, 0))
    assert life.state.url == FEED

    life.until(20 * DAY, moved(0, 0))
    assert life.state.url == FEED


def test_an_answer_without_the_redirect_starts_the_window_anew():
    life = Life()
    life.poll(items(3, 0))
    life.until(6 * DAY, moved(1, 9))
    life.poll(items(1, 9))
    assert life.state.redirect is None

    life.until(8 * DAY, moved(1, 9))
    assert life.state.url == FEED


def test_another_target_starts_the_window_anew_and_errors_do_not():
    life = Life()
    life.poll(items(3, 0), moved(1, 9), Failure(ErrorClass.NOT_A_FEED), moved(1, 9))
    assert life.state.redirect == Redirect(TARGET, 900, 2, proven=True)

    life.poll(items(1, 9, url="https://b.example/", moved="https://b.example/"))
    assert life.state.redirect == Redirect("https://b.example/", life.now, 1, proven=True)


def test_a_target_that_was_proven_stays_so_when_its_document_turns_over():
    life = Life()
    life.poll(items(3, 0), moved(1, 9), moved(10, 0))

    assert life.state.redirect == Redirect(TARGET, 900, 2, proven=True)


def test_a_window_of_nothing_keeps_a_proven_target_at_once():
    life = Life(replace(SETTINGS, redirect_stable_seconds=0))
    life.poll(items(3, 0))

    assert life.poll(moved(1, 9)).url == TARGET
