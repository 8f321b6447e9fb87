"""What an article teaches about its site."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from processors.profiles.lessons import HEADING, MAX_LINES, OTHER, PROSE, key_of, lesson_of, words_of
from processors.profiles.stored import lesson_from_json, lesson_to_json
from processors.records import TextSource
from tests.processors.profiles.articles import BEGAN, HOST, lesson, own, record


def test_lesson_names_site_article_time_and_what_tells_it_apart() -> None:
    taught, texts = lesson(3, ["A short heading", own(3), "Nothing of note followed then."])
    assert (taught.host, taught.article) == (HOST, "record-3")
    assert taught.time == int((BEGAN + timedelta(days=3)).timestamp())
    assert taught.words == ("railway", "number")
    assert (taught.author, taught.section) == ("writer 3", "city")
    assert [line.kind for line in taught.lines] == [HEADING, PROSE, OTHER]
    assert texts[taught.lines[1].key] == own(3)


def test_section_is_the_first_folder_where_the_page_names_none() -> None:
    assert lesson(1, [own(1)], section=None)[0].section == "city"
    assert lesson(1, [own(1)], section=None, url=f"https://{HOST}/1.html")[0].section == ""


def test_time_is_never_after_the_fetch() -> None:
    late = record(3, [own(3)])
    early = replace(late, origin=replace(late.origin, fetched=BEGAN))
    taught = lesson_of(early)
    assert taught is not None
    assert taught[0].time == int(BEGAN.timestamp())


@pytest.mark.parametrize(
    "fields", [{"url": None}, {"text_source": TextSource.ARCHIVE}, {"text_source": TextSource.FEED}]
)
def test_article_without_a_page_or_a_site_teaches_nothing(fields: dict[str, object]) -> None:
    assert lesson_of(record(1, [own(1)], **fields)) is None


def test_line_is_known_by_its_words_not_by_its_looks() -> None:
    assert key_of("“Join  the Gazette” today") == key_of('"join the gazette" TODAY')
    assert key_of("Join the Gazette") != key_of("Join the Herald")


@pytest.mark.parametrize("line", ["", "***", "Yes, I do.", "12 | 14 | 19", "x" * 2001])
def test_line_too_short_or_too_long_has_no_key(line: str) -> None:
    assert key_of(line) == ""


def test_few_ideograms_are_enough_for_a_key() -> None:
    assert key_of("港口日报出版")


def test_long_article_is_looked_at_from_both_ends() -> None:
    taught, _ = lesson(1, [own(1, part) for part in range(500)])
    assert len(taught.lines) == MAX_LINES
    assert taught.lines[-1].key == key_of(own(1, 499))


def test_words_of_a_title_in_a_script_without_spaces_are_pairs() -> None:
    assert words_of("港口日报") == ("港口", "口日", "日报")


def test_lesson_can_be_kept() -> None:
    taught, texts = lesson(2, ["A short heading", own(2)])
    assert lesson_from_json(lesson_to_json(taught, dict(texts))) == (taught, texts)


def test_lesson_of_another_layout_is_forgotten() -> None:
    assert lesson_from_json("[99, [], {}]") is None
