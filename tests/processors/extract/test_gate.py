"""Pages that are no articles are recognised by kind; articles that come close are not touched."""

from __future__ import annotations

import time

import pytest

from processors.base import Skip
from processors.boilerplate import LineRules
from processors.extract.extractor import PASSES, Extract
from processors.given import ReadGiven
from processors.records import Form, Mode, Origin, Page, Reason
from tests.processors.extract import gate_pages as pages
from tests.processors.extract import near_misses
from tests.processors.extract.pages import page

RULES = LineRules.load()
EXTRACT = Extract(rules=RULES)
UNGATED = Extract(rules=RULES, passes=PASSES - {"gate"})

KINDS = [
    (Reason.BOT_CHALLENGE, pages.CHALLENGES),
    (Reason.SOFT_404, pages.MISSING),
    (Reason.CONSENT_WALL, pages.CONSENTS),
    (Reason.PAYWALL, pages.PAYWALLS),
    (Reason.INDEX_PAGE, pages.INDEXES),
]


def verdict(html: str, path: str = "/news/ferry") -> Reason | None:
    try:
        EXTRACT(page(html, url=f"https://gazette.example{path}"))
    except Skip as skip:
        return skip.reason
    return None


@pytest.mark.parametrize(
    ("reason", "html"), [pytest.param(r, html, id=f"{r}: {name}") for r, kind in KINDS for name, html in kind.items()]
)
def test_each_kind_is_recognised(reason: Reason, html: str) -> None:
    assert verdict(html) == reason


@pytest.mark.parametrize(("html", "path"), pages.VIDEOS.values(), ids=pages.VIDEOS)
def test_a_video_alone_is_recognised(html: str, path: str) -> None:
    assert verdict(html, path) is Reason.VIDEO_PAGE


@pytest.mark.parametrize("html", near_misses.ARTICLES.values(), ids=near_misses.ARTICLES)
def test_articles_that_come_close_are_not_touched(html: str) -> None:
    assert verdict(html) is None


def test_the_front_page_of_a_site_needs_fewer_headlines() -> None:
    html = pages.page(f"<main>{pages.cards(pages.STORIES[:7])}</main>", title="The Harbour Gazette")

    assert verdict(html, "/") is Reason.INDEX_PAGE
    assert verdict(html, "/news/ferry") is None


def test_the_reason_tells_its_signs() -> None:
    with pytest.raises(Skip) as skip:
        EXTRACT(page(pages.MISSING["Seite nicht gefunden - Hafenblatt"]))

    assert skip.value.detail == "headed 'seite nicht gefunden'"


def test_what_has_no_text_for_no_reason_that_is_known_is_without_text() -> None:
    assert verdict("<html><body><div id='x'></div></body></html>") is Reason.NO_TEXT
    assert verdict("<script>x</script>") is Reason.NO_TEXT


def test_the_gate_can_be_left_out() -> None:
    html = pages.PAYWALLS["by words alone"]

    assert pages.LEAD in UNGATED(page(html)).text


def test_a_broken_address_is_no_obstacle() -> None:
    with pytest.raises(Skip) as skip:
        EXTRACT(page(pages.INDEXES["a section"], url="http://[gazette/"))
    assert skip.value.reason is Reason.INDEX_PAGE


def test_text_that_is_given_passes_no_gate() -> None:
    """A line's `text` is the article's own, whatever it says."""
    for text in (
        "Page not found",
        "Enable JavaScript and cookies to continue.",
        "This article is for subscribers only.",
    ):
        given = Page(form=Form.GIVEN, body=f"{text} {text}".encode(), origin=Origin(mode=Mode.REPLAY))
        assert ReadGiven(LineRules([], "none"))(given).text == f"{text} {text}"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 50_000 + "<a href='/1'>A link that may well be a headline</a>" * 50_000, id="links"),
        pytest.param("<p>" + "we use cookies and consent " * 40_000 + "</p>", id="cookies"),
        pytest.param("".join(f"<p>Already a {'subscriber ' * 5}</p>" for _ in range(20_000)), id="demands"),
        pytest.param(f"<title>{'page not ' * 50_000}</title><h1>{'sorry ' * 50_000}</h1>", id="headings"),
        pytest.param(
            "<div class='" + "pay-" * 400 + "'>x</div>" * 1000 + "<section class='premium_'>x" * 20_000, id="names"
        ),
    ],
)
def test_hostile_pages_take_seconds_at_most(html: str) -> None:
    """Quadratic time would be minutes; a slow machine gets its share."""
    start = time.process_time()

    verdict(html)

    assert time.process_time() - start < 20
