from __future__ import annotations

import random
from datetime import timedelta

import pytest

from processors.records import Revision
from processors.stories.linker import Linker
from tests.processors.stories.newsroom import prose, record, weather

TITLE = "Alderney ferry sold to Mallory"
TEXT = prose(random.Random(1), 12, "Alderney", "Mallory")
SENTENCES = TEXT.split(". ")


def dup_of(*records):
    """What the last of them is a copy of."""
    linker = Linker()
    return [linker.link(one) for one in records][-1].dup


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        pytest.param(TITLE, TEXT, "exact", id="the same"),
        pytest.param("A boat changes hands", TEXT, "exact", id="another headline"),
        pytest.param(TITLE, ". ".join(SENTENCES[:4]), "contained", id="cut"),
        pytest.param(TITLE, TEXT + " " + prose(random.Random(2), 12), "contains", id="continued"),
        pytest.param(TITLE, TEXT.replace(". ", ".\n"), "exact", id="other paragraphs"),
        pytest.param(
            TITLE, "Follow us for more news.\n" + TEXT + "\nAll rights reserved, 24/7.", "near", id="boilerplate"
        ),
        pytest.param(TITLE, ". ".join(SENTENCES[6:] + SENTENCES[:6]), "near", id="other order"),
        pytest.param(TITLE, TEXT.replace("where", "at a place where", 3), "near", id="edited"),
        pytest.param(TITLE, TEXT.upper().replace("'", "’"), "exact", id="letters"),
    ],
)
def test_a_copy_is_told(title, text, kind) -> None:
    dup = dup_of(record("a", TITLE, TEXT), record("b", title, text, 5))

    assert dup is not None
    assert (dup.copy_of, dup.kind) == ("a", kind)
    assert 0.45 <= dup.score <= 1


def test_copies_of_copies_name_the_earliest() -> None:
    """Also where what a copy has in common with the first is not in its own words."""
    first, cut = record("a", TITLE, TEXT), record("b", TITLE, ". ".join(SENTENCES[:5]), 1)
    longer = record("c", TITLE, ". ".join(SENTENCES[:5]) + ". " + prose(random.Random(3), 20), 2)

    assert dup_of(first, cut, longer).copy_of == "a"


@pytest.mark.parametrize("seed", range(8))
def test_a_form_filled_in_twice_is_no_copy(seed) -> None:
    dice = random.Random(seed)

    assert dup_of(record("a", *weather(dice)), record("b", *weather(dice), 3)) is None


def test_an_obituary_of_another_is_no_copy() -> None:
    form = (
        "{} passed away peacefully on Monday, surrounded by family. {} worked for many years in the local community "
        "and will be remembered for kindness and a sense of humour. A memorial service will be held at the harbour "
        "church, and in place of flowers the family asks for gifts to the lifeboat."
    )
    one, other = form.format("Ada Quill", "Quill"), form.format("Ben Osgood", "Osgood")

    assert dup_of(record("a", "Ada Quill, teacher", one), record("b", "Ben Osgood, mayor", other, 2)) is None


def test_one_title_with_another_name_in_it_is_no_copy() -> None:
    text = "The fund sets its monthly payout. It is payable on the last day of the month to holders of record, and was "
    text += "the same in the month before, the company said in a statement to its holders."

    assert (
        dup_of(
            record("a", "Harbour fund sets payout", text),
            record("b", "Orchard fund sets payout", text + " It ended.", 1),
        )
        is None
    )


def test_after_two_days_it_is_no_copy() -> None:
    assert dup_of(record("a", TITLE, TEXT), record("b", TITLE, TEXT, 37)) is None
    assert dup_of(record("a", TITLE, TEXT), record("b", TITLE, TEXT, 35)) is not None


def test_what_comes_late_goes_by_its_own_time() -> None:
    """A backfill of last month is no copy of today's, nor is today's of what was published two days later."""
    assert dup_of(record("a", TITLE, TEXT), record("b", TITLE, TEXT, -700)) is None
    assert dup_of(record("a", TITLE, TEXT), record("b", TITLE, TEXT, -20)).copy_of == "a"


def test_a_new_state_of_an_article_is_no_copy_of_it() -> None:
    """Nor of what was copied from its earlier state."""
    first, copied = record("a", TITLE, TEXT), record("b", TITLE, TEXT, 1)
    again = record("a", TITLE, TEXT + " More.", 2, revision=Revision(n=2))

    assert dup_of(first, again) is None
    assert dup_of(first, copied, again) is None


def test_few_words_are_a_copy_only_if_they_are_the_same() -> None:
    few = "The ferry sails twice a day, the harbour master said."

    assert dup_of(record("a", TITLE, few), record("b", "Boats", few, 1)).kind == "exact"
    assert dup_of(record("a", TITLE, few), record("b", TITLE, few + " It rains.", 1)) is None
    assert dup_of(record("a", TITLE, "No comment."), record("b", TITLE, "No comment.", 1)) is None


def test_chinese_copies_go_by_characters() -> None:
    text = "港口管理局周一表示，连接两岸的渡轮将从下月起每天开行两班，船票在码头出售，老人和儿童半价，遇大风天气停航。"

    dup = dup_of(record("a", "渡轮复航", text, language="zh"), record("b", "渡轮", text[:38], 2, language="zh"))

    assert (dup.copy_of, dup.kind) == ("a", "contained")


def test_a_record_without_a_time_has_that_of_the_last() -> None:
    linker = Linker()
    linker.link(record("a", TITLE, TEXT, 100))
    later = record("b", TITLE, TEXT)
    bare = later.__class__(id="b", article=later.article, origin=later.origin.__class__(mode="replay"), fingerprint={})

    links = linker.link(bare)

    assert links.dup is not None
    assert links.story.first_seen - record("a", TITLE, TEXT).origin.fetched == timedelta(hours=100)
