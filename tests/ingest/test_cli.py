"""The command line itself: quick to answer, clear about mistakes."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from ingest.cli import main
from ingest.commandline import parser

if TYPE_CHECKING:
    from pathlib import Path


_LOADED = """\
import sys
before = set(sys.modules)
from ingest.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("loaded", *(set(sys.modules) - before))
"""
_SLOW = {"asyncio", "ctypes", "http", "multiprocessing", "sqlite3", "ssl", "tomllib"}


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], [], ["replay", "--help"], ["feeds", "add", "--help"], ["tail", "--help"]]
)
def test_help_and_version_load_nothing_that_they_would_have_to_wait_for(arguments: list[str]) -> None:
    """Our own modules, no library, and of the standard one what is quick; time itself depends on the machine.

    Measured: 0.05 s, of which the interpreter takes 0.02; the version, for which metadata are read, 0.08 s.
    """
    done = subprocess.run([sys.executable, "-c", _LOADED, *arguments], capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1].split()
    found = {name.partition(".")[0] for name in last[1:]}
    assert last[0] == "loaded"
    assert found - sys.stdlib_module_names == {"ingest"}
    assert not found & _SLOW
    assert arguments == ["--version"] or "email" not in found, "reading metadata takes longer than all of the help"


def _commands() -> dict[str, argparse.ArgumentParser]:
    """Every parser, by the words that lead to it."""
    found = {"newstap": parser()}
    for name, one in list(found.items()):
        found |= _below(name, one)
    return found


def _below(name: str, one: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in one._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, child in action.choices.items():
                found |= {f"{name} {verb}": child} | _below(f"{name} {verb}", child)
    return found


@pytest.mark.parametrize("name", sorted(set(_commands()) - {"newstap"}))
def test_every_command_has_examples_that_it_can_read(name: str) -> None:
    """Each is a line of a shell; what is ours of it is parsed."""
    shown = _commands()[name].format_help().partition("\nExample")[2]
    ours = [shlex.split(call)[1:] for call in re.findall(r"(?m)(?:^|[:(])\s*(newstap [^|>)#&\n]+)", shown)]
    assert ours
    assert all(parser().parse_args(words).command for words in ours)
    assert any(f"newstap {' '.join(words)}".startswith(name) for words in ours)


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
    code = "import sys, ingest.replay; print({'trafilatura', 'lxml', 'kafka'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
