"""A profile is bounded, counts each article once, and does not care in which order articles came."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from processors.profiles import learned
from processors.profiles.site import MAX_BLOCKS, WINDOW
from processors.profiles.stored import site_from_json, site_to_json
from processors.profiles.verdicts import verdicts
from tests.processors.profiles.articles import HOST, lesson, own, site, verdict

LINE = "The Gazette is owned by those who read it, and by nobody else in town."


def articles(count: int, first: int = 0, **fields: object):
    return [lesson(n, [own(n), own(n, 1), LINE], **fields) for n in range(first, first + count)]


def test_article_counts_once_however_often_it_comes() -> None:
    once = site(*articles(6))
    assert learned(once, articles(6)) == once


def test_article_that_was_left_behind_never_counts_again() -> None:
    """A replay of the whole archive adds nothing, though the first articles have left the window."""
    count = WINDOW + 10
    whole = site(*articles(count))
    again = learned(whole, articles(count))
    found, before = verdict(again, LINE), verdict(whole, LINE)
    assert again == whole
    assert found is not None
    assert before is not None
    assert found.seen == before.seen == count


def test_what_is_known_says_since_when_even_of_articles_left_behind() -> None:
    first, _ = articles(1)[0]
    found = verdict(site(*articles(WINDOW + 10)), LINE)
    assert found is not None
    assert found.since == first.time


@given(st.randoms(use_true_random=False))
def test_order_makes_no_difference_to_what_goes(chance: random.Random) -> None:
    lessons = articles(9)
    mixed = chance.sample(lessons, len(lessons))
    parts = learned(site(*mixed[:4]), mixed[4:])
    assert verdicts(parts) == verdicts(site(*lessons))


def test_profile_is_bounded() -> None:
    shared = [f"Recurring line number {n} of a page without end" for n in range(MAX_BLOCKS + 50)]
    profile = site(*(lesson(n, [own(n), *shared[n : n + 190]]) for n in range(3 * WINDOW)))
    assert len(profile.lessons) == WINDOW
    assert len(profile.blocks) <= MAX_BLOCKS


def test_line_that_is_gone_from_the_window_is_forgotten() -> None:
    profile = learned(site(*articles(6)), [lesson(n, [own(n)]) for n in range(100, 100 + WINDOW)])
    assert profile.blocks == {}


def test_articles_long_before_the_newest_are_left_behind() -> None:
    profile = learned(site(*articles(6)), [lesson(2000, [own(2000)])])
    assert [one.article for one in profile.lessons] == ["record-2000"]
    assert learned(profile, articles(6)) == profile


def test_articles_without_a_date_count_once_too() -> None:
    undated = site(*articles(6, published=None))
    assert len(undated.lessons) == 6
    assert learned(undated, articles(6, published=None)) == undated
    found = verdict(undated, LINE)
    assert found is not None
    assert found.since is None


def test_profile_can_be_kept() -> None:
    for profile in (site(*articles(WINDOW + 3)), site(*articles(WINDOW + 3, published=None))):
        assert site_from_json(HOST, site_to_json(profile)) == profile


def test_profile_of_another_layout_is_forgotten() -> None:
    assert site_from_json(HOST, '{"layout": 99}').lessons == ()
