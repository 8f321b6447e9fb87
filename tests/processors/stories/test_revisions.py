from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.records import Article, Edit
from processors.stories.revisions import Class, revised
from processors.stories.sentences import differing

TITLE = "Ferry to Halvik sails again"
TEXT = (
    "The ferry to Halvik sails twice a day from Monday, the harbour office said.\n"
    "It was laid up for 14 weeks after a fire in its engine room, which Mr. Osgood had reported.\n"
    "Tickets are sold on the pier; children travel for half the price.\n"
    "“We have missed it,” a spokeswoman for the village shops said."
)
OLD = Article(title=TITLE, text=TEXT, language="en")


def changed(text=TEXT, title=TITLE, **fields):
    return revised(OLD, Article(**{"title": title, "text": text, "language": "en"} | fields))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT, id="the same"),
        pytest.param(TEXT.replace("\n", " "), id="one paragraph"),
        pytest.param(TEXT.replace(" a ", "\n a "), id="broken lines"),
        pytest.param(TEXT.replace("“", '"').replace("”", '"'), id="straight quotes"),
        pytest.param(TEXT.replace(" ", "\u00a0"), id="fixed spaces"),
        pytest.param(TEXT.replace("room,", "room ,"), id="a space before a comma"),
    ],
)
def test_white_space_and_quotes_change_nothing(text) -> None:
    assert changed(text).kind is Class.NONE


@pytest.mark.parametrize(
    "line",
    [
        "Updated 5 minutes ago",
        "Published March 3, 2026 at 10:05",
        "12 comments",
        "Share Tweet Email Print",
        "Related: Five charts that explain the ferry",
        "Sign up for our newsletter",
        "Copyright 2026. All rights reserved.",
        "Photo",
        "Advertisement",
        "3 min read",
    ],
)
def test_lines_that_change_by_themselves_are_cosmetic(line) -> None:
    assert changed(f"{TEXT}\n{line}").kind is Class.COSMETIC
    assert changed(f"{line}\n{TEXT}").kind is Class.COSMETIC


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("reported", "repotred", id="a slip"),
        pytest.param("missed", "longed for", id="a word"),
        pytest.param("pier;", "pier, and", id="punctuation"),
        pytest.param("the pier", "The Pier", id="capitals"),
        pytest.param("said.", "said. Reporting by Ada Quill; editing by Ben Inkwell.", id="a credit"),
    ],
)
def test_wording_is_minor(old, new) -> None:
    assert old in TEXT
    assert changed(new.join(TEXT.rsplit(old, 1))).kind is Class.MINOR


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("14 weeks", "15 weeks", id="a number"),
        pytest.param("sails twice", "never sails twice", id="a negation"),
        pytest.param("had reported", "hadn't reported", id="a short negation"),
        pytest.param("Osgood", "Mallory", id="a name"),
        pytest.param("Tickets are sold on the pier; children travel for half the price.\n", "", id="a sentence gone"),
        pytest.param("office said.", "office said. The crew was not on board.", id="a sentence more"),
        pytest.param(
            "a fire in its engine room", "drifting ice had bent both propellers and cracked her rudder", id="many words"
        ),
        pytest.param("shops said.", "shops said. Correction: the price was wrong.", id="a note"),
    ],
)
def test_facts_are_substantive(old, new) -> None:
    assert old in TEXT
    assert changed(TEXT.replace(old, new)).kind is Class.SUBSTANTIVE


def test_a_headline_is_substantive_when_words_of_it_change() -> None:
    assert changed(title="Ferry to Halvik Sails Again").kind is Class.MINOR
    assert changed(title="Halvik ferry back after engine fire").kind is Class.SUBSTANTIVE


def test_what_changed_is_told() -> None:
    found = changed(TEXT.replace("14 weeks", "15 weeks"), "Ferry to Halvik sails", authors=("Ada Quill",))

    assert found.changed == ("title", "text", "authors")
    assert found.numbers == (("14", "15"),)
    assert found.correction is None
    assert found.edits[0] == Edit(old=TITLE, new="Ferry to Halvik sails")
    assert [edit.old.replace("14", "15") for edit in found.edits[1:]] == [edit.new for edit in found.edits[1:]]


def test_a_correction_is_quoted() -> None:
    note = "Correction: An earlier version misstated the name of the ship."

    assert changed(f"{TEXT}\n{note}").correction == note
    assert revised(Article(title=TITLE, text=f"{TEXT}\n{note}"), OLD).correction is None


def test_what_came_and_what_went_are_told_apart() -> None:
    first, *rest = TEXT.split("\n")
    found = changed("\n".join([*rest, "A second ship is being built in Corvane."]))

    assert Edit(old=first, new="") in found.edits
    assert Edit(old="", new="A second ship is being built in Corvane.") in found.edits


def test_an_article_written_anew_is_compared_in_bounded_time() -> None:
    old = Article(title="a", text="\n".join(f"Old sentence number {n} of many." for n in range(3_000)))
    new = Article(title="a", text="\n".join(f"New phrase {n} among others here." for n in range(3_000)))
    found = revised(old, new)

    assert found.kind is Class.SUBSTANTIVE
    assert len(found.edits) == 20
    assert len(found.numbers) <= 20


def test_only_metadata_changes_nothing_that_is_read() -> None:
    found = changed(section="Harbour")

    assert (found.kind, found.changed) == (Class.NONE, ("section",))


def test_chinese_sentences_are_told() -> None:
    old = Article(title="渡轮复航", text="渡轮从周一起复航。船票在码头出售。", language="zh")
    new = Article(title="渡轮复航", text="渡轮从周一起复航。船票在码头出售。儿童半价。", language="zh")

    found = revised(old, new)

    assert found.kind is Class.SUBSTANTIVE
    assert found.edits == (Edit(old="", new="儿童半价。"),)


@given(st.lists(st.sampled_from(["One. ", "Two. ", "A b c. ", "\n", "U.S. ", "x"]), max_size=8), st.data())
def test_only_whole_sentences_are_left_out_where_two_texts_are_alike(parts, data) -> None:
    """What is left of the two is what differs: the rest, put around each, gives both back."""
    other = [*parts[: data.draw(st.integers(0, len(parts)))], *data.draw(st.lists(st.sampled_from(["One. ", "y"])))]
    old, new = "".join(parts), "".join(other)
    before, after = differing(old, new)

    begin = old.find(before) if before else 0
    assert old.endswith(before) or before in old
    assert len(old) - len(before) == len(new) - len(after)
    assert begin >= 0
    assert (before == after) is (old == new)
