"""Chinese, Japanese and Korean pages: the whole way, and each of the passes that are theirs."""

from __future__ import annotations

import pytest

from processors.boilerplate.rules import LineRules
from processors.extract import dense
from processors.extract.blocks import blocks_of, prose_of
from processors.extract.parse import parse
from processors.extract.region import Region, region_of
from tests.processors.extract.cjk_pages import COMPANIES, FERRY, HARBOUR, LIGHT, PAGES, PORT
from tests.processors.extract.pages import PROSE, extracted, html, paragraphs

RULES = LineRules.load()
LINK = '<a href="/x">老街早市重新开张</a>'


def _region(body: str) -> Region:
    root = parse(html(body).encode()).find("body")
    region = region_of(root, prose_of(root, blocks_of(root)))
    assert region is not None
    return region


def _without_rows(body: str) -> str:
    region = _region(body)
    dense.drop_link_rows(region)
    return str(region.container.text_content())


@pytest.mark.parametrize("name", PAGES)
def test_page_gives_its_paragraphs_and_nothing_else(name: str) -> None:
    source, wanted = PAGES[name]
    assert extracted(source, rules=RULES, content_type="text/html").text == "\n".join(wanted)


@pytest.mark.parametrize("texts", [PORT, LIGHT, HARBOUR, FERRY])
def test_scripts_without_spaces_are_dense(texts: tuple[str, ...]) -> None:
    assert dense.is_dense(_region(paragraphs(*texts)).blocks)


def test_a_western_page_that_quotes_a_name_is_not_dense() -> None:
    assert not dense.is_dense(
        _region(paragraphs(*PROSE, f"The sign said {PORT[0][:12]}, and nobody read it. {PROSE[0]}")).blocks
    )


def test_without_the_pass_short_paragraphs_go_for_the_names_linked_in_them() -> None:
    """What the pass is for: trafilatura takes a short paragraph with two linked names for a list of links."""
    assert "江城船舶和东岸重工今天上午停牌" in extracted(COMPANIES).text
    assert "江城船舶和东岸重工今天上午停牌" not in extracted(COMPANIES, without="dense-links").text


def test_without_the_pass_rows_of_links_stay() -> None:
    rows = "".join(f"<p>· <a href='/{place}'>跨江大桥第{place}次夜间检修</a> 2031-04-27</p>" for place in range(20))
    source = html(f"<div>{paragraphs(*PORT)}<div>{rows}</div></div>")
    assert extracted(source).text == "\n".join(PORT)
    assert "跨江大桥第9次夜间检修" in extracted(source, without="link-rows").text


def test_rows_of_links_go_with_their_dates_and_their_label() -> None:
    rows = f"<h4>相关阅读：</h4><div>· {LINK} 2031-04-27<br>· {LINK} 2031-04-26</div>"
    assert _without_rows(f"<div>{paragraphs(*PORT)}{rows}</div>") == "".join(PORT)


def test_a_table_of_links_goes() -> None:
    table = f"<table><tr><td>{LINK}</td><td>{LINK}</td></tr></table>"
    assert _without_rows(f"<div>{paragraphs(*PORT)}{table}</div>") == "".join(PORT)


def test_a_single_link_is_no_row() -> None:
    assert LINK[13:-4] in _without_rows(f"<div>{paragraphs(*PORT)}<p>{LINK}</p></div>")


def test_a_row_with_words_of_its_own_stays() -> None:
    row = f"<p>船东有两家：{LINK}，以及{LINK}。</p>"
    assert "船东有两家" in _without_rows(f"<div>{paragraphs(*PORT)}{row}</div>")


def test_a_paragraph_of_twenty_characters_before_a_list_is_no_label() -> None:
    """A label is short; in these scripts twenty characters are a sentence."""
    sentence = "渡轮的旧照片由三位退休船长提供给博物馆今天起展出"
    rows = f"<p>{sentence}</p><ul><li>{LINK}</li><li>{LINK}</li></ul>"
    assert sentence in extracted(html(f"<div>{paragraphs(*PORT)}{rows}</div>")).text


def test_a_deep_page_full_of_links_is_read_in_time() -> None:
    """Nested boxes of links would otherwise be counted once for each level."""
    rows = f"<p>{LINK}{LINK}</p>" * 2000
    page = html(f"<div>{paragraphs(*PORT)}{'<div>' * 150}{rows}{'</div>' * 150}</div>")
    assert extracted(page).text.startswith(PORT[0])
