"""Files: what is delivered stands there once, in order, whole, and stays as it is."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sinks.base import Kind, SinkBrokenError, SinkUnavailableError
from sinks.files import FilesSink
from tests.sinks.disks import SmallDisk, disk
from tests.sinks.files_driver import SUFFIX, FileLedger, assert_once, deliver, lines, make_items, names, plain

__all__ = ["disk"]

ITEMS = make_items(40)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def ledger(tmp_path):
    return FileLedger(tmp_path / "ledger.json")


@pytest.fixture
def make(tmp_path, ledger):
    """`make(**options)` makes a sink, whose files are closed at the end."""
    made = []

    def make_(**options):
        made.append(FilesSink(options.pop("path", tmp_path / "out"), options.pop("ledger", ledger), **options))
        return made[-1]

    yield make_
    for sink in made:
        sink.close()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def active(out, kind="records"):
    return out / kind / "active.jsonl"


def test_each_kind_has_its_folder(make, out):
    deliver(make(), ITEMS)

    assert_once(out, ITEMS)
    assert sorted(path.name for path in out.iterdir()) == [".delivered.json", "dead-letters", "records", "skipped"]
    assert names(out) == names(out, Kind.SKIPPED) == ["part-000001.jsonl"]


def test_lines_are_there_once_flushed_and_not_before(make, out, ledger):
    sink = make()
    assert sink.open() == 0
    sink.write(ITEMS[:5])
    assert not active(out).exists()
    sink.flush(5)

    assert_once(out, ITEMS[:5])
    assert names(out) == ["active.jsonl"]
    assert ledger.load()[0] == 5
    sink.write(ITEMS[5:7])
    sink.write(ITEMS[7:8])
    sink.flush(9)  # the ninth is of no kind of ours, say
    assert_once(out, ITEMS[:8])
    assert sink.open() == ledger.load()[0] == 9


def test_the_active_file_is_finished_at_the_end_and_only_if_it_holds_something(make, out):
    only_records = [item for item in ITEMS if item.kind is Kind.RECORD]
    deliver(make(), only_records)
    before = {path: path.read_bytes() for path in out.rglob("*.jsonl")}
    sink = make()
    deliver(sink, only_records)
    sink.open()
    sink.finish()
    sink.finish()

    assert (names(out), names(out, Kind.SKIPPED)) == (["part-000001.jsonl"], [])
    assert before == {path: path.read_bytes() for path in out.rglob("*.jsonl")}


@pytest.mark.parametrize("compression", SUFFIX)
def test_files_rotate_by_size_and_finished_ones_never_change(make, out, compression):
    deliver(make(compression=compression, rotate_bytes=60), ITEMS[:20])
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.rglob("part-*")}
    deliver(make(compression=compression, rotate_bytes=60), ITEMS)

    assert_once(out, ITEMS)
    assert len(before) > 3
    assert before == {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in before}
    assert {path.name.partition(".")[2] for path in out.rglob("part-*")} == {SUFFIX[compression][1:]}
    assert all(len(plain(path)) >= 60 for path in sorted((out / "records").iterdir())[:-1])
    assert names(out)[:2] == [f"part-000001{SUFFIX[compression]}", f"part-000002{SUFFIX[compression]}"]


def test_files_rotate_by_age_counted_from_their_first_line(make, out):
    clock = Clock()
    sink = make(rotate_seconds=60, clock=clock)
    sink.open()
    clock.now += 1000
    sink.write(ITEMS[:1])
    sink.flush(1)
    clock.now += 59
    sink.write(ITEMS[1:3])
    sink.flush(3)
    assert names(out) == ["active.jsonl"]

    sink.open()  # the age survives a restart
    clock.now += 1
    sink.flush(3)  # with nothing new, too
    assert (names(out), names(out, Kind.SKIPPED)) == (["part-000001.jsonl"], ["active.jsonl"])
    clock.now += 59
    sink.flush(3)
    assert names(out, Kind.SKIPPED) == ["part-000001.jsonl"]
    assert_once(out, ITEMS[:3])


def test_a_flush_with_nothing_new_costs_no_commit(make, ledger):
    sink = make()
    sink.open()
    sink.write(ITEMS[:1])
    sink.flush(1)
    before = ledger.saves
    sink.flush(1)
    assert ledger.saves == before
    sink.flush(2)
    assert ledger.saves == before + 1


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_equal_lines_give_equal_files(make, tmp_path, compression):
    for name, at in (("a", 5.0), ("b", 9e8)):
        sink = make(
            path=tmp_path / name,
            ledger=FileLedger(tmp_path / f"{name}.json"),
            compression=compression,
            clock=lambda at=at: at,
        )
        deliver(sink, ITEMS)

    one, other = ({p.name: p.read_bytes() for p in (tmp_path / n / "records").iterdir()} for n in "ab")
    assert one == other
    assert compression != "gzip" or next(iter(one.values()))[4:8] == bytes(4)  # no time in the header
    assert list(one) == [f"part-000001{SUFFIX[compression]}"]


@pytest.mark.parametrize("compression", SUFFIX)
def test_files_are_not_for_everybody(make, out, compression):
    umask = os.umask(0)
    try:
        deliver(make(compression=compression), ITEMS)
    finally:
        os.umask(umask)

    assert {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*.jsonl*")} == {0o640}


def calls_of(run):
    """The names of the functions of C that a run called, and of the ledger's `save`, in order."""
    seen = []

    def profile(frame, event, arg):
        if event == "c_call" and arg.__module__ == "posix":
            seen.append(arg.__name__)
        elif event == "call" and frame.f_code is FileLedger.save.__code__:
            seen.append("save")

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    wanted = {"write", "fdatasync", "fsync", "rename", "unlink", "save"}
    return [name for name in seen if name in wanted]


def test_the_disk_has_it_before_the_ledger_says_so(make):
    sink = make()
    sink.open()
    sink.write(ITEMS[:1])
    first = calls_of(lambda: sink.flush(1))
    assert first[: first.index("save") + 1] == ["fsync", "write", "fdatasync", "save"]
    finish = calls_of(sink.finish)
    assert finish[: finish.index("save") + 1] == ["rename", "fsync", "save"]


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_compressed_file_is_whole_on_disk_before_it_has_its_name(make, compression):
    sink = make(compression=compression)
    sink.open()
    sink.write(ITEMS[:1])
    sink.flush(1)
    calls = calls_of(sink.finish)

    assert calls[: calls.index("save") + 1] == ["fsync", "rename", "fsync", "save"]
    assert calls.index("unlink") > calls.index("save")


def test_without_sync_the_moment_is_the_systems(make, out):
    sink = make(sync=False)
    sink.open()
    sink.write(ITEMS[:1])

    assert "fdatasync" not in calls_of(lambda: sink.flush(1))
    assert_once(out, ITEMS[:1])


def test_a_full_disk_loses_nothing(disk, tmp_path):
    ledger = FileLedger(tmp_path / "ledger.json")
    big = make_items(400)
    sink = FilesSink(disk.path / "out", ledger, rotate_bytes=3000)
    deliver(sink, big[:30], finish=False)
    with disk.full(room=6000) if isinstance(disk, SmallDisk) else disk.full():
        for _ in range(3):
            with pytest.raises(SinkUnavailableError, match=r"files: .*out: (No space left on device|File too large)"):
                deliver(sink, big, batch=400, finish=False)  # 13 KB of records
            assert all(file.read_bytes()[-1:] in {b"", b"\n"} for file in disk.path.rglob("*.jsonl")), "half a line"

    deliver(sink, big)
    assert_once(disk.path / "out", big)


def test_a_disk_that_fills_while_compressing_loses_nothing(disk, tmp_path):
    ledger = FileLedger(tmp_path / "ledger.json")
    sink = FilesSink(disk.path / "out", ledger, compression="gzip")
    deliver(sink, ITEMS, finish=False)
    sink.open()
    with disk.full(), pytest.raises(SinkUnavailableError):
        sink.finish()
    sink.open()
    sink.finish()
    sink.close()

    assert_once(disk.path / "out", ITEMS)
    assert names(disk.path / "out") == ["part-000001.jsonl.gz"]


def test_a_state_that_cannot_be_saved_loses_nothing(make, out, ledger):
    sink = make()
    sink.open()
    sink.write(ITEMS[:10])
    ledger.failing = True
    with pytest.raises(SinkUnavailableError):
        sink.flush(10)
    ledger.failing = False
    assert sink.open() == 0
    deliver(sink, ITEMS[:20], finish=False)
    sink.open()
    ledger.failing = True
    with pytest.raises(SinkUnavailableError):
        sink.finish()  # renamed, but not committed
    ledger.failing = False

    deliver(sink, ITEMS)
    assert_once(out, ITEMS)


def test_a_folder_that_cannot_be_made_is_tried_again(make, tmp_path):
    (tmp_path / "file").write_text("")
    sink = make(path=tmp_path / "file" / "out")

    with pytest.raises(SinkUnavailableError, match=os.strerror(errno.ENOTDIR)) as caught:
        sink.open()
    assert caught.value.retry_after > 0


def test_two_do_not_write_to_one_folder(make, tmp_path):
    first, second = make(), make(ledger=FileLedger(tmp_path / "other.json"))
    first.open()
    with pytest.raises(SinkBrokenError, match="another process writes here"):
        second.open()
    first.close()

    second.open()


def test_another_process_holds_its_folder(make, out, tmp_path):
    code = """
import pathlib, sys
from sinks.files import FilesSink
from tests.sinks.files_driver import FileLedger
sink = FilesSink(pathlib.Path(sys.argv[1]), FileLedger(pathlib.Path(sys.argv[2])))
sink.open()
print("held", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(out), str(tmp_path / "other.json")]
    path = os.pathsep.join(filter(None, sys.path))
    holder = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    )
    assert holder.stdout.readline() == b"held\n"
    try:
        with pytest.raises(SinkBrokenError, match="another process"):
            make().open()
    finally:
        holder.kill()
        holder.communicate()

    make().open()


def test_a_folder_of_somebody_elses_is_refused(make, out):
    (out / "skipped").mkdir(parents=True)
    (out / "skipped" / "notes.txt").write_text("mine")

    for _ in range(2):
        with pytest.raises(SinkBrokenError, match=r"notes\.txt: written under another state"):
            make().open()
    assert (out / "skipped" / "notes.txt").read_text() == "mine"


def test_it_closes_in_any_state(make):
    sink = make()
    sink.close()
    sink.open()
    sink.write(ITEMS[:1])
    sink.close()
    sink.close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    deliver(sink, ITEMS)

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert lines(sink.path, Kind.RECORD)[0] == next(i.body for i in ITEMS if i.kind is Kind.RECORD)


@pytest.mark.parametrize("compression", SUFFIX)
def test_a_record_is_where_the_sink_tells_that_it_landed(make, out, compression):
    """Told is the final name of its file, and the offset in the text without compression; only once it is durable."""
    landed = []
    deliver(make(landed=landed.extend, compression=compression, rotate_bytes=200), ITEMS)

    wanted = [item for item in ITEMS if item.kind is Kind.RECORD]
    assert [(one.key, one.revision) for one in landed] == [(item.key, item.revision) for item in wanted]
    for one, item in zip(landed, wanted, strict=True):
        name, _, offset = one.place.partition(", byte ")
        assert plain(out / name)[int(offset) :].startswith(item.body + b"\n")
