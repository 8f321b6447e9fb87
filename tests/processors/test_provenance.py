"""Where the values come from of articles that no page tells about."""

from __future__ import annotations

from datetime import UTC, datetime

from processors.boilerplate.rules import LineRules
from processors.carried import ReadCarried
from processors.copied import ReadCopied
from processors.given import ReadGiven
from processors.records import Form, Hint
from tests.builders import make_page

RULES = LineRules([], "none")
TEXT = (
    "The ferry to the islands sails twice a day from the first of May until the end of the summer, weather permitting."
)
HINT = Hint(
    title="Ferry sails again", authors=("Ada Quill",), published=datetime(2024, 5, 1, tzinfo=UTC), language="en"
)
HINTED = {"title": "hint", "authors": "hint", "published": "hint"}


def test_given_text_has_everything_from_its_line() -> None:
    article = ReadGiven(RULES)(
        make_page(form=Form.GIVEN, body=TEXT.encode(), hint=HINT, url="https://gazette.example/a")
    )

    assert article.provenance == HINTED | {"language": "hint", "canonical_url": "url"}


def test_language_that_the_text_contradicts_comes_from_the_text() -> None:
    hint = Hint(title="Ferry", language="de")
    article = ReadGiven(RULES)(make_page(form=Form.GIVEN, body=(TEXT * 3).encode(), hint=hint, url=None))

    assert (article.language, article.provenance) == ("en", {"title": "hint", "language": "text"})


def test_feed_entry_has_its_picture_from_its_markup() -> None:
    body = f"<p>{TEXT}</p><img src='https://gazette.example/ferry.jpg'>".encode()
    article = ReadCarried(RULES)(make_page(form=Form.CARRIED, body=body, hint=HINT, url="https://gazette.example/a"))

    assert article.provenance == HINTED | {"image": "html:img", "language": "hint", "canonical_url": "url"}


def test_copied_text_tells_more_than_its_line() -> None:
    copied = f"Ferry sails again\n\nBy Ben Inkwell\n\n{TEXT}\n\n{TEXT}\n"
    article = ReadCopied(RULES)(make_page(form=Form.COPIED, body=copied.encode(), hint=HINT, url=None))

    assert article.authors == ("Ben Inkwell",)
    assert article.provenance == {"title": "text", "authors": "text", "published": "hint", "language": "hint"}


def test_what_has_no_value_has_no_source() -> None:
    article = ReadGiven(RULES)(make_page(form=Form.GIVEN, body=b"Sails.", hint=Hint(), url=None))

    assert article.provenance == {}
