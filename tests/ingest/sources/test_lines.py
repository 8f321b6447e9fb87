"""JSON Lines and whole files: positions, limits, damage."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.base import Position
from ingest.sources.lines import read_lines, read_whole
from ingest.sources.opening import Layout, unpacked
from processors.records import Failed, Form, Page, Skipped, TextSource

TEXT = '{"text": "a"}\n\n  \r\n{"text": "\u2028 \u0085 b"}\r\n{"text": "c"}'.encode()
LINES = [b'{"text": "a"}', '{"text": "\u2028 \u0085 b"}'.encode(), b'{"text": "c"}']


def lines(data: bytes, start: Position | None = None, name: str = "x.jsonl", limit: int = 1000):
    return list(read_lines(unpacked(io.BytesIO(data), name), name, start or Position(), max_bytes=limit))


def bodies(read) -> list[bytes | str]:
    return [outcome.body if isinstance(outcome, Page) else outcome.error for outcome, _ in read]


class Pipe(io.RawIOBase):
    """What cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._data.readinto(buffer)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda d: gzip.compress(d[:20]) + gzip.compress(d[20:])])
def test_each_line_is_a_page_and_every_position_gives_the_rest(pack):
    data, name = pack(TEXT), "x.jsonl" if pack is bytes else "x.jsonl.gz"

    read = lines(data, name=name)

    assert bodies(read) == LINES
    assert [page.origin.archive.offset for page, _ in read] == [TEXT.index(line) for line in LINES]
    assert all(page.form is Form.LINE for page, _ in read)
    for index, (_, position) in enumerate(read):
        assert lines(data, position, name) == read[index + 1 :]


def test_a_pipe_is_read_up_to_the_position():
    whole = list(read_lines(io.BufferedReader(Pipe(TEXT)), "-", Position(), max_bytes=1000))

    for index, (_, position) in enumerate(whole):
        rest = list(read_lines(io.BufferedReader(Pipe(TEXT)), "-", position, max_bytes=1000))
        assert rest == whole[index + 1 :]


def test_a_pipe_that_is_shorter_than_before_is_damaged():
    [(failed, _)] = read_lines(io.BufferedReader(Pipe(TEXT)), "-", Position(3, 5000), max_bytes=1000)

    assert isinstance(failed, Failed)
    assert "shorter" in failed.error


@pytest.mark.parametrize("size", [1001, 5000, 3_000_000])
def test_a_line_over_the_limit_is_a_dead_letter_between_its_neighbours(size):
    data = b"1\n" + b"x" * size + b"\n3\n"

    read = lines(data)

    assert bodies(read) == [b"1", "x.jsonl: at byte 2: a line of over 1000 bytes", b"3"]
    assert lines(data, read[1][1]) == read[2:]


def test_a_line_of_just_the_limit_is_read():
    assert bodies(lines(b"x" * 1000 + b"\n" + b"y" * 1000)) == [b"x" * 1000, b"y" * 1000]


def test_a_huge_line_is_not_held():
    packer = zlib.compressobj(wbits=31)
    data = b"".join(packer.compress(b"x" * 1_000_000) for _ in range(100)) + packer.flush()
    tracemalloc.start()
    try:
        read = lines(data, name="x.jsonl.gz", limit=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(read) == 1
    assert peak < 15_000_000


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_damage_ends_the_file_once_also_after_resuming(cut):
    packed = gzip.compress(b"".join(b"%d %d\n" % (n, n * 7919**3) for n in range(100)))
    data = packed[:-cut]

    read = lines(data, name="x.jsonl.gz")

    assert isinstance(read[-1][0], Failed)
    assert all(isinstance(page, Page) for page, _ in read[:-1])
    for index, (_, position) in enumerate(read):
        assert lines(data, position, "x.jsonl.gz") == read[index + 1 :]


@pytest.mark.parametrize("cut", [1, 3_000])
def test_a_cut_file_gives_every_line_that_is_whole(cut):
    """The lines that zlib can still make out, and one dead letter behind them."""
    packed = gzip.compress(b"".join(b"%d %d\n" % (n, n * 7919**3) for n in range(5_000)))[:-cut]
    whole = zlib.decompressobj(wbits=31).decompress(packed).splitlines(keepends=True)

    *read, (last, _) = lines(packed, name="x.jsonl.gz")

    assert bodies(read) == [line.rstrip() for line in whole if line.endswith(b"\n")]
    assert len(read) > 4_000
    assert isinstance(last, Failed)


@pytest.mark.parametrize(
    ("layout", "form", "source"),
    [
        (Layout.TEXT, Form.COPIED, TextSource.ARCHIVE),
        (Layout.HTML, Form.HTML, TextSource.PAGE),
        (Layout.JSON, Form.LINE, TextSource.ARCHIVE),
    ],
)
def test_a_file_that_is_one_document(layout, form, source):
    [(page, after)] = read_whole(io.BytesIO(b"all of it"), "x", layout, Position(), max_bytes=9)

    assert isinstance(page, Page)
    assert (page.body, page.form, page.text_source) == (b"all of it", form, source)
    assert list(read_whole(io.BytesIO(b"all of it"), "x", layout, after, max_bytes=9)) == []


def test_a_document_over_the_limit_is_skipped():
    [(skipped, _)] = read_whole(io.BytesIO(b"all of it"), "x", Layout.HTML, Position(), max_bytes=8)

    assert isinstance(skipped, Skipped)


@pytest.mark.parametrize("data", [gzip.compress(b"text", mtime=0)[:-3], b"no gzip", b"\x1f\x8b\x08\x00" + bytes(20)])
def test_a_document_that_cannot_be_decompressed_is_a_dead_letter(data):
    [(failed, after)] = read_whole(unpacked(io.BytesIO(data), "x.gz"), "x.gz", Layout.TEXT, Position(), max_bytes=99)

    assert isinstance(failed, Failed)
    assert failed.origin.archive is not None
    assert after.ended


@given(st.binary(max_size=400), st.integers(0, 60), st.binary(max_size=5))
def test_whatever_bytes_there_are_reading_ends_and_resumes(data, at, new):
    packed = gzip.compress(data, mtime=0)
    for name, held in (("x.jsonl", data), ("x.jsonl.gz", packed[:at] + new + packed[at + len(new) :])):
        read = lines(held, name=name, limit=50)
        for index, (_, position) in enumerate(read):
            assert lines(held, position, name, 50) == read[index + 1 :]
