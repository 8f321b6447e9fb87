"""A record on a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.tail.display import Display
from processors.records import Copy, Evidence, Record, Revision, Story, TopicTag
from tests.builders import make_article, make_record


def record(**fields: Any) -> Record:
    plain = {
        "title": "A treaty",
        "summary": None,
        "text": "",
        "topics": (),
        "site": None,
        "language": None,
        "url": None,
    }
    return make_record(article=make_article(**plain | {"canonical_url": None} | fields))


def tag(topic: str, title: str, *phrases: str, field: str = "title") -> TopicTag:
    found = tuple(
        Evidence(field=field, phrase=phrase, start=(at := title.index(phrase)), end=at + len(phrase))
        for phrase in phrases
    )
    return TopicTag(topic=topic, score=0.5, evidence=found)


def shown(one: Record, *, colours: bool = True) -> str:
    return "\n".join(Display(colours=colours, topics=("north-korea", "russia")).lines(one))


def test_the_story_of_a_record_is_told_and_how_many_are_of_it() -> None:
    story = Story(id="5b1f09c2d7e8", score=1, size=3, first_seen=datetime(2026, 5, 1, tzinfo=UTC), method="s1")
    one = replace(record(), revision=Revision(n=1), dup=None)

    def facts(**fields: Any) -> str:
        return shown(replace(one, **fields), colours=False).splitlines()[0].partition("  ")[2]

    assert facts(story=replace(story, size=1)) == "story 5b1f09c2"
    assert facts(story=story, dup=Copy(copy_of="x", score=1, kind="exact")) == "story 5b1f09c2 (3)  copy"
    assert facts(story=replace(story, merged="9e8f7a6b5c")) == "story 5b1f09c2 (3)  with 9e8f7a6b"
    assert "\x1b" not in facts(story=replace(story, id="\x1b[2Jx"))


def test_evidence_is_bold_in_the_colour_of_its_topic() -> None:
    title = "Moscow and Pyongyang sign"
    topics = (tag("north-korea", title, "Pyongyang"), tag("russia", title, "Moscow"))
    text = shown(record(title=title, topics=topics))
    assert "\x1b[1;33mMoscow\x1b[0m and \x1b[1;36mPyongyang\x1b[0m sign" in text
    assert "\x1b[1;36mnorth-korea 0.50\x1b[0m" in text


def test_evidence_within_evidence_is_shown_once() -> None:
    title = "The North Korean army"
    text = shown(record(title=title, topics=(tag("north-korea", title, "North Korea", "North Korean"),)))
    assert "The \x1b[1;36mNorth Korean\x1b[0m army" in text


def test_evidence_behind_the_cut_and_wrong_offsets_do_no_harm() -> None:
    """Offsets come out of a file that anybody may have written."""
    wrong = TopicTag(
        topic="russia",
        score=1,
        evidence=tuple(
            Evidence(field="text", phrase="x", start=start, end=end)
            for start, end in [(-5, 3), (9, 2), (0, 10**9), (5, 5)]
        ),
    )
    assert "word " * 3 in shown(record(text="word " * 100, topics=(wrong, tag("china", "word Z", "Z", field="text"))))


def test_the_summary_is_shown_and_without_one_how_the_text_begins() -> None:
    assert "  The dek." in shown(record(summary="The dek.", text="The text."), colours=False).split("\n")
    long = shown(record(text="First.\n" + "and so on " * 100), colours=False).split("\n")
    assert long[2].startswith("  First. and so on")
    assert long[2].endswith("…")
    assert len(long[2]) < 260


HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202egnp.exe\u2066\u200e\u2028\ufeff\x00\x7f"


@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize("field", ["title", "summary", "text", "site", "language", "url", "canonical_url", "topic"])
def test_whatever_a_feed_says_cannot_move_the_cursor_or_the_direction(field: str, colours: bool) -> None:
    fields = {field: f"before{HOSTILE}after"}
    if field == "topic":
        fields = {"topics": (TopicTag(topic=HOSTILE, score=1, evidence=()),)}
    text = shown(record(**fields), colours=colours)
    if colours:
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert text.count("\n") <= 3


def test_later_revisions_are_told() -> None:
    assert "revision" not in shown(make_record(revision=Revision(n=1)))
    assert "revision 2" in shown(make_record())
