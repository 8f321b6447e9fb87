"""Following a files sink: each line once, in order, whatever becomes of the files meanwhile."""

from __future__ import annotations

import shutil

import pytest

from sinks.base import Kind
from sinks.files import FilesSink
from sinks.files_following import Follower
from tests.sinks.files_driver import SUFFIX, FileLedger, deliver, killed_at, make_items, steps_of

ITEMS = make_items(40)
RECORDS = [item.body for item in ITEMS if item.kind is Kind.RECORD]


@pytest.fixture
def follower(tmp_path):
    made = Follower(tmp_path / "out" / "records")
    yield made
    made.close()


@pytest.fixture
def make(tmp_path):
    """`make(**options)` makes a sink that goes on where the one before stopped."""
    return lambda **options: FilesSink(tmp_path / "out", FileLedger(tmp_path / "ledger.json"), **options)


def test_nothing_is_there_yet_and_then_something_is(make, follower):
    assert not list(follower.lines())
    deliver(make(), ITEMS, finish=False)
    assert list(follower.lines()) == RECORDS
    assert not list(follower.lines())


@pytest.mark.parametrize("compression", SUFFIX)
@pytest.mark.parametrize("size", [1, 100, 10_000_000])
def test_lines_come_as_they_are_written_through_every_rotation(make, follower, compression, size):
    seen = []
    for number in range(0, 40, 5):
        some = ITEMS[: number + 5]
        deliver(make(compression=compression, rotate_bytes=size), some, batch=2, finish=number % 10 == 5)
        seen += follower.lines()
        assert seen == [item.body for item in some if item.kind is Kind.RECORD]


def test_several_rotations_between_two_looks_are_all_read(make, follower):
    deliver(make(rotate_bytes=1), ITEMS[:10], finish=False)
    seen = list(follower.lines())
    deliver(make(rotate_bytes=1, compression="zstd"), ITEMS, finish=False)
    assert seen + list(follower.lines()) == RECORDS


def test_a_sink_that_is_killed_anywhere_shows_each_line_once(tmp_path):
    """Killed at some of the lines of code that it runs through; a look at the files then, and after the next start."""

    def write(folder, upto=20):
        sink = FilesSink(folder / "out", FileLedger(folder / "ledger"), compression="zstd", rotate_bytes=200)
        deliver(sink, ITEMS[:upto])

    (tmp_path / "whole").mkdir()
    for step in steps_of(lambda: write(tmp_path / "whole"))[::25]:
        folder = tmp_path / str(step)
        folder.mkdir()
        write(folder, upto=5)
        follower = Follower(folder / "out" / "records")
        seen = list(follower.lines())
        killed_at(step, lambda at=folder: write(at))
        seen += follower.lines()
        write(folder)
        seen += follower.lines()
        follower.close()
        assert seen == RECORDS[:12], step


def test_a_line_that_is_not_whole_is_waited_for(tmp_path, follower):
    (tmp_path / "out" / "records").mkdir(parents=True)
    active = tmp_path / "out" / "records" / "active.jsonl"
    active.write_bytes(b"half")
    assert not list(follower.lines())
    active.write_bytes(b"half a line\nand")
    assert list(follower.lines()) == [b"half a line"]
    active.write_bytes(b"half a line\nand another\n")
    assert list(follower.lines()) == [b"and another"]


@pytest.mark.parametrize("compression", SUFFIX)
@pytest.mark.parametrize("size", [100, 10_000_000])
@pytest.mark.parametrize("finish", [True, False])
def test_what_was_there_can_be_had_backwards_and_what_comes_forwards(make, follower, compression, size, finish):
    deliver(make(compression=compression, rotate_bytes=size), ITEMS[:30], finish=finish)
    follower.to_end()
    before = [item.body for item in ITEMS[:30] if item.kind is Kind.RECORD]
    assert not list(follower.lines())
    deliver(make(compression=compression, rotate_bytes=size), ITEMS)
    if size > 100 and not finish:
        assert list(follower.before()) == before[::-1], "the active file that it holds is finished by now"
    else:
        assert list(follower.before())[-len(before) :] == before[::-1]
    assert list(follower.lines()) == RECORDS[len(before) :]


def test_long_lines_are_read_backwards_too(tmp_path, follower):
    lines = [bytes([65 + number]) * size for number, size in enumerate((1, 200_000, 0, 65_536, 65_535, 7))]
    (tmp_path / "out" / "records").mkdir(parents=True)
    (tmp_path / "out" / "records" / "active.jsonl").write_bytes(
        b"".join(line + b"\n" for line in lines) + b"x" * 70_000
    )
    follower.to_end()
    assert list(follower.before()) == lines[::-1]
    assert not list(follower.lines())


def test_a_job_that_begins_anew_is_followed_from_its_first_line(make, tmp_path, follower):
    deliver(make(rotate_bytes=1), ITEMS)
    assert list(follower.lines()) == RECORDS
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "ledger.json").unlink()
    assert not list(follower.lines())
    again = make_items(10, start=100)
    deliver(make(rotate_bytes=1), again, finish=False)
    assert list(follower.lines()) == [item.body for item in again if item.kind is Kind.RECORD]


def test_finished_files_can_be_moved_away_meanwhile(make, tmp_path, follower):
    deliver(make(rotate_bytes=200), ITEMS[:20], finish=False)
    seen = list(follower.lines())
    for path in (tmp_path / "out" / "records").glob("part-*"):
        path.rename(tmp_path / path.name)
    deliver(make(rotate_bytes=200), ITEMS, finish=False)
    assert seen + list(follower.lines()) == RECORDS


def test_finished_files_older_than_a_time_are_passed_over(make, tmp_path, follower):
    deliver(make(rotate_bytes=1), ITEMS[:20])
    newest = max(path.stat().st_mtime for path in (tmp_path / "out" / "records").iterdir())
    follower.to_time(newest + 1)
    deliver(make(rotate_bytes=1), ITEMS)
    assert list(follower.lines()) == RECORDS[12:]
