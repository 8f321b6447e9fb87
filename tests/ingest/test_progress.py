"""A bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io
import logging
import re
import time
from itertools import count
from typing import TYPE_CHECKING

from ingest.progress import Counting, Progress
from processors.records import Mode, Origin, Reason, Skipped

if TYPE_CHECKING:
    import pytest

SKIPPED = Skipped(origin=Origin(mode=Mode.REPLAY), url=None, reason=Reason.EMPTY)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_elsewhere_come_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream, seconds = io.StringIO(), count()
    progress = Progress(lambda: (30, 120), stream, clock=lambda: float(next(seconds)))
    for _ in range(25):
        progress.saw(SKIPPED)
    progress.close()
    assert [record.getMessage() for record in caplog.records] == [
        "10 documents, 0 records, 1 a second, 25 % of the input",
        "20 documents, 0 records, 1 a second, 25 % of the input",
    ]
    assert not stream.getvalue()


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(caplog: pytest.LogCaptureFixture) -> None:
    terminal, seconds = Terminal(), count()
    progress = Progress(lambda: (60, 120), terminal, clock=lambda: float(next(seconds)))
    for _ in range(200):
        progress.saw(SKIPPED)
    progress.close()
    assert "%" in terminal.getvalue()
    assert not caplog.records


def test_an_unknown_length_has_no_share(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seconds = count(step=11)
    Progress(lambda: (30, 0), io.StringIO(), clock=lambda: float(next(seconds))).saw(SKIPPED)
    assert "%" not in caplog.records[0].getMessage()


def test_the_time_left_goes_by_what_this_run_has_read(caplog: pytest.LogCaptureFixture) -> None:
    """A resumed job begins in the middle: what an earlier run read says nothing of how fast it goes now."""
    caplog.set_level(logging.INFO)
    places, seconds = iter([500, 600]), iter([0.0, 5.0, 20.0])
    progress = Progress(lambda: (next(places), 1000), io.StringIO(), clock=lambda: next(seconds))
    progress.saw(SKIPPED)
    progress.saw(SKIPPED)
    assert [record.getMessage() for record in caplog.records] == [
        "2 documents, 0 records, 0 a second, 60 % of the input, 0:01:20 left"
    ]


def test_the_bar_tells_documents_a_second_and_the_time_left() -> None:
    terminal, places = Terminal(), count()
    progress = Progress(lambda: (next(places), 1_000_000), terminal)
    deadline = time.monotonic() + 60
    while not re.search(r"\[\d\d:\d\d<[\d:]+, .*B/s, \d+ documents, \d+/s\]", terminal.getvalue()):
        assert time.monotonic() < deadline, terminal.getvalue()
        progress.saw(SKIPPED)
        time.sleep(0.01)
    progress.close()


def test_what_is_counted_is_told_every_ten_seconds_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream, seconds = io.StringIO(), count()
    counting = Counting("lines", stream, total=50, clock=lambda: float(next(seconds)))
    assert list(counting.over(range(25))) == list(range(25))
    counting.close()
    assert [record.getMessage() for record in caplog.records] == [
        "10 of 50 lines, 1 a second",
        "20 of 50 lines, 1 a second",
    ]
    assert not stream.getvalue()


def test_what_is_counted_has_a_bar_on_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream = Terminal()
    counting = Counting("lines", stream, total=4)
    counting.advance()
    counting.close()
    assert "0/4" in stream.getvalue()
    assert stream.getvalue().endswith("\r")
    assert not caplog.records
