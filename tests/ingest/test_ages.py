"""How long what is numbered as it comes has waited."""

from __future__ import annotations

import pytest

from ingest.ages import Ages


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_oldest_beyond_a_number_counts(clock: Clock) -> None:
    ages = Ages(clock)
    for last in (3, 5, 9):
        ages.note(last)
        clock.now += 10

    assert [ages.oldest(number) for number in (0, 2, 3, 4, 5, 8, 9)] == [30, 30, 20, 20, 10, 10, 0]


def test_nothing_new_changes_nothing(clock: Clock) -> None:
    ages = Ages(clock)
    ages.note(3)
    clock.now += 60
    ages.note(3)

    assert (ages.oldest(2), ages.oldest(3)) == (60, 0)


def test_what_was_delivered_is_forgotten_and_the_rest_is_as_old_as_it_was(clock: Clock) -> None:
    ages = Ages(clock)
    for last in range(1, 100):
        ages.note(last)
        clock.now += 10
    ages.forget(90)

    assert ages.oldest(90) == 90
    ages.forget(99)
    assert ages.oldest(99) == 0
    ages.note(100)
    clock.now += 5
    assert ages.oldest(99) == 5


def test_a_burst_is_one_moment_a_second_too_old_at_most(clock: Clock) -> None:
    ages = Ages(clock)
    for last in range(1, 10_001):
        ages.note(last)
        clock.now += 0.001

    assert ages.oldest(0) == pytest.approx(10, abs=0.01)
    assert 4.99 < ages.oldest(5_000) < 6.01
    assert len(ages._moments) <= 11
