"""Text that is the article's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.base import Skip
from processors.boilerplate.rules import LineRules
from processors.given import ReadGiven, paragraphs
from processors.records import NO_HINT, Form, Reason, TextSource
from tests.builders import make_hint, make_page

NEWSLETTER = "Sign up for our newsletter"


@pytest.fixture(scope="module")
def read():
    return ReadGiven(LineRules.load())


def given_page(text, **fields):
    body = text if isinstance(text, bytes) else text.encode()
    return make_page(form=Form.GIVEN, body=body, **({"text_source": TextSource.ARCHIVE} | fields))


def test_everything_but_the_text_comes_from_the_hint(read):
    hint = make_hint()

    article = read(
        given_page("The ferry sails.\n\n  Twice a day. \n", url="http://X.example/a?utm_source=b", hint=hint)
    )

    assert article.text == "The ferry sails.\nTwice a day."
    assert (article.title, article.summary, article.authors) == (hint.title, hint.summary, hint.authors)
    assert (article.published, article.modified, article.language) == (hint.published, hint.modified, "en")
    assert (article.url, article.canonical_url) == ("http://X.example/a?utm_source=b", "http://x.example/a")
    assert article.text_source is TextSource.ARCHIVE
    assert (article.site, article.image, article.section, article.topics, article.removed) == (None, None, None, (), ())


def test_the_language_is_recognised_where_nobody_says_it(read):
    text = "Die Fähre fährt zweimal am Tag über den Hafen, und die Karten werden auf der Mole verkauft. " * 3

    assert read(given_page(text, hint=NO_HINT)).language == "de"


def test_boilerplate_lines_go_and_are_kept_in_removed(read):
    article = read(given_page(f"The ferry sails twice a day, weather permitting.\n{NEWSLETTER}"))

    assert article.text == "The ferry sails twice a day, weather permitting."
    assert [cut.text for cut in article.removed] == [NEWSLETTER]


def test_a_title_alone_is_an_article(read):
    article = read(given_page("", hint=make_hint(title=" Ferry\tsails \x07again\n")))

    assert (article.title, article.text) == ("Ferry sails again", "")


def test_a_text_alone_is_an_article(read):
    article = read(given_page("Short.", hint=NO_HINT, url=None))

    assert (article.title, article.text, article.canonical_url) == ("", "Short.", None)
    assert (article.summary, article.authors, article.published) == (None, (), None)


@pytest.mark.parametrize("text", ["", " \n\t\r\n ", "\x00\x01\ufeff", "\u2028\x0c"])
def test_neither_text_nor_title_is_left_out(read, text):
    with pytest.raises(Skip) as skip:
        read(given_page(text, hint=make_hint(title=" \n")))

    assert (skip.value.reason, skip.value.detail) == (Reason.EMPTY, None)


def test_nothing_but_boilerplate_is_left_out_too(read):
    with pytest.raises(Skip) as skip:
        read(given_page(NEWSLETTER, hint=NO_HINT))

    assert (skip.value.reason, skip.value.detail) == (Reason.EMPTY, "nothing but boilerplate")


def test_what_is_no_utf8_is_marked_and_not_fatal(read):
    assert read(given_page(b"\xef\xbb\xbfThe f\xe9rry sails.")).text == "The f\ufffdrry sails."


@pytest.mark.parametrize("text", ["", " ", "\n", None])
def test_an_empty_summary_is_none(read, text):
    assert read(given_page("Text.", hint=make_hint(summary=text))).summary is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\nb", "a\nb"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\n\n a \n\n\n\tb\n", "a\nb"),
        ("a\x0bb\x0cc\x85d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"),
        ("\ufeffa\x00b\x1bc\x7fd\ufffee\uffff", "abcde"),
        ("a\tb  c", "a\tb  c"),
        ("\u3000全角\u3000", "全角"),
        ("\x00", ""),
        ("\r\n\r\n", ""),
    ],
)
def test_paragraphs(text, wanted):
    assert paragraphs(text) == wanted


@given(st.text())
def test_paragraphs_hold_no_empty_line_and_stay_as_they_are(text):
    tidy = paragraphs(text)

    assert paragraphs(tidy) == tidy
    assert all(line and line == line.strip() for line in tidy.split("\n")) or not tidy
