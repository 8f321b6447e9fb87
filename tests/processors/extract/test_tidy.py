"""Each pass: what it takes away, and what it must leave."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml.html import HtmlElement

from processors.extract import tidy
from processors.extract.blocks import blocks_of, prose_of
from processors.extract.parse import parse
from processors.extract.region import region_of
from tests.processors.extract.pages import OTHER_PROSE, PROSE, html, paragraphs

LINK = '<a href="/x">A harbour story</a>'


def _after(tidied: Callable[[HtmlElement], None], body: str) -> HtmlElement:
    root = parse(html(body).encode()).find("body")
    tidied(root)
    return root


def _boxes(body: str) -> str:
    root = parse(html(body).encode()).find("body")
    region = region_of(root, prose_of(root, blocks_of(root)))
    assert region is not None
    tidy.drop_boxes(region)
    return str(root.text_content())


def test_list_of_links_goes_with_its_label_and_leaves_its_tail() -> None:
    root = _after(
        tidy.drop_link_lists, f"<p>Before.</p><h3>Also interesting</h3><ul><li>{LINK}</li><li>{LINK}</li></ul>after"
    )
    assert root.text_content() == "Before.after"


def test_list_of_links_with_kickers_goes() -> None:
    items = "".join(f"<li>Archaeology: {LINK}</li>" for _ in range(3))
    assert _after(tidy.drop_link_lists, f"<p>Kept.</p><ul>{items}</ul>").text_content() == "Kept."


def test_list_of_facts_with_a_link_in_them_stays() -> None:
    items = "".join(f"<li>{text} {LINK}</li>" for text in PROSE)
    assert PROSE[1] in _after(tidy.drop_link_lists, f"<ul>{items}</ul>").text_content()


def test_sentence_before_a_list_of_links_is_no_label() -> None:
    root = _after(tidy.drop_link_lists, f"<p>The canal had three rivals.</p><ul><li>{LINK}</li><li>{LINK}</li></ul>")
    assert root.text_content() == "The canal had three rivals."


def test_link_paragraph_between_prose_goes() -> None:
    root = _after(tidy.drop_link_paragraphs, paragraphs(*PROSE, LINK))
    assert root.text_content() == "".join(PROSE)


def test_page_of_link_paragraphs_keeps_them() -> None:
    assert (
        _after(tidy.drop_link_paragraphs, paragraphs(PROSE[0], LINK, LINK, LINK)).text_content().count("harbour") == 3
    )


def test_paragraphs_with_one_label_before_their_link_go() -> None:
    """In a language that no rule knows: a label that stands before several links announces them."""
    labelled = [f"FUNDA UDABA | <a href='/{n}'>A story of harbour {n} in full</a>" for n in range(2)]
    root = _after(tidy.drop_link_paragraphs, paragraphs(*PROSE, *PROSE, *labelled))
    assert root.text_content() == "".join([*PROSE, *PROSE])


def test_one_sentence_that_ends_in_a_link_stays() -> None:
    told = "The committee wrote: <a href='/report'>The report of the committee</a>"
    assert "committee wrote" in _after(tidy.drop_link_paragraphs, paragraphs(*PROSE, *PROSE, told)).text_content()


CARD = '<article><a href="/other"><h3>The lighthouse that was built four times</h3></a></article>'


def test_card_that_leads_to_another_article_goes() -> None:
    assert _after(tidy.drop_link_cards, paragraphs(*PROSE) + CARD).text_content() == "".join(PROSE)


def test_product_that_the_article_is_about_stays() -> None:
    product = '<a href="https://shop.example/kettle" rel="nofollow sponsored"><h3>A kettle of copper</h3></a>'
    assert "kettle" in _after(tidy.drop_link_cards, paragraphs(*PROSE) + product).text_content()


def test_page_of_cards_keeps_them() -> None:
    assert _after(tidy.drop_link_cards, paragraphs(PROSE[0]) + CARD * 3).text_content().count("lighthouse") == 3


def test_link_that_nobody_closed_is_no_card() -> None:
    unclosed = f'<a href="/x"><h2>History</h2>{paragraphs(*PROSE)}</a>'
    assert PROSE[3] in _after(tidy.drop_link_cards, unclosed).text_content()


def test_hundreds_of_bare_links_go_and_the_prose_between_them_stays() -> None:
    root = _after(tidy.drop_link_farms, f"<div>{LINK * 600}</div><div>{paragraphs(*PROSE)}</div>")
    assert root.text_content() == "".join(PROSE)


def test_layout_table_becomes_containers_and_a_table_of_figures_stays() -> None:
    figures = "<table><tr><td>1870</td><td>486</td></tr><tr><td>1875</td><td>1,494</td></tr></table>"
    root = _after(tidy.free_tables, f"<table><tr><td>{paragraphs(*PROSE)}</td><td>Menu</td></tr></table>{figures}")
    assert [table.text_content() for table in root.iter("table")] == ["18704861875" + "1,494"]


def test_embedded_post_loses_the_names_that_would_delete_it() -> None:
    root = _after(
        tidy.free_quotes,
        f'<div class="embed widget"><blockquote class="twitter-tweet"><p>{PROSE[0]}</p></blockquote></div>',
    )
    assert all(not element.attrib for element in root.iter("div", "blockquote"))


def test_a_list_that_holds_an_article_in_one_item_is_no_list() -> None:
    item = f"<ul><li>{paragraphs(*PROSE, *PROSE, *OTHER_PROSE)}</li><li>{LINK}</li></ul>"
    root = _after(tidy.free_lists, f"{item}<ol><li>{PROSE[0]}</li></ol>")
    assert [child.tag for child in root] == ["div", "ol"]


def test_a_link_that_nobody_closed_is_no_link_and_a_long_card_is_one() -> None:
    """Cards of other articles have a headline and a teaser; an article has paragraphs."""
    text = "<br>".join([*PROSE, *OTHER_PROSE])
    root = parse(html(f"<a href='/1'>{text}</a><p><a href='/2'><b>{PROSE[0]}</b>{''.join(PROSE)}</a></p>").encode())
    tidy.free_false_links(blocks_of(root.find("body")))
    assert [link.get("href") for link in root.iter("a")] == ["/2"]


def test_bare_text_cut_by_breaks_becomes_paragraphs() -> None:
    root = parse(
        html(f"<div>{PROSE[0]}<br><br>{PROSE[1]} <b>bold</b> end<div>{PROSE[2]}</div>{PROSE[3]}</div>").encode()
    ).find("body")
    tidy.wrap_runs(blocks_of(root))
    division = root[0]
    assert [(child.tag, child.text_content()) for child in division] == [
        ("p", PROSE[0]),
        ("p", f"{PROSE[1]} bold end"),
        ("div", PROSE[2]),
        ("p", PROSE[3]),
    ]


def test_box_inside_the_article_goes_by_its_name() -> None:
    body = f'<article>{paragraphs(*PROSE)}<div class="fact-box"><p>{OTHER_PROSE[0][:70]}</p></div></article>'
    assert _boxes(body) == "".join(PROSE)


@pytest.mark.parametrize(
    "box",
    [
        "<gazette-factbox class='fact-box'>{}</gazette-factbox>",
        "<article class='infobox'>{}</article>",
        "<div class='media-info'>{}</div>",
        "<p class='image-description'>{}</p>",
        "<div id='ai-summary'>{}</div>",
        "<section class='article cta'>{}</section>",
    ],
)
def test_boxes_of_any_element_go(box: str) -> None:
    body = f"<article>{paragraphs(*PROSE)}{box.format(OTHER_PROSE[0][:70])}</article>"
    assert _boxes(body) == "".join(PROSE)


def test_fact_box_may_hold_more_of_the_prose_than_a_box_of_a_vague_name() -> None:
    inner = paragraphs(*OTHER_PROSE)
    assert _boxes(f'<article>{paragraphs(*PROSE)}<div class="factbox">{inner}</div></article>') == "".join(PROSE)
    assert OTHER_PROSE[1] in _boxes(f'<article>{paragraphs(*PROSE)}<div class="toolbar">{inner}</div></article>')


def test_box_that_holds_much_of_the_prose_stays_whatever_its_name() -> None:
    body = f'<article>{paragraphs(*PROSE[:2])}<div class="teaser">{paragraphs(*PROSE[2:])}</div></article>'
    assert _boxes(body) == "".join(PROSE)


def test_dropping_keeps_the_text_behind() -> None:
    root = parse(html("<p>one <i>gone</i> two <b>x</b><i>gone</i> three</p>").encode())
    for element in [*root.iter("i")]:
        tidy.drop(element)
    assert root.find(".//p").text_content() == "one  two x three"
