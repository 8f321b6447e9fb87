"""The text of a page that shows next to nothing is found in its scripts."""

from __future__ import annotations

import json

import pytest

from processors.base import Skip
from processors.extract.scripts import body_in
from tests.processors.extract.pages import HEADLINE, PROSE, article, extracted, html, paragraphs

TEXT = "\n".join(PROSE)
STATE = {"page": {"title": HEADLINE, "teaser": "x" * 500, "contentHtml": f"<div>{paragraphs(*PROSE)}</div>"}}


def scripted(script: str, shown: str = "<div id='root'></div>") -> str:
    return html(f"{shown}{script}", f"<title>{HEADLINE}</title>")


@pytest.mark.parametrize(
    "script",
    [
        f'<script id="__DATA__" type="application/json">{json.dumps(STATE)}</script>',
        f"<script>window.__STATE__ = {json.dumps(STATE).replace('<', chr(92) + 'u003c')};</script>",
        f"<SCRIPT>var a = 1</SCRIPT><script>window.queue.push({json.dumps(STATE, ensure_ascii=False)})</script>",
    ],
    ids=["JSON", "escaped", "a call"],
)
def test_text_of_a_script_is_the_text(script: str) -> None:
    assert extracted(scripted(script)).text == TEXT


def test_script_without_the_title_is_not_believed() -> None:
    other = json.dumps({"consent": paragraphs(*PROSE)})
    with pytest.raises(Skip):
        extracted(scripted(f"<script>{other}</script>"))


def test_script_of_a_page_that_shows_its_text_is_not_looked_at() -> None:
    longer = json.dumps({"title": HEADLINE, "html": paragraphs(*PROSE, *PROSE, "And more. " * 30)})
    assert extracted(article(around=f"<script>{longer}</script>", head=f"<title>{HEADLINE}</title>")).text == TEXT


def test_nothing_is_found_without_the_pass() -> None:
    with pytest.raises(Skip):
        extracted(scripted(f"<script>{json.dumps(STATE)}</script>"), without="scripts")


def test_scripts_without_end_take_no_time() -> None:
    assert body_in("<script>" * 200_000 + '"' * 200_000, HEADLINE) is None


def test_string_that_is_no_json_is_passed_over() -> None:
    broken = '"' + r"\x" + "<p>" * 300 + '"'
    assert body_in(f"<script>var t = '{HEADLINE}', x = {broken};</script>", HEADLINE) is None
