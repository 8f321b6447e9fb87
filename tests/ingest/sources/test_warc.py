"""WARC: what becomes of each kind of record and of damage, offsets, and resuming."""

from __future__ import annotations

import base64
import gzip
import hashlib
import resource
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources.base import Position
from processors.records import Failed, Page, Reason, Skipped
from tests.ingest.sources.samples import LIMIT, PACKINGS, each, html, record, response, short, warc, whole

RECORDS = [record(n) for n in range(5)]


def only(data: bytes) -> Page | Skipped | Failed:
    read = warc(data)
    assert len(read) == 1
    return read[0][0]


def words(data: bytes) -> list[str]:
    return short(outcome for outcome, _ in warc(data))


def test_a_response_becomes_a_page_with_its_origin():
    page = only(record(7, WARC_Payload_Digest=_sha1(html(7))))

    assert isinstance(page, Page)
    assert page.body == html(7)
    assert (page.url, page.content_type) == ("https://news.example/7", "text/html; charset=utf-8")
    assert page.origin.fetched == datetime(1937, 5, 27, 6, tzinfo=UTC)
    assert page.origin.archive is not None
    assert page.origin.archive.digest == _sha1(html(7))


@pytest.mark.parametrize(
    ("headers", "block", "reason"),
    [
        ({"WARC_Type": "revisit"}, response(b""), Reason.REVISIT),
        ({}, response(html(1), "404 Not Found"), Reason.HTTP_STATUS),
        ({}, response(b"{}", Content_Type="application/json"), Reason.NOT_HTML),
        ({}, response(html(1, 50_000)), Reason.TOO_LARGE),
        ({}, response(b"x" * 3 * LIMIT), Reason.TOO_LARGE),
        ({}, response(b"x" * 3 * LIMIT, Content_Type="video/mp4"), Reason.NOT_HTML),
        ({"WARC_Type": "conversion", "Content_Type": "text/plain"}, b"Bridge opens", Reason.NOT_HTML),
        ({"WARC_Type": "resource", "Content_Type": None}, b"\x89PNG", Reason.NOT_HTML),
    ],
)
def test_what_is_no_page_is_skipped_with_its_reason(headers, block, reason):
    skipped = only(record(1, block, **headers))

    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.url) == (reason, "https://news.example/1")
    assert skipped.origin.archive is not None


@pytest.mark.parametrize(
    ("headers", "block"),
    [
        ({"WARC_Type": "resource", "Content_Type": "text/html"}, html(1)),
        ({"WARC_Type": "resource", "Content_Type": None}, html(1)),
        ({"Content_Type": None}, response(html(1))),
        ({"WARC_Type": "RESPONSE"}, response(html(1))),
        ({"WARC_Truncated": "length"}, response(html(1))),
        ({}, b"HTTP/1.1 200 OK\r\n\r\n" + html(1)),
        ({}, b"HTTP/1.0 200\nContent-Type: text/html\n\n" + html(1)),
    ],
)
def test_unusual_records_of_pages_are_pages(headers, block):
    page = only(record(1, block, **headers))

    assert isinstance(page, Page)
    assert page.body == html(1)


@pytest.mark.parametrize("kind", ["warcinfo", "request", "metadata", "continuation", "unheard-of"])
def test_records_of_other_types_are_passed_over(kind):
    assert words(record(1, WARC_Type=kind) + record(2)) == ["2"]


def test_a_segment_of_a_document_is_no_document():
    failed = only(record(1, WARC_Segment_Number="1"))

    assert isinstance(failed, Failed)
    assert "segment" in failed.error


@pytest.mark.parametrize(
    ("stamp", "fetched"),
    [
        ("1937-05-27T06:00:00", datetime(1937, 5, 27, 6, tzinfo=UTC)),
        ("1937-05-27T06:00:00.123456789Z", datetime(1937, 5, 27, 6, 0, 0, 123456, tzinfo=UTC)),
        ("1937-05-27T06:00:00-08:00", datetime(1937, 5, 27, 14, tzinfo=UTC)),
        ("1937-05-27", datetime(1937, 5, 27, tzinfo=UTC)),
        ("in May", None),
        (None, None),
    ],
)
def test_dates(stamp, fetched):
    assert only(record(1, WARC_Date=stamp)).origin.fetched == fetched


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("<https://news.example/a>", "https://news.example/a"),
        ("https://news.example/a b", "https://news.example/a%20b"),
        ("", None),
        (None, None),
    ],
)
def test_addresses(target, url):
    assert only(record(1, WARC_Target_URI=target)).url == url


def _sha1(body: bytes, encode=base64.b32encode) -> str:
    return "sha1:" + encode(hashlib.sha1(body).digest()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"WARC_Block_Digest": _sha1(response(html(1)))},
        {"WARC_Payload_Digest": _sha1(html(1), base64.b16encode)},
        {"WARC_Payload_Digest": f"sha-256:{hashlib.sha256(html(1)).hexdigest()}"},
        {"WARC_Payload_Digest": _sha1(html(1), base64.b64encode)},
        {"WARC_Payload_Digest": "crc:00000000"},
        {"WARC_Payload_Digest": "sha1:too-short"},
        {"WARC_Block_Digest": _sha1(b"other"), "WARC_Payload_Digest": _sha1(html(1))},
    ],
)
def test_a_digest_that_matches_or_cannot_be_checked_is_no_obstacle(headers):
    assert isinstance(only(record(1, **headers)), Page)


def test_a_digest_that_does_not_match_makes_a_dead_letter_that_holds_the_decoded_page():
    block = response(gzip.compress(html(1)), Content_Encoding="gzip")

    failed = only(record(1, block, WARC_Block_Digest=_sha1(b"other")))

    assert isinstance(failed, Failed)
    assert "digest" in failed.error
    assert failed.page is not None
    assert (failed.page.body, failed.page.content_type) == (html(1), "text/html; charset=utf-8")


def test_the_digest_of_a_chunked_payload_may_be_of_either_reading():
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(html(1)), html(1))
    block = response(chunked, Transfer_Encoding="chunked")

    for payload in (chunked, html(1)):
        assert isinstance(only(record(1, block, WARC_Payload_Digest=_sha1(payload))), Page)


@pytest.mark.parametrize("pack", PACKINGS)
def test_resuming_from_every_position_gives_exactly_the_rest(pack):
    parts = [record(0, WARC_Type="warcinfo"), *RECORDS, record(9, WARC_Type="request"), record(6, b"bad"), record(7)]
    data = PACKINGS[pack](parts)

    read = warc(data)

    assert short(outcome for outcome, _ in read) == ["0", "1", "2", "3", "4", "!", "7"]
    for index, (_, position) in enumerate(read):
        assert position.ordinal == index + 1
        assert warc(data, position) == read[index + 1 :]


@pytest.mark.parametrize("pack", ["plain", "each", "lz4"])
def test_offsets_are_where_the_record_begins_in_the_file(pack):
    data = PACKINGS[pack](RECORDS)

    for n, (outcome, _) in enumerate(warc(data)):
        assert outcome.origin.archive is not None
        assert outcome.origin.archive.offset == len(PACKINGS[pack](RECORDS[:n]))


def test_offsets_in_one_member_are_those_of_the_decompressed_bytes():
    offsets = [outcome.origin.archive.offset for outcome, _ in warc(whole(RECORDS)) if outcome.origin.archive]

    assert offsets == [len(b"".join(RECORDS[:n])) for n in range(5)]


BLOCK = response(html(1))
WRONG = {
    "small": record(1, length=len(BLOCK) - 100),
    "large": record(1, length=len(BLOCK) + 100),
    "past the end": record(1, length=9_999_999_999),
    "past all numbers": record(1, length=10**30),
    "negative": record(1, length=-5),
    "none": record(1, length="").replace(b"Content-Length", b"X-Length"),
    "word": record(1, length="many"),
    "huge head": record(1, X="x" * 300_000),
    "head without end": b"WARC/1.0\r\nWARC-Type: response\r\n",
    "garbage": b"\x00\xff garbage without a line end",
    "text": b"a line\nand another\n" * 100,
    "zeros": b"\0" * 5000,
    "version": record(1).replace(b"WARC/1.0", b"WARC/7.0"),
    "minor version": record(1).replace(b"WARC/1.0", b"WARC/1.9"),
}


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize("wrong", WRONG)
def test_damage_between_records_is_reported_once_and_harms_no_neighbour(wrong, pack):
    data = PACKINGS[pack]([RECORDS[0], WRONG[wrong], *RECORDS[2:]])

    read = warc(data)

    assert short(outcome for outcome, _ in read) == ["0", "!", "2", "3", "4"]
    for index, (_, position) in enumerate(read):
        assert warc(data, position) == read[index + 1 :]


@pytest.mark.parametrize("wrong", ["garbage", "text"])
def test_garbage_between_compressed_records_is_reported_once(wrong):
    data = each(RECORDS[:2]) + WRONG[wrong] + each(RECORDS[2:])

    assert words(data) == ["0", "1", "!", "2", "3", "4"]


def test_zeros_between_compressed_records_are_padding():
    assert words(each(RECORDS[:2]) + bytes(700) + each(RECORDS[2:])) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("pack", ["each", "lz4"])
@pytest.mark.parametrize("damaged", [(0,), (1,), (1, 2), (3, 4), (0, 2, 4), (0, 1, 2, 3, 4)])
def test_each_torn_member_is_reported_once_and_harms_no_neighbour(pack, damaged):
    members = [PACKINGS[pack]([part]) for part in RECORDS]
    data = b"".join(member[:-30] if n in damaged else member for n, member in enumerate(members))

    expected = ["!" if n in damaged else str(n) for n in range(5)]
    if pack == "lz4":  # a torn frame gives nothing to know it by: those that follow each other are one damage
        expected = [word for n, word in enumerate(expected) if word != "!" or expected[n - 1 : n] != ["!"]]
    assert words(data) == expected


def test_a_wrong_checksum_makes_a_dead_letter_of_its_record_only():
    members = [bytearray(gzip.compress(part)) for part in RECORDS]
    members[2][-6] ^= 1

    assert words(b"".join(members)) == ["0", "1", "!", "3", "4"]


@pytest.mark.parametrize("pack", PACKINGS)
def test_a_clipped_file_loses_what_was_clipped_and_says_so_once(pack):
    """Wherever it is clipped: records that are whole are read, and one that is not is a dead letter."""
    data = PACKINGS[pack](RECORDS)
    begins = {len(PACKINGS[pack](RECORDS[:n])) for n in range(6)} if pack in {"plain", "each", "lz4"} else set()

    for size in range(0, len(data), 7):
        read = words(data[:size])
        whole_ones = [word for word in read if word != "!"]
        assert whole_ones == ["0", "1", "2", "3", "4"][: len(whole_ones)]
        assert read.count("!") <= 1
        if begins and size not in begins and pack != "plain":
            assert read[-1] == "!"


def test_a_record_that_ends_with_the_file_needs_no_empty_lines_behind_it():
    assert words(b"".join(RECORDS).rstrip(b"\r\n")) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("pack", PACKINGS)
def test_lines_may_end_without_carriage_returns(pack):
    block = b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + html(1)
    part = record(1, block).replace(b"\r\n", b"\n")

    assert words(PACKINGS[pack]([part, part])) == ["1", "1"]


def test_the_first_bytes_tell_the_compression_not_the_name():
    assert words(each(RECORDS[:2])) == words(b"".join(RECORDS[:2])) == ["0", "1"]


def test_a_bomb_is_not_held():
    """300 MB in one record, 300 KB of file."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = record(1, length=300_000_000 + len(response(b""))).removesuffix(html(1) + b"\r\n\r\n")
    bomb = packer.compress(head) + b"".join(packer.compress(bytes(1_000_000)) for _ in range(300))
    data = bomb + packer.compress(b"\r\n\r\n") + packer.flush() + each(RECORDS[2:3])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert words(data) == ["too-large", "2"]

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


@settings(max_examples=150, deadline=timedelta(seconds=5))
@given(
    pack=st.sampled_from(sorted(PACKINGS)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.sampled_from("cdi"), st.binary(min_size=1, max_size=40)), max_size=4),
)
def test_whatever_bytes_are_changed_reading_ends_and_resumes(pack, edits):
    data = PACKINGS[pack](RECORDS)
    for where, what, new in edits:
        at = int(where * len(data))
        end = at + (len(new) if what in "cd" else 0)
        data = data[:at] + (b"" if what == "d" else new) + data[end:]

    read = warc(data)

    assert len(read) < 40
    for index, (_, position) in enumerate(read):
        assert warc(data, position) == read[index + 1 :]


@settings(max_examples=100, deadline=timedelta(seconds=5))
@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data):
    assert len(warc(data)) <= 5
    assert warc(b"WARC/1.0\r\nWARC-Type: response\r\n" + data, Position())[-1:] != []


@pytest.mark.parametrize("name", ["Content-Length", "\rContent-Length", "\f\tcontent-length \t"])
def test_a_second_length_costs_no_memory_and_no_process(name: str):
    """FastWARC allocates it at once, and aborts the process where that fails."""
    told = record(1).replace(b"\r\n\r\nHTTP/", f"\r\n{name}: 999999999999\r\n\r\nHTTP/".encode())

    assert words(told + record(2)) == ["1", "2"]
