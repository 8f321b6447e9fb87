"""Which recurring lines go, and which stay and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from processors.profiles.verdicts import HEAD, MIDDLE, TAIL, Known, Why, independent, verdicts
from tests.processors.profiles.articles import again, lesson, own, site, verdict

LINE = "The Gazette is owned by those who read it, and by nobody else in town."
HEADER = "What we know so far"


def judged(
    line: str, lines: Callable[[int], list[str]], count: int = 8, **fields: Callable[[int], object]
) -> Why | None:
    """Return the verdict on a line, after so many articles whose lines and fields a function of their number gives."""
    made = (lesson(n, lines(n), **{name: of(n) for name, of in fields.items()}) for n in range(count))
    found = verdict(site(*made), line)
    return None if found is None else found.why


@pytest.mark.parametrize(
    ("lines", "zones"),
    [
        (lambda n: [own(n), own(n, 1), LINE], TAIL),
        (lambda n: [own(n), LINE, own(n, 1)], MIDDLE),
        (lambda n: [LINE, own(n), own(n, 1)], HEAD),
    ],
    ids=["below", "among", "above"],
)
def test_line_that_comes_with_the_site_goes_wherever_it_stands(lines: Callable[[int], list[str]], zones: str) -> None:
    found = verdict(site(*(lesson(n, lines(n)) for n in range(8))), LINE)
    assert found is not None
    assert (found.why, found.zones, found.seen) == (Why.GOES, zones, 8)


def test_line_on_three_articles_stays() -> None:
    assert judged(LINE, lambda n: [own(n), LINE], count=3) is Why.FEW


def test_line_on_a_small_share_of_the_articles_stays() -> None:
    assert judged(LINE, lambda n: [own(n), own(n, 1)] + [LINE] * (n % 4 == 0), count=20) is Why.SHARE


def test_line_on_many_articles_goes_whatever_their_share() -> None:
    assert judged(LINE, lambda n: [own(n), own(n, 1)] + [LINE] * (n % 4 == 0), count=60) is Why.GOES


def test_background_paragraph_of_a_story_stays() -> None:
    assert (
        judged(
            LINE,
            lambda n: [own(n), LINE] if n % 2 else [own(n)],
            count=10,
            title=lambda n: f"Strike, day {n}" if n % 2 else f"Weather of day {n}",
        )
        is Why.STORY
    )


def test_first_line_of_a_column_stays() -> None:
    assert (
        judged(
            LINE,
            lambda n: [LINE, own(n)] if n % 2 else [own(n), own(n, 1)],
            authors=lambda n: ("Ada Quill",) if n % 2 else (f"Writer {n}",),
        )
        is Why.WRITER
    )


def test_first_line_of_a_column_without_names_stays() -> None:
    assert judged(LINE, lambda n: [LINE, own(n)] if n % 2 else [own(n), own(n, 1)], authors=lambda n: ()) is Why.FIRST


def test_first_line_on_a_site_that_is_one_column_stays() -> None:
    assert (
        judged(LINE, lambda n: [LINE, own(n)], authors=lambda n: ("Ada Quill",), section=lambda n: "Garden")
        is Why.FIRST
    )


def test_note_about_the_writer_below_the_text_goes() -> None:
    assert (
        judged(
            LINE,
            lambda n: [own(n), LINE] if n % 2 else [own(n)],
            authors=lambda n: ("Ada Quill",) if n % 2 else (f"Writer {n}",),
        )
        is Why.GOES
    )


@pytest.mark.parametrize("line", ["PORT CASTANA (NTA)", "Harbour city", HEADER])
def test_date_line_above_the_text_stays(line: str) -> None:
    assert judged(line, lambda n: [line, own(n), own(n, 1)]) is Why.HEADING


def test_heading_of_a_live_blog_stays() -> None:
    assert judged(HEADER, lambda n: [own(n), HEADER, own(n, 1)] if n % 2 else [own(n), own(n, 1)]) is Why.HEADING


def test_heading_with_lists_below_it_stays() -> None:
    items = lambda n: [f"{n + 1} spoons of flour", f"{n + 2} large apples"]  # noqa: E731 - a table of lines
    assert judged("Ingredients for four", lambda n: [own(n), "Ingredients for four", *items(n)]) is Why.HEADING


def test_heading_of_a_box_goes_with_the_box() -> None:
    assert judged("Stay close to us", lambda n: [own(n), "Stay close to us", LINE, own(n, 1)]) is Why.GOES


def test_article_published_again_counts_once() -> None:
    """Its own paragraphs are on four pages, but on one article only."""
    copies = [lesson(n, [own(0), own(0, 1), own(n, 7)], title="The ferry sails") for n in range(4)]
    others = [lesson(n, [own(n), own(n, 1)]) for n in range(4, 9)]
    profile = site(*copies, *others)
    assert len(independent(profile.lessons)) == 6
    assert all(not one.goes for one in verdicts(profile))


def test_short_articles_under_a_long_footer_are_no_copies_of_each_other() -> None:
    footer = [f"{LINE} So it has been for {n} years, and so it will be." for n in range(4)]
    profile = site(*(lesson(n, [own(n), *footer]) for n in range(8)))
    assert [one.why for one in verdicts(profile)] == [Why.GOES] * 4


def test_line_that_is_always_taken_out_stays_learned() -> None:
    profile = site(*(again(n, LINE) for n in range(8)))
    found = verdict(profile, LINE)
    assert found is not None
    assert found.why is Why.FEW, "nobody has seen where it stands"
    kept = next(one for one in verdicts(profile, {found.key: Known(9, None, TAIL)}))
    assert (kept.why, kept.zones) == (Why.GOES, TAIL)
