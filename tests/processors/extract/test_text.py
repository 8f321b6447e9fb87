from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.extract.text import one_line, paragraphs


def test_paragraphs_are_joined_by_one_newline() -> None:
    assert paragraphs("  One\xa0 two \r\n\n\u2028 Three\t four \n") == "One two\nThree four"


def test_table_markup_goes_and_cells_stay() -> None:
    assert paragraphs("| Year | Ships |\n|---|---|\n| 1870 | 486 |") == "Year | Ships\n1870 | 486"


def test_invisible_characters_go_and_letters_are_composed() -> None:
    assert paragraphs("Sue\u00adz\u200b Kana\u0308le\ufeff") == "Suez Kanäle"


def test_lone_list_marker_is_no_paragraph() -> None:
    assert paragraphs("-\nOne") == "One"


def test_one_line_of_nothing_is_none() -> None:
    assert one_line(None) is None
    assert one_line(" \n\u200b") is None
    assert one_line(" a\nb ") == "a b"


@given(st.text())
def test_every_paragraph_is_a_stripped_line_and_a_second_pass_changes_nothing(text: str) -> None:
    result = paragraphs(text)
    assert all(line and line == line.strip() for line in result.split("\n") if result)
    assert paragraphs(result) == result
