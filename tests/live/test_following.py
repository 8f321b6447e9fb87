"""What a later look at a page brought, held against what was published: no more than the article's own state counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.live.following import Following
from ingest.live.source import LiveSource
from ingest.schedule.visiting import Visiting
from ingest.visits import Known, Visit
from processors.records import Reason, Record, Skipped
from tests.builders import make_article, make_origin, make_page, make_record, make_skipped

if TYPE_CHECKING:
    from processors.records import Outcome

TEXT = "The ferry sails twice a day. " * 20
VISIT = Visit(
    id=7,
    record="a",
    host="news.example:80",
    first=0,
    due=0,
    gone=None,
    known=Known("http://news.example/a", None, None, None),
    size=len(TEXT),
    carried=make_page(body=b""),
)


def judged(outcome: Outcome | None, visit: Visit | None = VISIT) -> Outcome | None:
    source = LiveSource(lambda: None, keeping=True)
    source.offer(-7, make_page(), None, visit)
    visiting = Visiting(after=(), gone_confirm=0)
    return Following(source=source, visiting=visiting, most=1, now=lambda: 0.0).judged(outcome, -7)


def record(text: str = TEXT, key: str = "a", *, paywalled: bool | None = None) -> Record:
    article = make_article(text=text, paywalled=paywalled, topics=())
    return make_record(id=key, article=article, origin=make_origin(fallback=None))


@pytest.mark.parametrize(
    "outcome", [record(), record(TEXT[:40]), record(TEXT[:-29], paywalled=True), make_skipped(), None]
)
def test_the_article_in_another_state_counts_even_if_much_was_taken_out(outcome: Outcome | None) -> None:
    """A note in the place of a text that was taken back is what a reader wants to see."""
    assert judged(outcome) == outcome


def test_a_page_that_is_not_free_to_read_and_shows_less_than_half_is_a_paywall() -> None:
    found = judged(record(TEXT[:40], paywalled=True))

    assert isinstance(found, Skipped)
    assert (found.reason, found.detail) == (Reason.PAYWALL, None)


def test_another_article_is_none_of_this_one() -> None:
    found = judged(record(key="b"))

    assert isinstance(found, Skipped)
    assert (found.reason, found.detail) == (Reason.OTHER_ARTICLE, "a")


def test_what_the_feed_carries_does_not_stand_in_at_a_later_look() -> None:
    instead = record("In short.")
    instead = replace(instead, origin=replace(instead.origin, fallback=Reason.CONSENT_WALL))
    found = judged(instead)

    assert isinstance(found, Skipped)
    assert (found.reason, found.origin.fallback) == (Reason.CONSENT_WALL, None)


def test_at_a_first_visit_it_does() -> None:
    instead = record("In short.", key="b", paywalled=True)
    instead = replace(instead, origin=replace(instead.origin, fallback=Reason.CONSENT_WALL))

    assert judged(instead, visit=None) is instead
