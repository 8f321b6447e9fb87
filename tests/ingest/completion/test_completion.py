"""`newstap completion`: what the shells really offer."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.commandline import parser
from ingest.completion.tree import tree
from tests.commands import newstap

CHECKOUT = Path(__file__).parents[3]
SHELLS = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
"""bash is everywhere; the other two are asked where they are."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scripts of all shells, the command itself, a configuration with two feeds, some files."""
    made = tmp_path_factory.mktemp("completion")
    (made / "news.toml").write_text(
        '[[feeds]]\nurl = "https://gazette.example/feed"\n[[feeds]]\nurl = "https://courier.example/feed"\n'
    )
    (made / "archive dir").mkdir()
    (made / "bin").mkdir()
    command = made / "bin" / "newstap"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ingest "$@"\n')
    command.chmod(0o755)
    for shell in ("bash", "zsh", "fish"):
        done = newstap("completion", shell)
        assert done.returncode == 0, done.stderr
        (made / f"script.{shell}").write_text(done.stdout)
    return made


_BASH = """\
source ./script.bash
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
_newstap
printf '%s\\n' "${COMPREPLY[@]}"
"""
_ZSH = """\
compdef() { }
compadd() { while [[ "$1" != -- ]]; do [[ "$1" == -S ]] && shift; shift; done; shift; \
for one in "$@"; do [[ "$one" == "$PREFIX"* ]] && print -r -- "$one"; done; return 0 }
compset() { PREFIX="${PREFIX##*,}" }
_files() { [[ "$1" == -/ ]] && print -rl -- *(/N) || print -rl -- *(N) }
_message() { }
source ./script.zsh
words=("${(@Q)${(z)1}}")
[[ "$1" == *' ' ]] && words+=("")
CURRENT=${#words} PREFIX="${words[-1]}"
_newstap
"""
_FISH = """\
source ./script.fish
complete -C $argv[1] | string split -f 1 \\t
"""


def offered(folder: Path, shell: str, line: str) -> list[str]:
    """What a shell offers for a line that ends where the cursor is."""
    commands = {
        "bash": ["bash", "--norc", "-c", _BASH, "bash", line],
        "zsh": ["zsh", "-f", "-c", _ZSH, "zsh", line],
        "fish": ["fish", "--no-config", "-c", _FISH, line],
    }
    env = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT)}
    env["HOME"] = env["XDG_CONFIG_HOME"] = env["XDG_DATA_HOME"] = env["XDG_CACHE_HOME"] = str(folder)
    done = subprocess.run(commands[shell], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=50)
    assert not done.stderr
    return sorted(filter(None, done.stdout.splitlines()))


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_names_are_offered(folder: Path, shell: str) -> None:
    def found(line: str) -> list[str]:
        return offered(folder, shell, line)

    assert {"run", "tail", "feeds", "completion"} <= set(found("newstap "))
    assert sorted(found("newstap re")) == ["replay", "retract"]
    assert found("newstap feeds re") == ["remove", "resume"]
    assert found("newstap tail --la") == ["--language", "--last"]
    assert "--since" in found("newstap tail --topic russia --")
    assert found("newstap tail --topic ru") == ["russia"]
    assert found("newstap completion f") == ["feeds", "fish"]
    assert found("newstap why ") == []
    assert found("newstap replay x --rate ") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_files_folders_and_feeds_are_offered(folder: Path, shell: str) -> None:
    folders = offered(folder, shell, "newstap tail --to ")
    assert {one.rstrip("/").replace("\\", "") for one in folders if "arch" in one} == {"archive dir"}
    assert not [one for one in folders if "news.toml" in one]
    assert "news.toml" in offered(folder, shell, "newstap run --config ")
    found = offered(folder, shell, "newstap feeds pause --config news.toml https://g")
    assert [url.removeprefix("https:") for url in found] == ["//gazette.example/feed"]


def test_bash_offers_what_follows_a_comma_or_a_colon(folder: Path) -> None:
    """readline puts in what is behind the last colon only."""
    assert offered(folder, "bash", "newstap replay x --topics china,nor") == ["china,north-korea"]
    assert offered(folder, "bash", "newstap feeds pause --config news.toml https://") == [
        "//courier.example/feed",
        "//gazette.example/feed",
    ]


def test_every_command_and_every_option_is_in_every_script(folder: Path) -> None:
    scripts = [(folder / f"script.{shell}").read_text() for shell in ("bash", "zsh", "fish")]
    for node in tree(parser()).walk():
        for text in scripts:
            assert " ".join(node.path) in text
            assert all(flag.lstrip("-") in text for option in node.options for flag in option.flags)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_address_is_not_run_by_the_shell(folder: Path, shell: str) -> None:
    """It may have come with somebody else's OPML."""
    url = "https://hostile.example/$(touch${IFS}owned)`touch${IFS}owned`&a"
    (folder / "hostile.toml").write_text(f"[[feeds]]\nurl = '{url}'\n")
    (found,) = offered(folder, shell, "newstap feeds pause --config hostile.toml https://h")
    assert "hostile.example/" in found
    assert not (folder / "owned").exists()
    if shell == "bash":
        assert shlex.split(f"https:{found}") == [url]
