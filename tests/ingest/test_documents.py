"""What a line of JSON holds: pages as given, records and dead letters of ours, and clear refusals."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.documents import DocumentError, document_of
from processors.records import (
    ArchiveRef,
    Article,
    Failed,
    Form,
    Mode,
    Origin,
    Page,
    Reason,
    Record,
    Revision,
    Step,
    TextSource,
)
from sinks.codec import encode_failed, encode_record

HERE = Origin(mode=Mode.REPLAY, archive=ArchiveRef(file="x.jsonl", offset=5))
THERE = Origin(
    mode=Mode.RUN,
    document_id="d1",
    feed="https://news.example/feed",
    fetched=datetime(2012, 5, 27, tzinfo=UTC),
    archive=ArchiveRef(file="old.warc", offset=9),
)


def line(body: bytes | str | dict) -> Page:
    if isinstance(body, dict):
        body = json.dumps(body)
    data = body.encode() if isinstance(body, str) else body
    return Page(form=Form.LINE, body=data, origin=HERE, text_source=TextSource.ARCHIVE)


def given_page(body) -> Page:
    page = document_of(line(body))
    assert isinstance(page, Page)
    return page


def test_all_fields():
    page = given_page(
        {
            "id": "a/../b",
            "url": " https://news.example/1 ",
            "title": "Bridge opens",
            "text": "Text\u2028of it.",
            "summary": "A bridge.",
            "authors": ["Ann", " ", " Ben "],
            "published": "2012-05-27T06:00:00-08:00",
            "modified": "27 May 2012",
            "language": "en",
            "fetched": "2012-05-28",
            "unknown": {"any": ["thing"]},
        }
    )

    assert (page.form, page.text_source) == (Form.GIVEN, TextSource.ARCHIVE)
    assert page.body.decode() == "Text\u2028of it."
    assert page.url == "https://news.example/1"
    assert page.origin == replace(HERE, document_id="a/../b", fetched=datetime(2012, 5, 28, tzinfo=UTC))
    assert (page.hint.title, page.hint.summary, page.hint.language) == ("Bridge opens", "A bridge.", "en")
    assert page.hint.authors == ("Ann", "Ben")
    assert page.hint.published is not None
    assert page.hint.published.isoformat() == "2012-05-27T06:00:00-08:00"
    assert page.hint.modified == datetime(2012, 5, 27, tzinfo=UTC)


def test_html_goes_before_text_and_is_utf_8_whatever_it_says():
    page = given_page({"html": "<meta charset=latin-1><p>Brücke", "text": "other"})

    assert (page.form, page.text_source) == (Form.HTML, TextSource.PAGE)
    assert page.body.decode() == "<meta charset=latin-1><p>Brücke"
    assert page.content_type == "text/html; charset=utf-8"


def test_a_title_alone_is_a_document_with_an_empty_text():
    page = given_page({"title": "Bridge opens"})

    assert (page.form, page.body) == (Form.GIVEN, b"")


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_address_is_none(empty):
    assert given_page({"text": "a", "url": empty}).url is None


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [("a", "a"), ("", None), (None, None), (0, "0"), (-5, "-5"), (2**63, str(2**63)), (2**64 - 1, str(2**64 - 1))],
)
def test_ids(given_id, kept):
    assert given_page({"text": "a", "id": given_id}).origin.document_id == kept


@pytest.mark.parametrize("field", ["published", "modified", "fetched"])
@pytest.mark.parametrize("value", ["someday", "", "99999-01-01", "0"])
def test_a_time_that_nobody_understands_counts_as_absent(field, value):
    page = given_page({"text": "a", field: value})

    assert (page.hint.published, page.hint.modified, page.origin.fetched) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "kept"),
    [("1987-02-26T15:10:44Z", True), ("1970-01-02", True), ("1970-01-01T00:00:00Z", False), ("1969-07-20", False)],
)
def test_archives_are_older_than_the_web_but_no_clock_is_unset(value, kept):
    assert (given_page({"text": "x", "published": value}).hint.published is not None) is kept


def test_one_author_may_be_a_string():
    assert given_page({"text": "a", "authors": "Ann"}).hint.authors == ("Ann",)


def test_the_last_of_fields_of_the_same_name_counts():
    assert given_page('{"text": "a", "text": "b"}').body == b"b"


def test_a_byte_order_mark_is_no_part_of_the_line():
    assert given_page(b'\xef\xbb\xbf{"text": "a"}').body == b"a"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"id": 2**64, "text": "a"}, "id must be a string or a whole number of up to 64 bits"),
        ({"id": 1.5, "text": "a"}, "id must be"),
        ({"id": True, "text": "a"}, "id must be"),
        ({"id": ["a"], "text": "a"}, "id must be"),
        ({"title": ["a"]}, "title must be a string, not list"),
        ({"text": 5}, "text must be a string, not int"),
        ({"text": "a", "url": {}}, "url must be a string"),
        ({"text": "a", "published": {"at": 1}}, "published must be a string"),
        ({"text": "a", "authors": ["a", 1]}, "authors must be a list of strings"),
        ({"text": "a", "authors": {"name": "a"}}, "authors must be a list of strings"),
        ({"other": "a"}, "holds neither html nor text nor title"),
        ({"html": "", "title": ""}, "holds neither"),
        ("[]", "not a JSON object but list"),
        ("{", "not JSON"),
        ('{"text": "a" 5}', "not JSON: unexpected .* at character 13$"),
        ('{"text": "a",\n"title" 5}', "not JSON: .* at line 2, column 9$"),
        ("", "not JSON"),
        (b'{"text": "\xff"}', "not JSON"),
        (r'{"text": "\ud800"}', "not JSON"),
        ('{"text": "a", "n": 1e999}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ({"schema": 2, "fingerprint": {}, "origin": {}, "id": "a"}, "schema 2 is not known"),
        ({"schema": 1, "fingerprint": {}, "origin": {"mode": "odd"}, "id": "a"}, "not a record"),
        ({"schema": 1, "dead_letter": True}, "not a dead letter"),
        ({"schema": 7, "dead_letter": True}, "schema 7 is not known|not a dead letter of schema 1"),
    ],
)
def test_what_is_no_document_is_refused_with_its_reason(body, error):
    with pytest.raises(DocumentError, match=error):
        document_of(line(body))


def test_a_line_of_a_later_version_of_another_tool_is_read_for_what_we_know():
    assert given_page({"schema_version": 999, "text": "a"}).body == b"a"


@pytest.mark.parametrize("row", [{"id": "x", "new": 1}, {"url": "https://news.example/1", "content": "a"}])
def test_a_line_that_names_a_document_and_holds_nothing_of_it_is_an_empty_one(row):
    skipped = document_of(line(row))

    assert (skipped.reason, skipped.detail) == (Reason.EMPTY, "holds neither html nor text nor title")
    assert (skipped.origin.document_id, skipped.url) == (row.get("id"), row.get("url"))


RECORD = Record(
    id="abc",
    article=Article(title="Bridge opens", text="Text.", url="https://news.example/1"),
    origin=THERE,
    fingerprint={"rules": "1"},
    revision=Revision(n=3),
)


def test_a_record_comes_back_as_it_was_but_for_the_mode():
    again = document_of(line(encode_record(RECORD)))

    assert again == replace(RECORD, origin=replace(THERE, mode=Mode.REPLAY))


def test_a_record_without_a_place_gets_that_of_its_line():
    again = document_of(line(encode_record(replace(RECORD, origin=replace(THERE, archive=None)))))

    assert again.origin.archive == HERE.archive


INPUT = Page(form=Form.HTML, body=b"<p>\xff", origin=THERE, url="https://news.example/1", attempt=2)


def test_a_dead_letter_gives_its_input_for_another_attempt():
    letter = Failed(origin=THERE, url=INPUT.url, step=Step.EXTRACT, error="too slow", page=INPUT, attempt=2)

    again = document_of(line(encode_failed(letter)))

    assert again == replace(INPUT, origin=replace(THERE, mode=Mode.REPLAY), attempt=3)


def test_a_dead_letter_of_a_line_gives_what_the_line_holds():
    bad = replace(line({"id": "d1", "text": "a"}), attempt=1)
    letter = Failed(origin=HERE, url=None, step=Step.PROCESS, error="odd", page=bad)
    twice = Failed(origin=HERE, url=None, step=Step.READ, error="odd", page=line(encode_failed(letter)))

    again = document_of(line(encode_failed(twice)))

    assert isinstance(again, Page)
    assert (again.form, again.body, again.origin.document_id) == (Form.GIVEN, b"a", "d1")
    assert again.attempt == 2


def test_a_dead_letter_without_input_names_what_to_replay():
    letter = Failed(origin=THERE, url=None, step=Step.READ, error="old.warc: at byte 9: cut")

    with pytest.raises(DocumentError, match=r"old\.warc: at byte 9: cut.*replay the archive"):
        document_of(line(encode_failed(letter)))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_GIVEN = ["id", "url", "title", "text", "html", "published", "fetched", "authors"]
_OURS = ["schema", "fingerprint", "origin", "revision", "dead_letter", "input", "step", "error", "attempt"]
_NAMES = st.sampled_from([*_GIVEN, *_OURS, "topics", "removed", "provenance", "dup", "story"])


@given(st.dictionaries(_NAMES, _VALUES))
def test_any_object_is_a_document_or_refused(row):
    with suppress(DocumentError):
        assert document_of(line(row)).origin.archive is not None


@given(st.sampled_from(sorted(json.loads(encode_record(RECORD)))), _VALUES)
@example("provenance", [1])
@example("fingerprint", [1])
def test_a_record_with_a_wrong_field_is_a_record_or_refused(name, value):
    row = json.loads(encode_record(RECORD)) | {name: value}
    with suppress(DocumentError):
        assert isinstance(document_of(line(row)), Record | Page)
