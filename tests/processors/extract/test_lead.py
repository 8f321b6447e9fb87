"""The lead between headline and container joins the text; decks, captions and mere metadata do not."""

from __future__ import annotations

import pytest

from tests.processors.extract.pages import HEADLINE, OTHER_PROSE, PROSE, extracted, html, paragraphs

LEAD = (
    "Ten years of digging are over: ships now sail from the Mediterranean to the Red Sea through a canal that many "
    "engineers had called impossible, and that its builders nearly could not pay for."
)
TEXT = "\n".join(PROSE)


def with_header(header: str, description: str = LEAD) -> str:
    head = f'<meta name="description" content="{description}">'
    body = (
        f'<main><header><h1>{HEADLINE}</h1>{header}</header><div class="article-body">{paragraphs(*PROSE)}</div></main>'
    )
    return html(body, head)


@pytest.mark.parametrize("tag", ["p", "h2", "div"])
def test_lead_in_the_header_is_the_first_paragraph(tag: str) -> None:
    assert extracted(with_header(f"<{tag}>{LEAD}</{tag}>")).text == f"{LEAD}\n{TEXT}"


def test_description_that_is_cut_off_names_the_lead() -> None:
    assert extracted(with_header(f"<p>{LEAD}</p>", LEAD[:100] + " …")).text == f"{LEAD}\n{TEXT}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"<p>{OTHER_PROSE[0]}</p>",
        f'<div class="caption">{LEAD}</div>',
        f'<p><a href="/more">{LEAD}</a></p>',
    ],
    ids=["metadata alone", "something else", "caption", "link"],
)
def test_what_is_no_lead_is_not_taken(header: str) -> None:
    assert extracted(with_header(header)).text == TEXT


def test_deck_of_one_short_line_is_no_paragraph() -> None:
    deck = "Ships now sail from the Mediterranean to the Red Sea."
    assert extracted(with_header(f"<p>{deck}</p>", deck)).text == TEXT


def test_lead_that_the_text_has_is_not_repeated() -> None:
    assert extracted(with_header(f"<p>{PROSE[0]}</p>", PROSE[0])).text == TEXT


def test_lead_stays_out_without_the_pass() -> None:
    assert extracted(with_header(f"<p>{LEAD}</p>"), without="lead").text == TEXT


def in_article(before: str) -> str:
    body = f'<h1>{HEADLINE}</h1>{before}<div class="article-body">{paragraphs(*PROSE)}</div>'
    return html(f"<main><article>{body}</article></main>")


def test_paragraph_of_the_article_above_its_container_is_the_lead() -> None:
    """No description says so; it stands in the article itself and is a sentence."""
    assert extracted(in_article(f"<div>{LEAD}</div>")).text == f"{LEAD}\n{TEXT}"


@pytest.mark.parametrize(
    "before",
    [
        f"<header><p>{LEAD}</p></header>",
        f"<aside><p>{LEAD}</p></aside>",
        f"<ul><li>{LEAD}</li></ul>",
        f'<div class="newsletter"><p>{LEAD}</p></div>',
        f"<p>{LEAD.rstrip('.')}</p>",
    ],
    ids=["header", "aside", "list", "box", "no sentence"],
)
def test_what_stands_in_a_header_or_box_of_the_article_is_none(before: str) -> None:
    assert extracted(in_article(before)).text == TEXT


def test_headline_is_the_one_that_is_the_title() -> None:
    head = f'<title>{HEADLINE}</title><meta name="description" content="{LEAD}">'
    body = f"<h1>{HEADLINE}</h1><p>{LEAD}</p><h1>History</h1><div class='article-body'>{paragraphs(*PROSE)}</div>"
    assert extracted(html(f"<main>{body}</main>", head)).text.startswith(LEAD)
