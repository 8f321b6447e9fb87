from __future__ import annotations

import pytest

from processors.extract.frontmatter import key, variants, without
from tests.processors.extract.pages import HEADLINE, PROSE


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("The Suez Canal Opens to Ships!", "title"),
        ("By Ada Hartley", "byline"),
        ("Ada Hartley and Tom Brook", "byline"),
        ("HISTORY", "section"),
        ("17 November 2019, 10:30", "date-line"),
        ("17/11/2019 - Publicado por: Ana López - Categoria: Mar", "date-line"),
        ("2019年11月17日 10:30 来源：港口新闻 作者：王小明", "date-line"),
        ("（责任编辑：李四）", "byline"),
    ],
)
def test_line_that_repeats_a_field_goes_with_its_rule(line: str, rule: str) -> None:
    text, removed = without(
        "\n".join([line, *PROSE]), titles=[HEADLINE], authors=("Ada Hartley", "Tom Brook"), section="History"
    )
    assert text == "\n".join(PROSE)
    assert [(removal.rule, removal.text) for removal in removed] == [(rule, line)]


@pytest.mark.parametrize(
    "line",
    [
        "Ada Hartley said the canal would pay within a year.",
        "By Tom Stone",
        "In 1875 the shares were sold.",
        "Ships and shares",
    ],
)
def test_line_that_says_something_stays(line: str) -> None:
    text = "\n".join([line, *PROSE])
    assert without(text, titles=[HEADLINE], authors=("Ada Hartley",), section="History") == (text, ())


def test_title_far_down_is_text() -> None:
    text = "\n".join([*PROSE, *PROSE, HEADLINE, *PROSE])
    assert without(text, titles=[HEADLINE]) == (text, ())


def test_byline_at_the_end_goes() -> None:
    text, removed = without("\n".join([*PROSE, "Ada Hartley"]), authors=["Ada Hartley"])
    assert text == "\n".join(PROSE)
    assert removed[0].rule == "byline"


def test_title_is_recognised_without_the_name_of_its_site() -> None:
    assert key(HEADLINE) in variants([f"{HEADLINE} | Harbour Gazette"])
    assert key(HEADLINE) in variants([f"{HEADLINE} - History - Gazette"])


def test_letters_decide_not_quotes_or_dashes() -> None:
    assert key("“Opens” – today") == key('"opens" - Today')
    assert variants(["", "ab", "x" * 500]) == frozenset()


NOTES = (
    "Ada Hartley is a historian of canals and lives in Port Said, where she keeps a lighthouse.",
    "Our correspondent Ada Hartley has reported from Port Said since the spring of 1998.",
)


@pytest.mark.parametrize("note", NOTES)
def test_note_on_the_author_at_the_end_goes(note: str) -> None:
    text, removed = without("\n".join([*PROSE, *PROSE, *PROSE, note]), authors=["Ada Hartley"])
    assert text == "\n".join([*PROSE, *PROSE, *PROSE])
    assert [(removal.rule, removal.text) for removal in removed] == [("author-note", note)]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*PROSE, *PROSE, *PROSE, f"- {NOTES[0]}"]),
        "\n".join([NOTES[0], *PROSE, *PROSE, *PROSE]),
        "\n".join([*PROSE, NOTES[0]]),
        "\n".join([*PROSE, *PROSE, *PROSE, f"Nobody who was asked for this article knew what {NOTES[0]}"]),
    ],
    ids=["item", "first", "short text", "named far in"],
)
def test_where_an_author_is_spoken_of_the_line_stays(text: str) -> None:
    assert without(text, authors=["Ada Hartley"]) == (text, ())
