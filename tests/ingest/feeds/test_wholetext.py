"""Entries that carry the whole text, and the page that stands for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ingest.feeds import Entry, carries_text, hint_of, page_of
from processors.boilerplate import LineRules
from processors.carried import ReadCarried
from processors.records import Form, Mode, TextSource
from tests.ingest.feeds.samples import SEEN, item, read, rss

SENTENCE = "The ferry crossed the bay at noon with every seat taken. "


@pytest.mark.parametrize(
    ("content", "carried"),
    [
        pytest.param(None, False, id="nothing"),
        pytest.param(f"<p>{SENTENCE * 3}</p>", False, id="a description"),
        pytest.param(f"<p>{SENTENCE * 12}</p>", True, id="an article"),
        pytest.param("<p>x</p>" + "<img src='x'>" * 200, False, id="pictures"),
        pytest.param(f"<script>{SENTENCE * 20}</script>", False, id="a script"),
        pytest.param(f"<p>{SENTENCE * 12}</p><p><a href='/1'>Read more</a></p>", False, id="read more"),
        pytest.param(
            f"<p>{SENTENCE * 12}</p><a href='/1'>Continue reading on Harbour News »</a>", False, id="continue"
        ),
        pytest.param(f"<p>{SENTENCE * 12}</p><a href='/1'>Weiterlesen …</a>", False, id="German"),
        pytest.param(f"<p>{SENTENCE * 12}</p><a href='/1'>Читать далее</a>", False, id="Russian"),
        pytest.param(f"<p>{'港口今天重新开放。' * 100}</p><a href='/1'>阅读全文</a>", False, id="Chinese"),
        pytest.param(f"<p>{SENTENCE * 12} [&#8230;]</p>", False, id="dots in brackets"),
        pytest.param(
            f"<p>{SENTENCE * 12} [&#8230;]</p><p>The post <a>Ferry</a> appeared first on <a>Harbour News</a>.</p>",
            False,
            id="dots behind a footer",
        ),
        pytest.param(
            f"<p>{SENTENCE * 12}</p><p>The post <a>Ferry</a> appeared first on <a>Harbour News</a>.</p>",
            True,
            id="a footer",
        ),
        pytest.param(f"<p>{SENTENCE * 12} Those who read more live longer, the study found.</p>", True, id="prose"),
    ],
)
def test_whole_texts_are_told_from_excerpts(content: str | None, carried: bool):
    assert carries_text(Entry(key="k", content=content)) is carried


def test_a_page_holds_the_content_and_the_hint_the_rest():
    whole = f"<content:encoded><![CDATA[<p>{SENTENCE}</p><img src='b.jpg'>]]></content:encoded>"
    said = "<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><dc:creator>Ada Quay</dc:creator>"
    more = f"<description>Back.</description>{said}{whole}"
    feed = read(rss(item(title="Port &amp; town", more=more), head="<language>en</language>"))

    page = page_of(feed.entries[0], feed)

    assert (page.form, page.text_source, page.url) == (Form.CARRIED, TextSource.FEED, "https://harbour.example/1")
    assert (page.origin.mode, page.origin.feed, page.origin.fetched) == (Mode.RUN, feed.url, SEEN)
    assert page.hint.published == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert (page.hint.title, page.hint.summary) == ("Port & town", "Back.")
    assert (page.hint.authors, page.hint.language) == (("Ada Quay",), "en")
    assert page.hint.url == "https://harbour.example/1"
    base = '<base href="https://harbour.example/news/feed.xml">\n'
    assert page.body.decode() == f"{base}<p>{SENTENCE}</p><img src='b.jpg'>"
    assert page.hint == replace(hint_of(feed.entries[0], feed), content=None)
    assert hint_of(feed.entries[0], feed).content == page.body.decode()


def test_a_description_stands_where_there_is_no_content():
    entry = Entry(key="k", summary="5 < 6 & 7")

    page = page_of(entry, read(rss()))

    assert page.body.decode().endswith("<p>5 &lt; 6 &amp; 7</p>")
    assert (page.url, page.origin.document_id) == (None, "k")


def test_an_entry_with_nothing_but_a_title_carries_nothing_else():
    page = page_of(Entry(key="k", title="Ferry returns"), read(rss()))

    assert (page.body, page.hint.content, page.hint.title) == (b"", None, "Ferry returns")


def test_an_entry_becomes_an_article():
    whole = f"<content:encoded><![CDATA[<p>{SENTENCE}</p><p>{SENTENCE}</p><img src='b.jpg'>]]></content:encoded>"
    feed = read(rss(item(title="Port &amp; town", more=whole)))

    article = ReadCarried(LineRules.load())(page_of(feed.entries[0], feed))

    assert (article.title, article.text) == ("Port & town", f"{SENTENCE}\n{SENTENCE}".replace(" \n", "\n").strip())
    assert article.image == "https://harbour.example/news/b.jpg"
    assert article.canonical_url == "https://harbour.example/1"
