"""Which pages may become one article, and so go to one worker."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ingest.routing import handed_on, key_of, page_item
from ingest.worker import outcome_of
from processors.boilerplate.rules import LineRules
from processors.chain import Chain
from processors.extract.extractor import Extract
from processors.given import ReadGiven
from processors.identity import site_of
from processors.records import Form, Mode, Origin, Page, Reason, Record, Skipped
from sinks.base import Kind
from sinks.codec import CodecError, decode_whole_page
from tests.ingest.newsroom import html

ORIGIN = Origin(mode=Mode.RUN)


def page(body: str | bytes, form: Form = Form.HTML, url: str | None = None, **more: object) -> Page:
    body = body.encode() if isinstance(body, str) else body
    return Page(form=form, body=body, origin=ORIGIN, url=url, **more)  # type: ignore[arg-type] # the test's own


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.gazette.example/a", "gazette.example"),
        ("http://amp.gazette.example:8080/a?b", "gazette.example"),
        ("https://news.bbc.co.uk/1", "bbc.co.uk"),
        ("http://127.0.0.1:8001/a", "127.0.0.1:8001"),
        ("http://[::1]:8001/a", "[::1]:8001"),
        ("ftp://gazette.example/a", None),
        (None, None),
    ],
)
def test_a_site_is_its_registrable_domain(url: str | None, site: str | None) -> None:
    assert site_of(url) == site


def test_pages_of_one_site_stay_together() -> None:
    """Whatever host of it they come from: each may name the other as its canonical address."""
    assert key_of(page("", url="https://www.gazette.example/1")) == key_of(page("", url="http://m.gazette.example/2"))
    line = json.dumps({"url": "https://www.gazette.example/3", "html": "<p>"})
    assert key_of(page(line, Form.LINE)) == "gazette.example"
    assert key_of(page("<p>", Form.CARRIED, url="https://gazette.example/4")) == "gazette.example"


def test_pages_that_become_one_article_have_one_key() -> None:
    """Of saved pages, texts and records, those that the chain gives the same id."""
    rules = LineRules.load(())
    chain = Chain(readers={Form.HTML: Extract(rules=rules), Form.GIVEN: ReadGiven(rules)}, steps=(), fingerprint={})
    canonical = '<link rel="canonical" href="https://gazette.example/5"></head>'
    saved = page(html(1).replace("</head>", canonical))
    twin = page(html(2).replace("</head>", "<META content='https://gazette.example/5' property=og:url></head>"))
    fetched = page(html(3), url="https://gazette.example/5")
    given = [page(json.dumps({"id": 7, "title": f"A {n}", "text": "It left."}), Form.LINE) for n in (1, 2)]
    untold = [page(json.dumps({"title": "A", "text": text}), Form.LINE) for text in ("It left.", " It  left. ")]
    for pages in ((saved, twin, fetched), given, untold):
        ids = {outcome.id for each in pages if isinstance(outcome := outcome_of(chain, each), Record)}
        assert len(ids) == 1
        assert len({key_of(each) for each in pages}) == 1
    record = outcome_of(chain, fetched)
    assert isinstance(record, Record)


def test_what_has_no_address_is_spread() -> None:
    keys = {key_of(page(f"\n  Notice {n}\n\nThe ferry left.", Form.COPIED)) for n in range(50)}
    assert len(keys) == 50
    assert key_of(page("\ufeff{broken", Form.LINE)) != key_of(page("", Form.LINE))


def test_a_page_crosses_as_it_is() -> None:
    for body in (b"<p>caf\xc3\xa9</p>", b"\xff\xfe\x00", b"\x00" * 3000, b""):
        sent = page(body, url="https://gazette.example/1", content_type="text/html; charset=utf-8")
        item = page_item(sent)
        assert item.kind is Kind.PAGE
        assert decode_whole_page(item.body) == sent
        assert len(item.body) < len(body) * 1.4 + 700, "never much larger than in base64"


def test_a_line_of_something_else_is_no_page() -> None:
    for body in (b"{}", b"{", b'{"schema": 1, "page": true}', b'{"schema": 1, "page": 1, "input": {}}'):
        with pytest.raises(CodecError):
            decode_whole_page(body)


def test_what_was_decided_by_reading_alone_is_handed_on_as_that() -> None:
    skipped = Skipped(origin=ORIGIN, url=None, reason=Reason.ROBOTS)
    content, item = handed_on(None, skipped)  # type: ignore[arg-type] # no connection is needed
    assert content is skipped
    assert item.kind is Kind.SKIPPED
    assert replace(skipped, detail="x") != skipped
