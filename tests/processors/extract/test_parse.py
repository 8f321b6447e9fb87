from __future__ import annotations

import pytest

from processors.base import Skip
from processors.extract.parse import MAX_BYTES, MAX_DEPTH, flattened, parse, refuse_other_than_html
from processors.records import Reason
from tests.processors.extract.pages import PROSE, html, paragraphs


def _depth(page: bytes) -> int:
    return max(sum(1 for _ in element.iterancestors()) for element in parse(page).iter())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.EMPTY),
        (b" \n\t ", Reason.EMPTY),
        (b"%PDF-1.7 \x93\x8c", Reason.NOT_HTML),
        (b"\x89PNG\r\n\x1a\n", Reason.NOT_HTML),
        (b"\x01\x02\x03\x04" * 100, Reason.NOT_HTML),
        (b"x" * (MAX_BYTES + 1), Reason.TOO_LARGE),
    ],
)
def test_what_is_no_page_is_refused_with_its_reason(body: bytes, reason: Reason) -> None:
    with pytest.raises(Skip) as skipped:
        refuse_other_than_html(body)
    assert skipped.value.reason is reason


def test_text_with_a_stray_control_byte_is_still_a_page() -> None:
    refuse_other_than_html(b"<html><body>one \x01 two</body></html>" + b" " * 100)


@pytest.mark.parametrize(
    "page", [b"<p>x", b"<svg><g/></svg>", b"plain", b"<html>", b"<head></head>", b"<frameset><frame></frameset>"]
)
def test_every_tree_has_html_and_body(page: bytes) -> None:
    root = parse(page)
    assert root.tag == "html"
    assert root.find("body") is not None


def test_page_without_any_element_is_skipped() -> None:
    with pytest.raises(Skip) as skipped:
        parse(b"</>")
    assert skipped.value.reason is Reason.NO_TEXT


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li", "section"])
def test_nesting_beyond_every_limit_keeps_its_text(tag: str) -> None:
    page = html(f"<{tag}>" * 20_000 + paragraphs(*PROSE)).encode()
    root = parse(page)
    assert all(text in root.text_content() for text in PROSE)


@pytest.mark.parametrize("levels", [250, 300, 2_000, 10_000])
@pytest.mark.parametrize("tag", ["div", "i", "ul><li", "dl><dd", "table><tr><td", "x-box", "blockquote"])
def test_no_tree_is_deeper_than_what_later_steps_can_walk(tag: str, levels: int) -> None:
    page = html(f"<{tag}>" * levels + paragraphs(*PROSE)).encode()
    assert _depth(page) <= 260


def test_a_text_beyond_the_limit_of_the_parser_is_read_to_its_end() -> None:
    """More than 10 MB in one text node, and what follows it."""
    page = b"<p>" + b"word " * 2_100_000 + b"</p><p>the last</p>"
    assert parse(page).findall(".//p")[-1].text == "the last"


def test_flattening_leaves_shallow_pages_as_they_are() -> None:
    page = html("<div><div>" + paragraphs(*PROSE) + "</div></div>" + "<p>open" * 1000).encode()
    assert flattened(page) == page


def test_flattened_page_is_shallow() -> None:
    page = html("<div>" * 5000 + "x" + "</div>" * 5000).encode()
    assert _depth(flattened(page)) <= MAX_DEPTH + 3


def test_start_tag_with_100_000_attributes_loses_them_but_not_its_name() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(100_000))
    root = parse(html(f'<div class="story" {attributes}>text</div>').encode())
    division = root.find(".//div")
    assert dict(division.attrib) == {"class": "story"}
    assert division.text == "text"


def test_references_to_characters_that_xml_forbids_vanish() -> None:
    root = parse(html("<p>a&#0;b&#x1;c&#xD800;d&#65535;e&#12;f&#38;g</p>").encode())
    text = root.find(".//p").text
    root.find(".//p").text = text  # lxml refuses forbidden characters here
    assert text.replace("\ufffd", "") == "abcdef&g"


@pytest.mark.parametrize(
    "start", ["<!DOCTYPE html />", '<html lang="en" />', "<!DOCTYPE html PUBLIC '-//W3C//DTD/' />"]
)
def test_empty_element_syntax_at_the_top_costs_nothing(start: str) -> None:
    assert "kept" in parse(f"{start}<body><p>kept</p></body>".encode()).text_content()


@pytest.mark.parametrize("end", ["</html>", "</body></html>", "</HTML >"])
def test_a_page_goes_on_behind_the_end_of_its_header_file(end: str) -> None:
    """Pages put together of several files have an end in the middle; browsers pass over it, libxml2 stops there."""
    page = html(f"<div>menu</div>{end}\n<div>{paragraphs(*PROSE)}</div>" + "\n" * 20)
    assert PROSE[-1] in parse(page.encode()).text_content()


def test_what_stands_behind_the_end_without_an_element_is_left_alone() -> None:
    assert "stray" not in parse(f"{html(paragraphs(*PROSE))}<!-- stray -->".encode()).text_content()
