"""The command line itself: quick to answer, clear about mistakes."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from ingest.cli import main
from tests.ingest.newsroom import newstap

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_answer_at_once(tmp_path: Path, flag: str) -> None:
    """They load nothing that they do not need: measured 0.07 s; the bound leaves room for a busy machine."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        assert newstap(flag, cwd=tmp_path).returncode == 0
        took.append(time.monotonic() - began)
    assert min(took) < 0.3


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"newstap {version('newstap')}\n"


def test_without_a_command_help_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "replay" in err


def test_every_problem_of_a_configuration_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.toml").write_text("[fetch]\ntimeout = 1\n[sinks.files]\ncompression = 'rar'\n")
    assert main(["replay", "x", "--config", str(tmp_path / "bad.toml")]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "fetch.timeout" in err
    assert "sinks.files.compression" in err


def test_extraction_is_not_loaded_by_the_process_that_reads_and_delivers() -> None:
    code = "import sys, ingest.replay; print({'trafilatura', 'numpy', 'kafka'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
