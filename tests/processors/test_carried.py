"""What a feed entry carries becomes an article: its own text, whatever its length, and nothing of the feed's."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.base import Skip
from processors.boilerplate.rules import LineRules
from processors.carried import ReadCarried, instead_of
from processors.records import NO_HINT, Form, Hint, Reason, TextSource
from tests.builders import URL, make_hint, make_origin, make_page

RULES = LineRules.load()
FERRY = "The ferry sails twice a day."


@pytest.fixture(scope="module")
def read():
    reader = ReadCarried(RULES)

    def run(markup, **fields):
        body = markup if isinstance(markup, bytes) else markup.encode()
        fields = {"hint": make_hint(title="Ferry returns", url=None), "content_type": None} | fields
        return reader(make_page(form=Form.CARRIED, body=body, text_source=TextSource.FEED, **fields))

    return run


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param("<p>One.</p><p>Two.</p>", "One.\nTwo.", id="paragraphs"),
        pytest.param("Short.", "Short.", id="plain text"),
        pytest.param("5 &lt; 6 &amp; 7 < 8", "5 < 6 & 7 < 8", id="entities"),
        pytest.param("Caf&eacute;&nbsp;bar &#8212; &#x201c;open&#x201d;", "Café bar — “open”", id="names and numbers"),
        pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="entities are resolved once"),
        pytest.param("<p>A <b>bold</b> <a href='/x'>lin</a>k,\n  cut<i>.</i></p>", "A bold link, cut.", id="inline"),
        pytest.param("<ul><li>One</li><li><p>Two</p></li></ul>Three", "One\nTwo\nThree", id="list"),
        pytest.param("One<br>Two<br/><br/>Three", "One\nTwo\nThree", id="breaks"),
        pytest.param("<div>One<div>Two</div>Three</div>", "One\nTwo\nThree", id="blocks in blocks"),
        pytest.param("<table><tr><td>Pier</td><td>Noon</td></tr></table>", "Pier\nNoon", id="cells"),
        pytest.param("One<script>alert(1)</script> two<style>p{}</style>.", "One two.", id="script and style"),
        pytest.param("<p>One</p><form><p>Mail?</p></form><iframe src='//x'>no</iframe>", "One", id="form and frame"),
        pytest.param("<p><img alt='A ferry' src='f.jpg'>One</p>", "One", id="alt"),
        pytest.param("<figure><img src=f.jpg><figcaption>A ferry</figcaption></figure>One", "One", id="caption"),
        pytest.param("<p class='wp-caption-text'>A ferry</p><p>One</p>", "One", id="caption by class"),
        pytest.param("<figure><blockquote>Sail on!</blockquote></figure>", "Sail on!", id="quotation in a figure"),
        pytest.param("<p style='display: none'>Preview</p><p hidden>x</p>One", "One", id="not to be seen"),
        pytest.param("<p onclick='x()'>One<img src=x onerror=alert(1)></p>", "One", id="handlers"),
        pytest.param("<p>One<!-- two --> three<p>four", "One three\nfour", id="comments and open ends"),
        pytest.param("</div></p>One</body></html><p>Two", "One\nTwo", id="stray ends"),
        pytest.param("<!DOCTYPE html><html><body><p>One</p></body></html>", "One", id="a whole document"),
        pytest.param("<p>港口今天重新开放。</p><p>船票已售罄。</p>", "港口今天重新开放。\n船票已售罄。", id="Chinese"),
        pytest.param("<ruby>港<rp>(</rp><rt>みなと</rt><rp>)</rp></ruby>", "港", id="ruby"),
    ],
)
def test_every_block_is_a_line(read, markup, text):
    assert read(markup).text == text


@pytest.mark.parametrize(
    ("markup", "taken"),
    [
        ("<p>The post <a>Ferry returns</a> appeared first on <a>Harbour News</a>.</p>", 1),
        ("<p>Der Beitrag <a>Fähre</a> erschien zuerst auf <a>Hafenblatt</a>.</p>", 1),
        ("<p><a href='/1'>Read more</a></p>", 1),
        ("<p><a href='/1'>Continue reading <span>Ferry returns</span></a></p>", 1),
        ("<p><a>Share on Facebook</a></p><p>Share this:</p>", 2),
        ("<h1>Ferry returns</h1>", 1),
        ("<p>By Ada Quill</p>", 1),
        ("<img width=1 height=1 src='//count.example/p.gif'>", 0),
    ],
)
def test_what_the_feed_added_goes_and_is_kept_in_removed(read, markup, taken):
    for whole in (f"{markup}<p>{FERRY}</p>", f"<p>{FERRY}</p>{markup}" if "h1" not in markup else f"{markup}{FERRY}"):
        article = read(whole)
        assert article.text == FERRY
        assert len(article.removed) == taken


def test_a_link_that_ends_a_paragraph_is_read_as_a_line_where_it_is_boilerplate(read):
    article = read(f"<p>{FERRY} <a href='/1'>Read more</a> »</p>")
    prose = read("<p>So says <a href='/2'>the harbour master</a>.</p><p>See <a>the report on fares</a></p>")

    assert (article.text, len(article.removed)) == (FERRY, 1)
    assert prose.text == "So says the harbour master.\nSee the report on fares"


def test_everything_but_text_and_image_comes_from_the_hint(read):
    hint = make_hint(url="https://gazette.example.org/go?utm_source=feed&id=1")

    article = read(f"<p>{FERRY}</p>", hint=hint, url="https://gazette.example.org/elsewhere")

    assert (article.title, article.summary, article.authors) == (hint.title, hint.summary, hint.authors)
    assert (article.published, article.modified, article.language) == (hint.published, hint.modified, "en")
    assert (article.url, article.canonical_url) == (hint.url, "https://gazette.example.org/go?id=1")
    assert article.text_source is TextSource.FEED
    assert read(FERRY, hint=NO_HINT).url == URL


def test_a_summary_that_is_the_text_is_none(read):
    assert read(f"<p>{FERRY}</p>", hint=make_hint(summary=FERRY)).summary is None
    assert read("<p>Twice.</p>", hint=make_hint(summary=FERRY)).summary == FERRY
    footer = "The post Ferry appeared first on Harbour News."
    assert read(f"<p>{FERRY}</p><p>{footer}</p>", hint=make_hint(summary=f"{FERRY} {footer}")).summary is None


@pytest.mark.parametrize(
    ("markup", "image"),
    [
        ("<img src='https://x.example/f.jpg'>", "https://x.example/f.jpg"),
        ("<img src='/f.jpg'>", "https://gazette.example.org/f.jpg"),
        ("<base href='https://pics.example/a/'><img src='f.jpg'>", "https://pics.example/a/f.jpg"),
        ("<img src='data:image/gif;base64,R0'><img src='b.jpg'>", "https://gazette.example.org/harbour/b.jpg"),
        ("<img width='1' height='1' src='/p.gif'><img src='/b.jpg'>", "https://gazette.example.org/b.jpg"),
        ("<img class='wp-smiley' src='/s.png'>", None),
        ("<img src='javascript:alert(1)'><img>", None),
        ("<img src='http://[broken'>", None),
    ],
)
def test_the_first_picture_to_look_at_is_the_image(read, markup, image):
    assert read(f"{markup}<p>{FERRY}</p>").image == image


@pytest.mark.parametrize("markup", ["", "  \n", "<!-- -->", "<img src=x>", "<p>Ferry returns</p>", "<base href='/'>"])
def test_a_title_alone_is_an_article_without_text(read, markup):
    article = read(markup)

    assert (article.title, article.text) == ("Ferry returns", "")


def test_nothing_at_all_is_empty(read):
    for markup in ("", "<script>x</script>", "<a>Read more</a>"):
        with pytest.raises(Skip) as skip:
            read(markup, hint=NO_HINT)
        assert skip.value.reason is Reason.EMPTY
    with pytest.raises(Skip) as skip:
        read(b"x" * 20_000_001)
    assert skip.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<div>" * 100_000 + FERRY, id="deep"),
        pytest.param("<b>" * 100_000 + FERRY, id="deep inline"),
        pytest.param(f"<a href='/1'>x</a> {'<a>y</a>' * 100_000}<p>{FERRY}", id="links"),
        pytest.param("x<br>" * 200_000 + f"<p>{FERRY}", id="breaks"),
        pytest.param(f"<p {'a=1 ' * 100_000}>{FERRY}", id="attributes"),
        pytest.param("<" * 300_000 + f"<p>{FERRY}", id="brackets"),
        pytest.param("&lt;" * 250_000 + f"<p>{FERRY}", id="references"),
        pytest.param("<img src='data:,'>" * 60_000 + FERRY, id="pictures"),
    ],
)
def test_a_megabyte_of_anything_is_read_and_keeps_the_text(read, markup):
    """Some seconds at most on a slow machine: quadratic time would be minutes."""
    start = time.process_time()

    article = read(markup)

    assert FERRY in article.text
    assert time.process_time() - start < 15


@given(st.text() | st.text(alphabet="<>&/a p=\"'!-;#x0\x00\x01\x02\n"))
def test_any_text_is_read_and_holds_no_marks(read, markup):
    article = read(markup)

    assert not set(article.text) & set("\x00\x01\x02\r")


def test_a_page_of_a_feed_has_something_instead():
    page = make_page(
        url="https://gazette.example.org/after-redirects", hint=make_hint(url=URL, content="<p>Sails.</p>")
    )

    carried = instead_of(page)

    assert carried is not None
    assert (carried.form, carried.text_source, carried.body) == (Form.CARRIED, TextSource.FEED, b"<p>Sails.</p>")
    assert (carried.url, carried.origin) == (URL, page.origin)


@pytest.mark.parametrize(
    ("hint", "body"),
    [
        (Hint(summary="5 < 6 & <b>"), b"5 &lt; 6 &amp; &lt;b&gt;"),
        (Hint(title="Ferry returns"), b""),
        (Hint(content="<i>x</i>", summary="y"), b"<i>x</i>"),
    ],
)
def test_what_stands_instead_is_the_content_else_the_summary(hint, body):
    assert instead_of(make_page(hint=hint)).body == body


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": make_origin(feed=None)},
        {"hint": NO_HINT},
        {"hint": Hint(authors=("Ada Quill",), url=URL)},
        {"form": Form.CARRIED},
        {"form": Form.GIVEN},
    ],
)
def test_nothing_stands_instead_of_what_no_feed_carries(fields):
    assert instead_of(make_page(**fields)) is None
