"""Archived HTTP responses: headers as archives have them, and codings undone or seen through."""

from __future__ import annotations

import gzip
import time
import zlib

import brotli
import pytest
import zstandard

from ingest.sources.http import Block, checked_digest, outcome_of, parsed_response, percent_encoded
from processors.records import ArchiveRef, Failed, Mode, Origin, Page, Reason, Skipped
from tests.ingest.sources.samples import LIMIT, html, response

ORIGIN = Origin(mode=Mode.REPLAY, archive=ArchiveRef(file="x.warc", offset=12))
BODY = html(1)


def outcome(body: bytes, **more: str) -> Page | Skipped | Failed:
    return outcome_of(Block(body=body, length=len(body), url=None, origin=ORIGIN, is_http=True, **more), limit=LIMIT)


def chunked(body: bytes) -> bytes:
    return b"5;x=y\r\n" + body[:5] + b"\r\n%X\r\n" % (len(body) - 5) + body[5:] + b"\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [
        response(gzip.compress(BODY), Content_Encoding="gzip"),
        response(gzip.compress(BODY), Content_Encoding=" X-GZIP "),
        response(zlib.compress(BODY), Content_Encoding="deflate"),
        response(zlib.compress(BODY, wbits=-15), Content_Encoding="deflate"),
        response(brotli.compress(BODY), Content_Encoding="br"),
        response(zstandard.compress(BODY), Content_Encoding="zstd"),
        response(gzip.compress(brotli.compress(BODY)), Content_Encoding="br, gzip"),
        response(chunked(BODY), Transfer_Encoding="chunked"),
        response(chunked(gzip.compress(BODY)), Transfer_Encoding="chunked", Content_Encoding="gzip"),
    ],
)
def test_codings_are_undone(body):
    page = outcome(body)

    assert isinstance(page, Page)
    assert page.body == BODY


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "utf-8", "none", "identity", "gzip, gzip, gzip"])
def test_a_coding_that_was_undone_before_or_never_done_is_seen_through(coding):
    page = outcome(response(BODY, Content_Encoding=coding))

    assert isinstance(page, Page)
    assert page.body == BODY


def test_chunks_that_were_undone_before_are_seen_through():
    page = outcome(response(BODY, Transfer_Encoding="chunked"))

    assert isinstance(page, Page)
    assert page.body == BODY


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (response(gzip.compress(BODY)[:-9], Content_Encoding="gzip"), "ends early"),
        (response(b"\x1f\x8b\x08garbage", Content_Encoding="gzip"), "damaged"),
        (response(b"\x00\x01", Content_Encoding="compress"), "not known"),
        (response(b"FFFF\r\nshort", Transfer_Encoding="chunked"), "ends early"),
        (b"HTTP/1.1 two hundred\r\n\r\n", "no HTTP response"),
        (b"<html>", "no HTTP response"),
        (b"", "no HTTP response"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "no HTTP response"),
    ],
)
def test_what_cannot_be_decoded_is_a_dead_letter_that_tells_the_place(body, error):
    failed = outcome(body)

    assert isinstance(failed, Failed)
    assert failed.error.startswith("x.warc: at byte 12: ")
    assert error in failed.error
    assert failed.page is None


def test_a_body_that_the_crawler_cut_says_so():
    failed = outcome(response(gzip.compress(BODY)[:-9], Content_Encoding="gzip"), truncated="length")

    assert isinstance(failed, Failed)
    assert failed.error.endswith("ends early (the crawler kept only a part of it: length)")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_a_bomb_is_too_large(coding):
    pack = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress, "deflate": zlib.compress}[coding]

    skipped = outcome(response(pack(bytes(20_000_000)), Content_Encoding=coding))

    assert isinstance(skipped, Skipped)
    assert skipped.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("content_type", "body", "page"),
    [
        ("TEXT/HTML;charset=x", BODY, True),
        ("text/html, text/html", BODY, True),
        ("application/xhtml+xml", BODY, True),
        ("", BODY, True),
        ("", b"\xef\xbb\xbf\n <!DOCTYPE HTML><p>", True),
        ("", b"<?xml version='1.0'?><html xmlns='x'>", True),
        ("", b"<?xml version='1.0'?><rss>", False),
        ("", b"Bridge opens", False),
        ("", b"", False),
        ("text/plain", BODY, False),
    ],
)
def test_what_counts_as_html(content_type, body, page):
    assert isinstance(outcome(response(body, Content_Type=content_type)), Page) is page


def test_headers_may_be_folded_repeated_and_in_any_case():
    parsed = parsed_response(b"HTTP/1.1 200\r\nA: 1\r\n\tand 2\r\nno header\r\n: x\r\na: 3\r\nB:\xc3\x85x\r\n\r\nbody")

    assert parsed is not None
    assert parsed.headers == {"a": "1 and 2, 3", "b": "\xc3\x85x"}
    assert parsed.payload == b"body"


@pytest.mark.parametrize("line", [b"a: b\n", b"a:\n x\n", b" \n", b"\t", b":"])
def test_headers_take_time_in_proportion_to_their_length(line):
    started = time.process_time()

    parsed_response(b"HTTP/1.1 200 OK\n" + (line * 65_536)[:65_000] + b"\n\n")

    assert time.process_time() - started < 1


def test_urls_hold_no_spaces_or_controls():
    assert percent_encoded("http://h/a b\x00\n?é=%20") == "http://h/a%20b%00%0A?é=%20"


@pytest.mark.parametrize(
    "labelled", [None, "", "sha1", "sha1:", "sha1:ÄÖ", "sha1:AAAA", "what:AAAA", "sha1:" + "=" * 32]
)
def test_digests_that_cannot_be_checked(labelled):
    assert checked_digest(labelled) is None
