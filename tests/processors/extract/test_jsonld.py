from __future__ import annotations

import json

import pytest

from processors.extract import jsonld
from processors.extract.parse import parse
from tests.processors.extract.pages import html

NEWS = {"@type": "NewsArticle", "headline": "Canal opens"}


def _nodes(*scripts: str) -> list[jsonld.Node]:
    head = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
    return jsonld.nodes_of(parse(html("<p>x</p>", head).encode()))


@pytest.mark.parametrize(
    "script",
    [
        json.dumps(NEWS),
        json.dumps([NEWS]),
        json.dumps([[NEWS]]),
        json.dumps({"@graph": [{"@type": "WebSite", "name": "Gazette"}, NEWS]}),
        json.dumps({"@type": "WebPage", "mainEntity": NEWS}),
        json.dumps({"@type": ["Thing", "https://schema.org/NewsArticle"], "headline": "Canal opens"}),
        f"<!-- {json.dumps(NEWS)} -->",
        f"//<![CDATA[\n{json.dumps(NEWS)}\n//]]>",
        '{"@type":"NewsArticle","headline":"Canal opens",}',
        '{"@type":"NewsArticle","headline":"Canal\nopens"}',
        json.dumps(NEWS) + ";",
    ],
)
def test_article_is_found_in_every_shape_sites_use(script: str) -> None:
    assert jsonld.text(jsonld.article_of(_nodes(script)).get("headline")) == "Canal opens"


@pytest.mark.parametrize(
    "script",
    [
        "",
        "null",
        "7",
        '"text"',
        "[]",
        "{",
        '{"@type": 7}',
        '{"@type": null}',
        "[[[[]]]]",
        '{"@graph": 7}',
        '{"a":' * 50_000 + "1" + "}" * 50_000,
    ],
)
def test_broken_json_says_nothing_and_raises_nothing(script: str) -> None:
    assert jsonld.article_of(_nodes(script)) == {}


def test_broken_script_does_not_silence_its_neighbour() -> None:
    assert jsonld.article_of(_nodes("{", json.dumps(NEWS))) == NEWS


def test_news_wins_over_a_general_work() -> None:
    assert jsonld.article_of(_nodes(json.dumps({"@type": "CreativeWork", "name": "Logo"}), json.dumps(NEWS))) == NEWS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  a\n b ", "a b"),
        ("Caf&eacute; &amp;amp; bar", "Café & bar"),
        ("<b>bold</b> move", "bold move"),
        (["", "second"], "second"),
        ({"@value": "v"}, "v"),
        ({"name": "n"}, "n"),
        (7, None),
        ({}, None),
        (None, None),
        ([[]], None),
    ],
)
def test_text_of_any_value(value: object, expected: str | None) -> None:
    assert jsonld.text(value) == expected


def test_body_keeps_its_paragraphs() -> None:
    assert jsonld.body({"articleBody": "<p>One.</p><p>Two.</p>\n\nThree."}) == "One.\nTwo.\nThree."
    assert jsonld.body({"articleBody": ["One."]}) is None
    assert jsonld.body({}) is None
