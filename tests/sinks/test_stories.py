"""Whoever follows merges knows which ids stand for one story, in whatever order records come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.records import Story
from sinks.reader import Stories


def story(story_id: str, merged: str | None = None) -> Story:
    return Story(id=story_id, score=1, size=1, first_seen=datetime(2026, 5, 1, tzinfo=UTC), method="s1", merged=merged)


def test_a_story_that_was_taken_in_goes_by_the_older_one() -> None:
    stories = Stories()

    assert [stories.see(story("young")), stories.see(story("old")), stories.see(None)] == ["young", "old", None]
    assert stories.see(story("old", merged="young")) == "old"
    assert stories.see(story("oldest", merged="old")) == "oldest"
    assert [stories.of(one) for one in ("young", "old", "oldest", "other")] == ["oldest", "oldest", "oldest", "other"]
    assert stories.aliases == {"young": "oldest", "old": "oldest"}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1])), st.randoms())
def test_neither_order_nor_repetition_matters(pairs: list[tuple[int, int]], dice: object) -> None:
    """Each id is taken in once, by an older one, as newstap has it."""
    merges = [story(str(old), str(young)) for young, old in {young: old for old, young in pairs}.items()]
    again = [*merges, *merges]
    dice.shuffle(again)  # type: ignore[attr-defined]  # hypothesis has no type of its own for it
    one, other = Stories(), Stories()
    for each in merges:
        one.see(each)
    for each in again:
        other.see(each)

    assert one.aliases == other.aliases
    assert Stories(one.aliases).aliases == one.aliases


def test_two_stories_that_take_in_each_other_are_one() -> None:
    """No newstap says so; two of them with different input, in one topic, may."""
    stories = Stories()
    stories.see(story("a", merged="b"))

    assert stories.see(story("b", merged="a")) == "a"
    assert stories.of("b") == stories.of("a") == "a"


def test_no_more_are_remembered_than_asked_for() -> None:
    stories = Stories(most=3)
    for number in range(10):
        stories.see(story(f"old-{number}", merged=f"young-{number}"))

    assert stories.aliases == {f"young-{number}": f"old-{number}" for number in (7, 8, 9)}


def test_aliases_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        Stories({"a": "b", "b": "a"})
