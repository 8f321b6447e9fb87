"""What `python -m tests.fuzz` tells of what libFuzzer said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.__main__ import outcome_of

if TYPE_CHECKING:
    from pathlib import Path

QUIET = """INFO: Loaded 1 modules
#2  INITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 80Mb
#4096 NEW   cov: 57 ft: 90 corp: 7/20b lim: 4 exec/s: 2048 rss: 81Mb
stat::number_of_executed_units: 8192
"""
RAISED = """ === Uncaught Python exception: ===
KeyError: 'page'
Traceback (most recent call last):
  File "/somewhere/tests/fuzz/targets/archives.py", line 75, in _own
    get(wanted)
  File "/somewhere/ingest/archives.py", line 94, in _plain
    return body_of(record)
artifact_prefix='/f/'; Test unit written to /f/crash-1
stat::number_of_executed_units: 7
"""
ABORTED = """==14665== ERROR: libFuzzer: deadly signal
SUMMARY: libFuzzer: deadly signal
artifact_prefix='/f/'; Test unit written to /f/crash-2
"""


def test_a_target_that_held_is_told_by_its_figures(tmp_path: Path):
    tmp_path.joinpath("seed-000").write_bytes(b"x")

    assert outcome_of("url", QUIET, tmp_path, 0) == ("url", 8192, 57, 1, "")


def test_a_broken_promise_is_told_with_its_place_and_input(tmp_path: Path):
    found = outcome_of("own-archive", RAISED, tmp_path, 77)

    assert found.executions == 7
    assert found.found == "KeyError: 'page' at ingest/archives.py:94 /f/crash-1"


def test_a_process_that_was_taken_down_is_told_too(tmp_path: Path):
    assert outcome_of("warc", ABORTED, tmp_path, 77).found == "deadly signal /f/crash-2"


def test_a_process_that_said_nothing_is_no_success(tmp_path: Path):
    assert outcome_of("warc", "", tmp_path, 1).found == "?"
