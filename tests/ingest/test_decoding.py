"""Undoing codings: right, bounded, and never silently short."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoding import BodyError, BodyTooLargeError, dechunked, decoded

PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
DATA = bytes(range(256)) * 2000
LIMIT = 1_000_000


@pytest.mark.parametrize("coding", PACK)
@pytest.mark.parametrize("data", [b"x", DATA])
def test_what_was_packed_comes_out(coding, data):
    assert decoded(PACK[coding](data), [coding], limit=len(data)) == data


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_several_members_are_one_body(coding):
    pack = PACK[coding]

    assert decoded(pack(DATA[:99]) + pack(b"") + pack(DATA[99:]), [coding], limit=LIMIT) == DATA


def test_deflate_may_lack_its_wrapper():
    assert decoded(zlib.compress(DATA, wbits=-15), ["deflate"], limit=LIMIT) == DATA


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("junk", [b"\0\0", b"junk"])
def test_junk_behind_a_whole_body_is_ignored(coding, junk):
    assert decoded(PACK[coding](DATA) + junk, [coding], limit=LIMIT) == DATA


def test_codings_are_undone_last_first_and_in_any_case():
    body = gzip.compress(brotli.compress(DATA))

    assert decoded(body, [" BR", "identity", "", "Gzip "], limit=LIMIT) == DATA


@pytest.mark.parametrize("coding", PACK)
def test_an_empty_body_needs_no_undoing(coding):
    assert decoded(b"", [coding], limit=LIMIT) == b""


@pytest.mark.parametrize("coding", PACK)
def test_a_body_that_ends_early_is_never_taken_for_a_whole_one(coding):
    body = PACK[coding](DATA)

    for size in (*range(1, 20), len(body) // 2, *range(len(body) - 8, len(body))):
        with pytest.raises(BodyError):
            decoded(body[:size], [coding], limit=LIMIT)


@pytest.mark.parametrize(
    ("codings", "text"),
    [(["lzma"], "'lzma' is not known"), (["gzip"] * 3, "3 content codings"), (["x" * 99], "x{40}'")],
)
def test_codings_that_are_not_undone(codings, text):
    with pytest.raises(BodyError, match=text):
        decoded(b"x", codings, limit=LIMIT)


@pytest.mark.parametrize("coding", [*PACK, "identity"])
def test_one_byte_over_the_limit_is_too_large(coding):
    with pytest.raises(BodyTooLargeError):
        decoded(PACK.get(coding, bytes)(DATA), [coding], limit=len(DATA) - 1)


@pytest.mark.parametrize("coding", PACK)
def test_a_bomb_is_not_held(coding):
    bomb = PACK[coding](bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError):
            decoded(bomb, [coding], limit=LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < LIMIT + 3_000_000


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_without_content_take_time_in_proportion_to_their_number(coding):
    started = time.process_time()

    assert decoded(PACK[coding](b"") * 100_000, [coding], limit=LIMIT) == b""

    assert time.process_time() - started < 3


@given(st.sampled_from(sorted(PACK)), st.binary(max_size=300), st.integers(0, 300), st.binary(min_size=1, max_size=9))
def test_changed_bytes_decode_or_are_a_body_error(coding, data, at, new):
    body = PACK[coding](data)
    for changed in (new, body[:at] + new + body[at + len(new) :], body + new):
        with suppress(BodyError):
            assert len(decoded(changed, [coding], limit=1000)) <= 1000


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"0\r\n\r\n", b""),
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"  3 ;name=value\nabc\n 00A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", b"abc0123456789"),
    ],
)
def test_chunks_are_joined(body, data):
    assert dechunked(body) == data


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"3",
        b"3\r\nab",
        b"3\r\nabc\r\n",
        b"-3\r\nabc",
        b"+3\r\nabc",
        b"0x3\r\nabc",
        b"1_0\r\n",
        b"<html>\n",
        b"\n",
        b"3 3\nabc",
        b"f" * 17 + b"\r\nabc",
        b"1" * 5000 + b"\r\n",
    ],
)
def test_what_is_not_chunked_is_refused(body):
    with pytest.raises(BodyError):
        dechunked(body)


@given(st.lists(st.binary(min_size=1, max_size=40)), st.binary(max_size=60))
def test_chunks_of_any_kind(parts, junk):
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)

    assert dechunked(body + b"0\r\n\r\n") == b"".join(parts)
    with suppress(BodyError):
        assert dechunked(body + junk).startswith(b"".join(parts))
