"""Which files are read, in which order, and as what."""

from __future__ import annotations

import gzip
import os

import lz4.frame  # type: ignore[import-untyped] # it has no types
import pytest

from ingest.sources.opening import InputError, Layout, discovered, layout_of, sniffed
from tests.ingest.sources.samples import FILEDESC, record


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("a.txt", Layout.TEXT),
        ("a.HTM.GZ", Layout.HTML),
        ("a.b.json", Layout.JSON),
        ("a.ndjson.gz", Layout.LINES),
        ("CC-NEWS-20240501.warc.gz", Layout.WARC),
        ("a.warc.lz4", Layout.WARC),
        ("a.arc.gz", Layout.ARC),
        ("a.arc.lz4", None),
        ("a.txt.lz4", None),
        ("a.gz", None),
        ("a.pdf", None),
        ("warc", None),
    ],
)
def test_the_name_tells_the_layout(name, layout):
    assert layout_of(name) is layout


@pytest.mark.parametrize(
    ("head", "layout"),
    [
        (b'{"text": "a"}\n{"text', Layout.LINES),
        (b'\xef\xbb\xbf{"text": "a"}', Layout.LINES),
        (b'{"text": "a line that is longer than what was read', Layout.LINES),
        (b'{\n  "text": "a"\n}\n', Layout.JSON),
        (b"\n<!doctype html>", Layout.HTML),
        (b"Bridge opens\n", Layout.TEXT),
        (b"", Layout.TEXT),
        (record(1), Layout.WARC),
        (FILEDESC, Layout.ARC),
    ],
)
def test_the_first_bytes_of_standard_input_tell_its_layout(head, layout):
    assert sniffed(head) == (layout, False)
    assert sniffed(gzip.compress(head)) == (layout, True)


def test_standard_input_may_be_lz4_or_damaged_gzip():
    assert sniffed(lz4.frame.compress(record(1))) == (Layout.WARC, False)
    assert sniffed(b"\x1f\x8bgarbage")[1]


@pytest.fixture
def tree(tmp_path):
    for name in ("b.txt", "a/2.warc", "a/1.jsonl", "a/x.pdf", "a.html", ".newstap/x.txt", "a/.x.txt", "a/.b/y.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def _names(tree, *inputs) -> list[str]:
    files, _ = discovered([str(tree / name) for name in inputs])
    return [os.path.relpath(file, tree) for file in files]


def test_a_directory_stands_for_what_is_below_it_sorted_without_what_is_hidden(tree):
    assert _names(tree, "") == ["a/1.jsonl", "a/2.warc", "a.html", "b.txt"]
    assert discovered([str(tree)])[1] == 1


def test_inputs_keep_their_order_and_each_file_is_read_once(tree):
    assert _names(tree, "b.txt", "", "a/../b.txt") == ["b.txt", "a/1.jsonl", "a/2.warc", "a.html"]
    assert discovered(["-", "-"]) == (["-"], 0)


def test_links_to_folders_are_followed_without_end(tree):
    (tree / "a" / "loop").symlink_to(tree)
    (tree / "other").symlink_to(tree / "a")

    assert _names(tree, "a") == ["a/1.jsonl", "a/2.warc", "a/loop/a.html", "a/loop/b.txt"]
    assert _names(tree, "other") == ["other/1.jsonl", "other/2.warc", "other/loop/a.html", "other/loop/b.txt"]


def test_a_link_that_leads_nowhere_is_not_left_out(tree):
    (tree / "a" / "3.txt").symlink_to(tree / "gone.txt")

    assert "a/3.txt" in _names(tree, "a") or "gone.txt" in _names(tree, "a")


def test_what_is_no_file_is_left_out(tree):
    os.mkfifo(tree / "a" / "pipe.txt")

    assert _names(tree, "a") == ["a/1.jsonl", "a/2.warc"]


@pytest.mark.parametrize(
    ("name", "text"), [("gone.txt", "no such file"), ("a/x.pdf", "not a kind"), ("pipe.txt", "neither a file")]
)
def test_an_input_that_cannot_be_used_is_refused(tree, name, text):
    os.mkfifo(tree / "pipe.txt")

    with pytest.raises(InputError, match=text):
        discovered([str(tree / name)])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(tree):
    (tree / "a").chmod(0)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            discovered([str(tree)])
    finally:
        (tree / "a").chmod(0o700)
