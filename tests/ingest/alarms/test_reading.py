"""Outlets whose pages are read worse than they were."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ingest.alarms.reading import Reading, read

if TYPE_CHECKING:
    from collections.abc import Iterable


def after(pages: Iterable[int | None], known: Reading | None = None) -> Reading:
    known = known or Reading()
    for characters in pages:
        known = read(known, characters)
    return known


def usual(seed: int, pages: int, *, bad: float = 0.03, middle: float = 8.0) -> list[int | None]:
    """Pages of an outlet: a share without text, lengths by a log-normal distribution."""
    chance = random.Random(seed)
    return [None if chance.random() < bad else int(chance.lognormvariate(middle, 0.6)) for _ in range(pages)]


def until_raised(known: Reading, pages: Iterable[int | None]) -> int:
    """How many pages it takes."""
    for n, characters in enumerate(pages, 1):
        known = read(known, characters)
        if known.is_unreadable or known.is_shortened:
            return n
    raise AssertionError("no alarm")


def test_an_outlet_as_usual_raises_nothing_over_thousands_of_pages() -> None:
    for seed in range(10):
        known = Reading()
        for characters in usual(seed, 2000, bad=0.05 * seed):
            known = read(known, characters)
            assert not known.is_unreadable
            assert not known.is_shortened


def test_pages_without_text_are_found_within_a_few() -> None:
    known = after(usual(1, 200))
    assert until_raised(known, [None] * 20) <= 10
    assert until_raised(after(usual(2, 400, bad=0.4)), [None] * 60) <= 40, "where they were common before"


def test_shorter_texts_are_found_within_tens_and_one_short_text_is_nothing() -> None:
    known = after(usual(1, 200))
    assert not after([40], known).is_shortened
    assert until_raised(known, usual(3, 60, middle=6.8)) <= 20


def test_an_alarm_ends_when_the_outlet_is_as_before() -> None:
    broken = after([None] * 20, after(usual(1, 200)))
    assert broken.is_unreadable
    assert not after(usual(4, 100), broken).is_unreadable


def test_what_lasts_becomes_the_usual() -> None:
    """A site that writes teasers from now on is not an alarm for ever."""
    known = after(usual(5, 3000, middle=6.8), after(usual(1, 400)))
    assert not known.is_shortened


def test_nothing_is_said_of_an_outlet_without_history() -> None:
    assert not after([None] * 39).is_unreadable
    assert not after([None] * 200).is_unreadable, "which never gave any text"
