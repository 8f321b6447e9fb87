"""ARC: documents, offsets, resuming, damage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.records import Page, Skipped
from tests.ingest.sources.samples import FILEDESC, PACKINGS, arc, document, each, html, response, short

DOCUMENTS = [FILEDESC, *(document(n) for n in range(4))]


def words(data: bytes) -> list[str]:
    return short(outcome for outcome, _ in arc(data))


def test_a_document_becomes_a_page_with_its_origin():
    [(page, _)] = arc(FILEDESC + document(3))

    assert isinstance(page, Page)
    assert (page.url, page.body, page.content_type) == ("http://news.example/3", html(3), "text/html; charset=utf-8")
    assert page.origin.fetched == datetime(1937, 5, 27, 6, tzinfo=UTC)
    assert page.origin.archive is not None
    assert page.origin.archive.offset == len(FILEDESC)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        (b"http://news.example/a b 192.0.2.1 19370527060000 text/html %d\n", "http://news.example/a%20b"),
        (b"http://news.example/a ::1 19370527 no-type %d\r\n", "http://news.example/a"),
        (
            b"http://news.example/a 192.0.2.1 19370527060000 text/html 200 SUM - 0 x.arc.gz %d\n",
            "http://news.example/a",
        ),
    ],
)
def test_forms_of_the_line_before_a_document(line, url):
    block = response(html(1))

    [(page, _)] = arc(FILEDESC + line % len(block) + block + b"\n")

    assert page.url == url


def test_what_was_not_fetched_by_http_is_passed_over():
    dns = b"dns:news.example 192.0.2.1 19370527060000 text/dns 4\nabcd\n"

    assert words(FILEDESC + dns + document(1)) == ["1"]


def test_what_is_no_page_is_skipped_with_its_reason():
    [(skipped, _)] = arc(FILEDESC + document(1, response(b"", "302 Found")))

    assert isinstance(skipped, Skipped)
    assert skipped.detail == "302"


@pytest.mark.parametrize("pack", PACKINGS)
def test_resuming_from_every_position_gives_exactly_the_rest(pack):
    data = PACKINGS[pack](DOCUMENTS)

    read = arc(data)

    assert short(outcome for outcome, _ in read) == ["0", "1", "2", "3"]
    for index, (_, position) in enumerate(read):
        assert arc(data, position) == read[index + 1 :]


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize(
    "wrong",
    [document(1, length=50), document(1, length=99_999), document(1, length=-1), b"garbage \xff", b"line\n" * 40],
    ids=["small", "large", "negative", "garbage", "text"],
)
def test_damage_is_reported_once_and_harms_no_neighbour(wrong, pack):
    if wrong == b"garbage \xff":
        wrong += b"\n"  # a line of fields begins a line: that is all there is to know it by
    data = PACKINGS[pack]([*DOCUMENTS[:2], wrong, *DOCUMENTS[3:]])

    assert words(data) == ["0", "!", "2", "3"]


def test_a_torn_member_is_reported_once_and_harms_no_neighbour():
    members = [each([part]) for part in DOCUMENTS]
    members[2] = members[2][:-20]

    assert words(b"".join(members)) == ["0", "!", "2", "3"]


@settings(max_examples=100, deadline=timedelta(seconds=5))
@given(pack=st.sampled_from(sorted(PACKINGS)), where=st.floats(0, 1), new=st.binary(max_size=60))
def test_whatever_bytes_are_put_in_reading_ends_and_resumes(pack, where, new):
    data = PACKINGS[pack](DOCUMENTS)
    at = int(where * len(data))
    data = data[:at] + new + data[at:]

    read = arc(data)

    assert len(read) < 20
    for index, (_, position) in enumerate(read):
        assert arc(data, position) == read[index + 1 :]
