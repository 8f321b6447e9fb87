from __future__ import annotations

import random

import pytest

from processors.records import Revision
from processors.stories.clusters import SPAN
from processors.stories.linker import METHOD, Linker
from processors.stories.rolling import is_rolling
from tests.processors.stories.newsroom import MORNING, prose, record, weather

FIRST = ("Dam above Halvik bursts, village evacuated", "The dam above Halvik burst on Sunday night after days of rain.")
SECOND = ("Halvik dam burst: rescuers reach the village", "Rescuers reached Halvik on Monday after its dam had burst.")
OTHER = (
    "Tramway strike ends in Corvane",
    "Drivers of the Corvane tramway went back to work after an agreement on pay.",
)


def stories(*records):
    linker = Linker()
    return [linker.link(one).story for one in records]


def test_accounts_of_one_event_are_one_story() -> None:
    first, other, second = stories(record("a", *FIRST), record("b", *OTHER, 1), record("c", *SECOND, 2))

    assert first.id == second.id != other.id
    assert (first.size, second.size, other.size) == (1, 2, 1)
    assert second.first_seen == MORNING
    assert (first.score, second.method) == (1.0, METHOD)
    assert 0 < second.score < 1


def test_a_storys_id_is_made_of_its_first_record_alone() -> None:
    alone = stories(record("a", *FIRST))[0]
    among = stories(record("x", *OTHER), record("y", *weather(random.Random(1)), 1), record("a", *FIRST, 2))[-1]

    assert alone.id == among.id


def test_a_copy_is_of_its_originals_story_whatever_its_headline() -> None:
    text = prose(random.Random(4), 10, "Alderney", "Sefton")

    one, two = stories(record("a", "Alderney bridge sold", text), record("b", "Xylophones", text, 20))

    assert one.id == two.id
    assert two.score == 1.0


def test_a_new_state_of_an_article_stays_in_its_story() -> None:
    first, again = stories(record("a", *FIRST), record("a", *OTHER, 3, revision=Revision(n=2)))

    assert first.id == again.id
    assert again.size == 2


def test_a_story_ends_after_a_day_without_news_and_after_a_week_with() -> None:
    assert len({story.id for story in stories(record("a", *FIRST), record("b", *SECOND, 25))}) == 2
    long = stories(*(record(f"a{n}", *(FIRST, SECOND)[n % 2], n * 20.0) for n in range(12)))

    assert len({story.id for story in long}) == 2
    assert all(story.id == long[0].id for n, story in enumerate(long) if n * 20 * 3_600 <= SPAN)


@pytest.mark.parametrize("seed", range(6))
def test_a_form_filled_in_twice_is_no_story(seed) -> None:
    dice = random.Random(seed)
    one, two = stories(record("a", *weather(dice)), record("b", *weather(dice), 2))

    assert one.id != two.id


def test_tables_with_other_numbers_are_no_story() -> None:
    form = "Shr {} cts vs {} cts Net {} vs {} Sales {} mln vs {} mln Qtr net {} vs {}"
    one, two = (form.format(*(random.Random(n).randint(100, 9_999) for _ in range(8))) for n in (1, 2))

    first, second = stories(
        record("a", "Harbour Inc 4th qtr net", one), record("b", "Orchard Corp 4th qtr net", two, 1)
    )

    assert first.id != second.id


def test_a_rolling_page_joins_a_story_but_begins_none() -> None:
    live = ("Live: dam above Halvik bursts", "The dam above Halvik burst on Sunday night. Rescuers are on their way.")

    assert stories(record("a", *live)) == [None]
    first, joined, second = stories(record("a", *FIRST), record("b", *live, 1), record("c", *SECOND, 2))
    assert first.id == joined.id == second.id


@pytest.mark.parametrize(
    ("title", "rolling"),
    [
        ("Live: election results come in", True),
        ("The Latest: teams arrive for the opening", True),
        ("Storm Ada – latest updates", True),
        ("What we know about the dam", True),
        ("Evening briefing: five stories", True),
        ("Coupe du monde, minute par minute", True),
        ("直播：开幕式", True),
        ("Band plays live in the harbour", False),
        ("Where to live in Corvane", False),
        ("Latest ferry is the largest", False),
        ("People who lived through it", False),
    ],
)
def test_rolling_pages_are_known_by_their_titles(title, rolling) -> None:
    assert is_rolling(title) is rolling


def test_languages_are_kept_apart() -> None:
    one, two = stories(record("a", FIRST[0], ""), record("b", FIRST[0], "", 1, language="de"))

    assert one.id != two.id


def test_inflected_headlines_find_each_other() -> None:
    one, two = stories(
        record("a", "Плотина над Хальвиком прорвана", "", language="ru"),
        record("b", "Прорыв плотины: жители Хальвика спасены", "", 1, language="ru"),
    )

    assert one.id == two.id


def test_chinese_headlines_find_each_other() -> None:
    one, two = stories(
        record("a", "哈尔维克水坝决堤 村民连夜撤离", "", language="zh"),
        record("b", "救援人员抵达哈尔维克 水坝决堤", "", 1, language="zh"),
    )

    assert one.id == two.id


def test_two_stories_that_turn_out_to_be_one_are_merged_into_the_older() -> None:
    """It is announced once; what was published stays, and later members are of the older."""
    linker = Linker()
    title, text = "Halvik dam bursts", "halvik dam village river"
    links = [
        linker.link(record("a", title, f"{text} alpha bravo charlie delta echo foxtrot golf hotel 11 12 13 14")),
        linker.link(record("b", f"{title} again", f"alpha bravo charlie delta echo {text} 91 92 93 94", 1)),
        linker.link(record("c", f"{title} now", f"{text} today", 2)),
        linker.link(record("d", title, text + " later", 3)),
    ]
    first, second = links[0].story.id, links[1].story.id
    merges = [(link.story.id, link.story.merged) for link in links if link.story.merged is not None]

    assert first != second
    assert merges == [(first, second)]
    assert links[2].story.id == links[3].story.id == first
    assert links[2].story.size == 3
