"""What drives a `FilesSink` in tests: a ledger, items, a delivery loop, and a reading of what came of it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

from sinks import files, files_marker
from sinks.base import Item, Kind, SinkUnavailableError
from sinks.files import FOLDERS, FilesSink
from tests.builders import make_item

SOURCES = {files.__file__, files_marker.__file__}
SUFFIX = {"none": ".jsonl", "gzip": ".jsonl.gz", "zstd": ".jsonl.zst"}


class FileLedger:
    """A ledger in a small file, replaced at once: kill -9 leaves the old or the new."""

    owner = "test-ledger"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saves = 0
        self.failing = False

    def load(self) -> tuple[int, dict[str, Any]]:
        if not self.path.exists():
            return 0, {}
        seq, state = json.loads(self.path.read_text())
        return seq, state

    def save(self, seq: int, state: dict[str, Any]) -> None:
        if self.failing:
            raise SinkUnavailableError("files", "the state's disk is full")
        self.saves += 1
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps([seq, state]))
        new.replace(self.path)

    def last(self) -> int:
        return self.load()[0]


def make_items(n: int, *, start: int = 1) -> list[Item]:
    """Items of all kinds, the bodies of different lengths, none like another."""
    kinds = [Kind.RECORD, Kind.RECORD, Kind.SKIPPED, Kind.RECORD, Kind.DEAD_LETTER]
    return [
        make_item(seq=seq, kind=kinds[seq % 5], body=json.dumps({"n": seq, "x": "ü\u2028" * (seq % 7)}).encode())
        for seq in range(start, start + n)
    ]


def deliver(sink: FilesSink, items: list[Item], *, batch: int = 4, finish: bool = True) -> None:
    """Do as `ingest.delivery` does: open, then write and flush in turn from where the sink stands, at last finish."""
    reached = sink.open()
    rest = [item for item in items if item.seq > reached]
    for start in range(0, len(rest), batch):
        some = rest[start : start + batch]
        sink.write(some)
        sink.flush(some[-1].seq)
    if finish:
        sink.finish()
    sink.close()


def plain(path: Path) -> bytes:
    body = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(body)
    # The one-shot call needs the size in the frame's header.
    return zstandard.ZstdDecompressor().decompress(body) if path.suffix == ".zst" else body


def lines(folder: Path, kind: Kind) -> list[bytes]:
    """Every line under a files sink's folder of one kind, in the order of the files' names."""
    finished = sorted(path for path in (folder / FOLDERS[kind]).iterdir() if path.name != "active.jsonl")
    active = folder / FOLDERS[kind] / "active.jsonl"
    content = b"".join(plain(path) for path in [*finished, *([active] if active.exists() else [])])
    assert content.endswith(b"\n") or not content
    return content.split(b"\n")[:-1]


def assert_once(folder: Path, items: list[Item]) -> None:
    """Each item is in the files of its kind exactly once, in order."""
    for kind in FOLDERS:
        assert lines(folder, kind) == [item.body for item in items if item.kind is kind]


def names(folder: Path, kind: Kind = Kind.RECORD) -> list[str]:
    return sorted(path.name for path in (folder / FOLDERS[kind]).iterdir())


def steps_of(run: Callable[[], None]) -> list[int]:
    """Run, and return at which steps to kill the like of it: at each line of `SOURCES`, first and last time."""
    seen: dict[tuple[str, int], list[int]] = {}
    step = 0

    def on_line(frame: Any, event: str, _arg: Any) -> Any:
        nonlocal step
        if event == "line":
            step += 1
            seen.setdefault((frame.f_code.co_name, frame.f_lineno), []).append(step)
        return on_line

    before = sys.gettrace()
    sys.settrace(lambda frame, event, arg: on_line if frame.f_code.co_filename in SOURCES else None)
    try:
        run()
    finally:
        sys.settrace(before)
    return sorted({step for steps in seen.values() for step in (steps[0], steps[-1])})


def killed_at(step: int, run: Callable[[], None]) -> bool:
    """Run in a child that is killed (SIGKILL) before the given line of `SOURCES` is executed.

    Returns whether it came so far; otherwise it has ended, and any exception of it fails the test.
    """
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0
        return False
    left = step

    def on_line(_frame: Any, event: str, _arg: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    try:
        sys.settrace(lambda frame, event, arg: on_line if frame.f_code.co_filename in SOURCES else None)
        run()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the child must not go on as a second pytest
        sys.excepthook(*sys.exc_info())
        os._exit(1)
