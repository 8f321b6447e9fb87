"""What is different between two states of an article, told in lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ingest.changes import SHOWN, changes
from processors.records import Article, Evidence, Failed, Mode, Origin, Reason, Record, Removal, Skipped, Step, TopicTag
from processors.topics import definitions
from processors.topics.tag import TagTopics

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
BEFORE = Article(
    title="The bridge",
    text="The mayor counted the stones of the bridge on Monday.\nFollow us on our channels.\nWork begins in spring.",
    authors=("A. Mason", "B. Carter"),
    published=NOON,
    removed=(Removal(rule="share", text="Share this."),),
)


@pytest.fixture(scope="module")
def tagger() -> TagTopics:
    return TagTopics(definitions.load(["china"]))


def told(tagger: TagTopics, before: Article = BEFORE, **after: Any) -> dict[str, list[str]]:
    record = Record(id="a", article=replace(before, **after), origin=Origin(mode=Mode.REPLAY), fingerprint={})
    return dict(changes(before, record, tagger))


def test_what_stays_says_nothing(tagger: TagTopics) -> None:
    assert told(tagger) == {}


def test_fields_are_told_as_they_were_and_are(tagger: TagTopics) -> None:
    found = told(tagger, title="The old bridge", authors=(), published=NOON + timedelta(hours=1), language="en")
    assert found == {
        "title": ["~ title [The bridge], now [The old bridge]"],
        "authors": ["- authors [A. Mason, B. Carter]"],
        "published": ["~ published [2024-05-01T12:00:00+00:00], now [2024-05-01T13:00:00+00:00]"],
        "language": ["+ language [en]"],
    }


def test_the_same_moment_in_another_zone_is_another_date(tagger: TagTopics) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=2)))
    assert told(tagger, published=there)["published"] == [
        "~ published [2024-05-01T12:00:00+00:00], now [2024-05-01T14:00:00+02:00]"
    ]


def test_a_line_that_goes_is_shown_between_its_neighbours_with_its_rule(tagger: TagTopics) -> None:
    first, gone, last = BEFORE.text.split("\n")
    removed = (*BEFORE.removed, Removal(rule="follow-us", text=gone))
    found = told(tagger, text=f"{first}\n{last}", removed=removed)
    assert found == {
        "text": [
            "~ text of 103 characters, now 76",
            "  … nted the stones of the bridge on Monday.",
            "  - [Follow us on our channels.] removed by follow-us",
            "  Work begins in spring. …",
        ]
    }


def test_of_a_line_that_changed_the_part_that_did_is_shown(tagger: TagTopics) -> None:
    long = f"{'In the beginning there was a bridge. ' * 9}Ten stones fell. {'Nobody was hurt in the valley. ' * 9}"
    found = told(tagger, replace(BEFORE, text=long), text=long.replace("Ten", "Twelve"))["text"]
    assert len(found) == 3
    assert found[1].startswith("  - […")
    assert "bridge. Ten stones fell." in found[1]
    assert found[2].startswith("  + […")
    assert "bridge. Twelve stones fell." in found[2]
    assert max(map(len, found)) < 120


def test_many_changes_are_cut_short_and_huge_texts_are_not_compared(tagger: TagTopics) -> None:
    lines = [f"Stone {n} lies here." if n % 2 else f"Plank {n}." for n in range(60)]
    found = told(tagger, replace(BEFORE, text="\n".join(lines)), text="\n".join(lines[1::2]))["text"]
    assert sum(line.startswith("  - ") for line in found) == SHOWN
    assert found[-1] == f"  and {30 - SHOWN} other lines"
    many = "\n".join(f"Stone {n}." for n in range(3000))
    assert len(told(tagger, replace(BEFORE, text=many), text=f"{many}\nOne more.")["text"]) == 1


def test_other_receipts_alone_are_told(tagger: TagTopics) -> None:
    found = told(tagger, removed=(Removal(rule="social", text="Share this."),))
    assert found == {
        "removed": [
            "~ removed, by other rules or with other receipts",
            "  - share: [Share this.]",
            "  + social: [Share this.]",
        ]
    }


def test_a_topic_whose_phrases_only_moved_is_no_change(tagger: TagTopics) -> None:
    tag = TopicTag(topic="china", score=0.9, evidence=(Evidence(field="text", phrase="China", start=0, end=5),))
    moved = replace(tag, evidence=(Evidence(field="text", phrase="China", start=4, end=9),))
    before = replace(BEFORE, topics=(tag,))
    assert told(tagger, before, topics=(moved,)) == {}
    assert told(tagger, before, topics=())["-china"][0] == "- china 0.9000, now no phrase of it"
    assert told(tagger, before, topics=(replace(moved, score=0.8),))["~china"] == ["~ china 0.9000, now 0.8000"]


def test_what_would_be_no_record_any_more(tagger: TagTopics) -> None:
    origin = Origin(mode=Mode.REPLAY)
    skipped = Skipped(origin=origin, url=None, reason=Reason.PAYWALL)
    failed = Failed(origin=origin, url=None, step=Step.EXTRACT, error="over\ntime")
    assert dict(changes(BEFORE, skipped, tagger)) == {"skipped": ["would be skipped (paywall): "]}
    assert dict(changes(BEFORE, failed, tagger)) == {"dead letters": ["would be a dead letter: over time"]}
