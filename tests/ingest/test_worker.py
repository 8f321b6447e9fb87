"""A worker's own part, in this process: what a line holds, and that no page ends it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingest.config import load
from ingest.recipe import Recipe
from ingest.worker import chain_of, outcome_of
from processors.records import (
    ArchiveRef,
    Failed,
    Form,
    Hint,
    Mode,
    Origin,
    Outcome,
    Page,
    Reason,
    Record,
    Skipped,
    Step,
    TextSource,
)
from sinks.codec import decode_page, encode_failed, encode_page_header, encode_record
from tests.ingest.newsroom import html, line

if TYPE_CHECKING:
    from processors.chain import Chain

MISSING = (
    "<html><head><title>Page not found</title></head><body><h1>Page not found</h1><p>Try a search.</p></body></html>"
)
ORIGIN = Origin(mode=Mode.REPLAY, archive=ArchiveRef(file="in.jsonl", offset=12))


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_of(Recipe(config=load(None, {}), topics=("china",)))


def read(chain: Chain, body: str | bytes) -> Outcome:
    raw = body.encode() if isinstance(body, str) else body
    return outcome_of(chain, Page(form=Form.LINE, body=raw, origin=ORIGIN))


def test_a_line_of_text_is_a_record_with_the_documents_id(chain: Chain) -> None:
    outcome = read(chain, line(1))
    assert isinstance(outcome, Record)
    assert (outcome.article.title, outcome.origin.document_id) == ("Notice 1", "line-1")


def test_a_line_of_html_is_extracted(chain: Chain) -> None:
    outcome = read(chain, json.dumps({"html": html(3), "url": "https://gazette.example/3"}))
    assert isinstance(outcome, Record)
    assert outcome.article.title == "Bridge report 3"


def test_a_record_read_again_keeps_its_key_and_revision(chain: Chain) -> None:
    first = read(chain, line(1))
    assert isinstance(first, Record)
    again = read(chain, encode_record(first))
    assert again == first


def test_a_line_that_holds_nothing_is_empty(chain: Chain) -> None:
    outcome = read(chain, '{"text": ""}')
    assert isinstance(outcome, Skipped)
    assert outcome.reason is Reason.EMPTY


@pytest.mark.parametrize("body", ["{", "[]", '{"text": 1}', '{"id": true, "text": "x"}', "{}", b"\xff", "[" * 100_000])
def test_a_line_that_cannot_be_read_is_a_dead_letter_that_holds_it(chain: Chain, body: str | bytes) -> None:
    outcome = read(chain, body)
    assert isinstance(outcome, Failed)
    assert outcome.step is Step.READ
    assert outcome.error.startswith("in.jsonl: at byte 12: ")
    assert outcome.page is not None
    assert outcome.page.form is Form.LINE


def test_a_dead_letter_read_again_is_its_input_read_again(chain: Chain) -> None:
    page = Page(form=Form.LINE, body=line(1).encode(), origin=ORIGIN)
    failed = Failed(origin=ORIGIN, url=None, step=Step.EXTRACT, error="slow", page=page)
    outcome = read(chain, encode_failed(failed))
    assert isinstance(outcome, Record)
    assert outcome.article.title == "Notice 1"


def test_a_page_of_a_feed_that_is_no_article_is_made_from_the_feed(chain: Chain) -> None:
    hint = Hint(
        title="The ferry sails", content="<p>Twice a day.</p>", url="https://gazette.example/ferry?utm_source=feed"
    )
    origin = Origin(mode=Mode.RUN, feed="https://gazette.example/feed.xml")
    page = Page(form=Form.HTML, body=MISSING.encode(), origin=origin, url="https://gazette.example/404", hint=hint)

    outcome = outcome_of(chain, page)

    assert isinstance(outcome, Record)
    assert (outcome.article.title, outcome.article.text) == ("The ferry sails", "Twice a day.")
    assert (outcome.article.text_source, outcome.origin.fallback) == (TextSource.FEED, Reason.SOFT_404)
    assert outcome.article.canonical_url == "https://gazette.example/ferry"
    assert outcome_of(chain, decode_page(encode_page_header(page), page.body)) == outcome


def test_a_page_of_no_feed_that_is_no_article_is_skipped(chain: Chain) -> None:
    outcome = outcome_of(chain, Page(form=Form.HTML, body=MISSING.encode(), origin=ORIGIN))

    assert isinstance(outcome, Skipped)
    assert outcome.reason is Reason.SOFT_404


def test_a_text_that_is_given_passes_no_gate(chain: Chain) -> None:
    outcome = read(
        chain, json.dumps({"title": "Page not found", "text": "This article is for subscribers only. Log in?"})
    )

    assert isinstance(outcome, Record)
    assert outcome.article.title == "Page not found"
