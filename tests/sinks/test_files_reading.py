"""Reading a files sink back."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import zstandard

from sinks.files_reading import read_lines

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("", bytes), (".gz", gzip.compress), (".zst", zstandard.compress)],
    ids=["plain", "gzip", "zstd"],
)
def test_finished_files_come_in_order_and_the_active_one_last(tmp_path: Path, suffix: str, pack) -> None:
    (tmp_path / f"part-000002.jsonl{suffix}").write_bytes(pack(b"3\n"))
    (tmp_path / f"part-000001.jsonl{suffix}").write_bytes(pack(b"1\n2\n"))
    (tmp_path / "active.jsonl").write_bytes(b"4\n")

    found = [(line.path.name, line.number, line.body) for line in read_lines(tmp_path)]

    one, two = f"part-000001.jsonl{suffix}", f"part-000002.jsonl{suffix}"
    assert found == [(one, 1, b"1"), (one, 2, b"2"), (two, 1, b"3"), ("active.jsonl", 1, b"4")]


def test_a_line_that_is_not_whole_yet_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "active.jsonl").write_bytes(b'{"a": 1}\n{"b"')

    assert [line.body for line in read_lines(tmp_path)] == [b'{"a": 1}']


def test_a_separator_inside_a_string_splits_nothing(tmp_path: Path) -> None:
    (tmp_path / "active.jsonl").write_bytes('"a\u2028b\x85c"\n'.encode())

    assert len(list(read_lines(tmp_path))) == 1


def test_files_that_are_being_compressed_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "part-000001.jsonl.gz.part").write_bytes(b"torn")

    assert list(read_lines(tmp_path)) == []
    assert list(read_lines(tmp_path / "absent")) == []
