"""From page to article, the whole way."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import trafilatura

from processors.base import Skip
from processors.boilerplate.load import parse
from processors.boilerplate.rules import LineRules
from processors.extract.extractor import PASSES, Extract
from processors.records import Reason, TextSource
from tests.processors.extract.pages import (
    HEADLINE,
    NO_RULES,
    OTHER_PROSE,
    PROSE,
    article,
    extracted,
    html,
    page,
    paragraphs,
)

TEXT = "\n".join(PROSE)
RULES = """
[[rule]]
name = "app-install"
patterns = ["(?:please )?tap to install our app"]
beside = ["add to home screen"]
triggers = ["app"]
takes = ["Tap to install our app"]
keeps = ["The firm asked users to install the app before Friday."]
"""
LINKS = '<ul><li><a href="/1">A harbour story</a></li><li><a href="/2">Another harbour story</a></li></ul>'
FOOTER = "<div class='app-banner'><p>Tap to install our app</p><p>Add to Home Screen</p></div>"


@pytest.fixture(scope="module")
def rules() -> LineRules:
    """One rule that takes app prompts, beside whose lines another goes too."""
    found, problems = parse("own.toml", RULES)
    assert not problems
    return LineRules(found, "own")


def test_text_is_the_paragraphs_and_nothing_else() -> None:
    found = extracted(article(LINKS, around=f"<nav>{LINKS}</nav><footer>All rights reserved</footer>"))
    assert found.text == TEXT
    assert found.title == HEADLINE
    assert [removal.rule for removal in found.removed] in ([], ["title"])


def test_article_carries_its_metadata() -> None:
    node = {
        "@type": "NewsArticle",
        "headline": HEADLINE,
        "author": {"name": "Ada Hartley"},
        "datePublished": "2019-11-17T08:00:00+02:00",
        "articleSection": "History",
    }
    head = f'<script type="application/ld+json">{json.dumps(node)}</script><link rel="canonical" href="/suez">'
    found = extracted(article("<p>By Ada Hartley</p>", head))
    assert found.text == TEXT
    assert found.authors == ("Ada Hartley",)
    assert found.published is not None
    assert found.published.isoformat() == "2019-11-17T08:00:00+02:00"
    assert (found.section, found.language, found.text_source) == ("History", "en", TextSource.PAGE)
    assert found.canonical_url == "https://gazette.example/suez"


def test_date_line_of_the_text_dates_a_page_whose_markup_does_not() -> None:
    found = extracted(html(f"<article><p>Published 17 November 2019, 10:30</p>{paragraphs(*PROSE)}</article>"))
    assert found.text == TEXT
    assert found.published == datetime(2019, 11, 17, 10, 30, tzinfo=UTC)


def test_title_line_is_reported_as_removed() -> None:
    found = extracted(html(f"<article><h2>{HEADLINE}</h2>{paragraphs(*PROSE)}</article>", f"<title>{HEADLINE}</title>"))
    assert found.text == TEXT
    assert [(removal.rule, removal.text) for removal in found.removed] == [("title", HEADLINE)]


@pytest.mark.parametrize(
    "body",
    [
        article(FOOTER),
        article(around=FOOTER),
        html(f"<div><div><h1>{HEADLINE}</h1><div>{paragraphs(*PROSE)}</div></div><div>{FOOTER}</div></div>"),
        article("<p>Tap to install our app</p>"),
    ],
    ids=["inside", "beside", "in the parent's sibling", "among the paragraphs"],
)
def test_app_footer_is_reported_wherever_it_stood(body: str, rules: LineRules) -> None:
    found = extracted(body, rules=rules)
    assert found.text == TEXT
    taken = [(removal.rule, removal.text) for removal in found.removed]
    assert ("app-install", "Tap to install our app") in taken
    assert ("app-install", "Add to Home Screen") in taken or "Add to Home" not in body


def test_prompt_is_reported_once(rules: LineRules) -> None:
    found = extracted(article("<p>Tap to install our app</p>"), rules=rules)
    assert [removal.text for removal in found.removed].count("Tap to install our app") == 1


def test_without_prompts_pass_a_box_beside_the_article_is_silent(rules: LineRules) -> None:
    found = extracted(article(around=FOOTER), rules=rules, without="prompts")
    assert all(removal.rule == "title" for removal in found.removed)


def test_article_body_of_json_ld_counts_where_the_page_shows_a_teaser() -> None:
    node = json.dumps({"@type": "NewsArticle", "headline": HEADLINE, "articleBody": "\n".join(PROSE)})
    body = html(
        f"<article>{paragraphs(OTHER_PROSE[0])}</article>", f'<script type="application/ld+json">{node}</script>'
    )
    assert extracted(body).text == TEXT
    assert extracted(body, without="json-ld").text == OTHER_PROSE[0]


def test_article_body_of_json_ld_that_repeats_the_page_does_not_count() -> None:
    node = json.dumps({"@type": "NewsArticle", "headline": HEADLINE, "articleBody": " ".join(PROSE) + " Cut."})
    assert extracted(article(head=f'<script type="application/ld+json">{node}</script>')).text == TEXT


def test_bad_class_names_on_the_article_do_not_cost_it() -> None:
    """Trafilatura alone prunes by name and returns next to nothing here."""
    body = html(f'<div class="main"><div class="sidebar widget-content">{paragraphs(*PROSE)}</div></div>')
    assert extracted(body).text == TEXT


def test_bare_text_between_breaks_is_read() -> None:
    body = html(f"<div class='content'><p>{PROSE[0]}</p><div>{'<br><br>'.join(PROSE[1:])}</div></div>")
    assert extracted(body).text == TEXT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", Reason.EMPTY),
        ("%PDF-1.4 binary", Reason.NOT_HTML),
        ("<html><body><script>var page = 'text';</script></body></html>", Reason.NO_TEXT),
        ("<svg><path d='M0 0'/></svg>", Reason.NO_TEXT),
        (html(""), Reason.NO_TEXT),
    ],
)
def test_page_without_an_article_is_skipped_with_its_reason(body: str, reason: Reason) -> None:
    with pytest.raises(Skip) as skipped:
        extracted(body)
    assert skipped.value.reason is reason


def test_same_page_gives_the_same_article_whatever_came_before() -> None:
    extract = Extract(rules=NO_RULES)
    first = extract(page(article(LINKS)))
    extract(page(html(paragraphs(*OTHER_PROSE))))
    assert extract(page(article(LINKS))) == first


def test_detector_overrules_a_wrong_declaration() -> None:
    german = (
        "Der Kanal zwischen dem Mittelmeer und dem Roten Meer wurde nach zehn Jahren Bauzeit feierlich eröffnet. " * 3
    )
    assert extracted(html(paragraphs(german, german), lang="en")).language == "de"


@pytest.mark.parametrize("name", sorted(PASSES))
def test_every_pass_can_be_left_out(name: str) -> None:
    assert PROSE[1] in extracted(article(LINKS), without=name).text


def test_unknown_pass_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown passes"):
        Extract(rules=NO_RULES, passes=frozenset(["no-such-pass"]))


def test_version_names_what_the_result_depends_on() -> None:
    assert trafilatura.__version__ in Extract(rules=NO_RULES).version
    assert "newstap-extract" in Extract(rules=NO_RULES).version


def test_text_that_readers_unfold_is_text() -> None:
    """Trafilatura alone deletes what is called "expand"."""
    folded = f"<div class='faq-accordion'><div class='expand'>{paragraphs(*OTHER_PROSE)}</div></div>"
    assert extracted(article(folded)).text == "\n".join([*PROSE, *OTHER_PROSE])
    assert OTHER_PROSE[0] not in extracted(article(folded), without="folds").text


def test_source_of_what_the_text_or_the_address_decides() -> None:
    """The date stands in the text alone, the language was recognised against a wrong declaration."""
    german = (
        "Der Kanal zwischen dem Mittelmeer und dem Roten Meer wurde nach zehn Jahren eröffnet, und Schiffe fuhren. "
    )
    body = f"<article><h1>{HEADLINE}</h1><p>17 November 2019</p>{paragraphs(german * 2, german * 3)}</article>"
    found = extracted(html(body, lang="en"), without="lead")
    assert found.published is not None
    assert (found.language, found.provenance["language"]) == ("de", "text")
    assert found.provenance["canonical_url"] == "url"
    assert set(found.provenance) == {"title", "canonical_url", "language", "published"}


def test_paywall_is_as_the_page_says() -> None:
    for stated, expected in (("true", False), ("false", True), ('"maybe"', None)):
        node = f'{{"@type": "NewsArticle", "headline": "{HEADLINE}", "isAccessibleForFree": {stated}}}'
        head = f'<script type="application/ld+json">{node}</script>'
        assert extracted(article(paragraphs(*OTHER_PROSE), head)).paywalled is expected
