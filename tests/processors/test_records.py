"""The types refuse what the wire format would lose in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from processors.base import Skip
from processors.records import Evidence, Hint, Origin, Reason, Revision, Step, TopicTag
from tests.builders import make_article, make_hint, make_origin, make_record

NAIVE = datetime(2024, 5, 1, 8, 30)  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize("field", ["published", "modified"])
@pytest.mark.parametrize("make", [make_article, make_hint])
def test_a_time_needs_a_zone(make, field):
    with pytest.raises(ValueError, match="time without a zone: '2024-05-01T08:30:00'"):
        make(**{field: NAIVE})


def test_the_times_of_origin_and_story_need_a_zone_too():
    with pytest.raises(ValueError, match="without a zone"):
        make_origin(fetched=NAIVE)
    with pytest.raises(ValueError, match="without a zone"):
        replace(make_record().story, first_seen=NAIVE)


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_score_is_a_fraction(score):
    """NaN would become null on the wire."""
    record = make_record()
    for scored in (TopicTag(topic="russia", score=1, evidence=()), record.dup, record.story):
        assert replace(scored, score=0).score == 0
        with pytest.raises(ValueError, match="from 0 to 1"):
            replace(scored, score=score)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", None, "title must be str, not NoneType"),
        ("text", b"bytes", "text must be str, not bytes"),
        ("url", 5, r"url must be str \| None, not int"),
        ("canonical_url", 5, "canonical_url must be"),
        ("summary", [], "summary must be"),
        ("language", 5, "language must be"),
        ("site", 5, "site must be"),
        ("image", 5, "image must be"),
        ("section", 5, "section must be"),
        ("authors", "Ada Quill", "authors must be tuple, not str"),
        ("authors", ["Ada Quill"], "authors must be tuple, not list"),
        ("authors", ("Ada", None), "each of authors must be str, not NoneType"),
        ("topics", ("russia",), "each of topics must be TopicTag, not str"),
        ("removed", ({"rule": "x"},), "each of removed must be Removal, not dict"),
    ],
)
def test_an_article_of_a_users_own_making_is_held_to_its_types(field, value, told):
    with pytest.raises(TypeError, match=told):
        make_article(**{field: value})


def test_what_may_be_absent_may_be_absent():
    article = make_article(
        url=None, canonical_url=None, summary=None, language=None, site=None, image=None, section=None, authors=()
    )

    assert article.url is None
    assert (Hint().title, Hint().authors, Revision().n) == (None, (), 1)
    assert Origin(mode=make_origin().mode).archive is None


def test_the_texts_are_kept_out_of_reprs():
    """A traceback or a log line with a whole page in it helps nobody."""
    assert "Gangway" not in repr(make_hint(content="<p>Gangway</p>"))
    assert "Tickets are sold" not in repr(make_record())


def test_evidence_of_the_builder_holds():
    article = make_article()
    evidence = article.topics[0].evidence[0]

    assert isinstance(evidence, Evidence)
    assert getattr(article, evidence.field)[evidence.start : evidence.end] == evidence.phrase


def test_the_closed_lists():
    """What stands here is in published records: a value may be added, none may go."""
    assert {reason.value for reason in Reason} >= {
        *("duplicate", "empty", "filtered", "http-status", "no-text", "not-html", "revisit", "too-large"),
        *("backlog", "bot-challenge", "consent-wall", "index-page", "paywall", "reserved", "robots", "soft-404"),
        *("gone", "other-article", "unchanged", "unreachable", "video-page"),
    }
    assert {step.value for step in Step} >= {"read", "extract", "process", "deliver"}


def test_a_reason_of_ones_own_is_refused_where_it_is_raised():
    """It would be delivered, and then no reader could decode it."""
    assert Skip("filtered").reason is Reason.FILTERED
    with pytest.raises(ValueError, match="too-boring"):
        Skip("too-boring")
