"""`newstap tail --unique`: of each story the first that is met."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from ingest.commandline import parser
from ingest.config import load
from ingest.tail import unique
from ingest.tail.follow import options_of, tail
from ingest.tail.unique import OneOfEach
from sinks.codec import decode_record
from sinks.files import FilesSink
from tests.ingest.newsroom import asked_to_end, begun
from tests.ingest.tail.stories import of_story
from tests.ingest.tail.test_tail import next_line, titles, written
from tests.sinks.files_driver import FileLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FilesSink]:
    made = FilesSink(tmp_path / "out", FileLedger(tmp_path / "ledger.json"), compression="zstd")
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--from-start"], [9, 8, 7, 4, 3]),
        (["--since", "270m"], [4, 3, 2]),
        ([], [9, 7, 4, 3]),
        (["-n", "3"], [6, 4, 3]),
        (["-n", "1"], [2]),
        (["-n", "0"], []),
        (["--from-start", "--language", "de"], [6]),
    ],
)
def test_one_of_each_is_shown(tmp_path: Path, sink: FilesSink, options: list[str], expected: list[int]) -> None:
    """Copies are none, what is of no story is, and read backwards it is known which stories turned out to be one."""
    written(
        sink,
        *(of_story(9, "a"), of_story(8, "b"), of_story(7, None), of_story(6, "a", language="de")),
        *(of_story(5, "c", copy_of="record-9"), of_story(4, None), of_story(3, "d"), of_story(2, "a", merged="b")),
    )
    given = parser().parse_args(["tail", "--unique", "--to", str(tmp_path / "out"), "--json", "--once", *options])
    out = io.TextIOWrapper(io.BytesIO())

    assert tail(load(None, {}), options_of(given), threading.Event(), out) == 0
    assert titles(out.buffer.getvalue().decode()) == [f"Notice {n}" for n in expected]


def test_what_comes_is_shown_where_its_story_was_not(tmp_path: Path, sink: FilesSink) -> None:
    written(sink, of_story(9, "a"), of_story(8, "a"))
    with begun("tail", "--unique", "--to", "out", cwd=tmp_path) as process:
        first = next_line(process)
        assert "story a (2)" in first
        written(sink, of_story(7, "a"), of_story(6, "b"), of_story(5, "a", merged="b"), of_story(4, "b"))
        written(sink, of_story(3, "c"))
        sink.finish()
        shown = [next_line(process) for _ in range(12)]
        assert [each.strip() for each in shown if "Notice" in each] == ["Notice 9", "Notice 6", "Notice 3"]
        asked_to_end(process)
        assert process.wait(50) == 0


def test_no_more_stories_are_remembered_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique, "_REMEMBERED", 100)
    first = OneOfEach()

    assert all(first.takes(decode_record(of_story(1, f"s{n}"))) for n in range(300))
    assert len(first._seen) == 100
