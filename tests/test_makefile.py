"""The Makefile documents itself, and a machine that cannot run it is told why in one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def _make(*arguments: str, folder: Path = ROOT, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = {**inherited, "PATH": path}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the first step of `make run` needs, and nothing else."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_make_alone_lists_every_target():
    phony = re.findall(r"^\.PHONY: ([a-z-]+)$", ROOT.joinpath("Makefile").read_text("utf-8"), re.MULTILINE)
    listed = [line.split()[0] for line in _make().stdout.splitlines()]

    assert listed == phony
    assert {"run", "test", "lint", "types", "imports", "fmt", "kafka", "torture", "clean", "lock"} < set(listed)


def test_every_file_the_targets_run_exists():
    named = re.findall(r"(?:benchmarks|\.ci)/[\w.]+", ROOT.joinpath("Makefile").read_text("utf-8"))

    assert named
    assert [name for name in named if not ROOT.joinpath(name).is_file()] == []


def test_a_python_that_is_too_old_is_named(checkout: Path, tmp_path: Path):
    old = _script(tmp_path / "python3", 'case "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac')

    done = _make(f"PYTHON={old}", ".venv/.lock", folder=checkout)

    assert done.returncode == 2
    assert f"newstap: '{old}' is Python 3.9; install 3.11 or later" in done.stderr
    assert not checkout.joinpath(".venv").exists()


def test_a_newer_python_is_found_where_python3_is_too_old(checkout: Path, tmp_path: Path):
    _script(tmp_path / "python3", "exit 1")
    _script(tmp_path / "python3.12", "exit 0")

    done = _make("--just-print", ".venv/.lock", folder=checkout, path=f"{tmp_path}:/usr/bin:/bin")

    assert '.ci/venv "python3.12" .venv requirements.lock' in done.stdout


def test_no_python_at_all_is_said(checkout: Path, tmp_path: Path):
    done = _make(f"PYTHON={tmp_path / 'nowhere'}", ".venv/.lock", folder=checkout)

    assert done.returncode == 2
    assert "does not run; install Python 3.11 or later" in done.stderr


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python as on Debian without python3-venv; what stands in for `apt-get` completes it."""
    complete = tmp_path / "complete"
    _script(tmp_path / "apt-get", f'echo "$@" >> "{complete}"')
    return _script(
        tmp_path / "python3",
        f'case "$*" in *ensurepip,*) test -e "{complete}" || exit 1 ;; esac',
        f'exec "{sys.executable}" "$@"',
    )


VENV_PACKAGE = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


def test_a_python_without_venv_is_told_the_package_to_install(checkout: Path, tmp_path: Path, bare_python: Path):
    _script(tmp_path / "id", "echo 1000")

    done = _make(f"PYTHON={bare_python}", ".venv/.lock", folder=checkout, path=f"{tmp_path}:{os.environ['PATH']}")

    assert done.returncode == 2
    assert f"cannot make virtual environments: apt install {VENV_PACKAGE}" in done.stderr
    assert not tmp_path.joinpath("complete").exists()


def test_root_gets_venv_installed(checkout: Path, tmp_path: Path, bare_python: Path):
    """In a container or in CI nobody can be asked."""
    _script(tmp_path / "id", "echo 0")
    checkout.joinpath("requirements.lock").write_text("")

    done = _make(f"PYTHON={bare_python}", ".venv/.lock", folder=checkout, path=f"{tmp_path}:{os.environ['PATH']}")

    assert done.returncode == 0, done.stderr
    assert f"install -y --no-install-recommends {VENV_PACKAGE}" in tmp_path.joinpath("complete").read_text()
    assert checkout.joinpath(".venv/bin/python").exists()


def test_a_file_deleted_from_the_packages_makes_the_next_wheel_a_new_one(checkout: Path, tmp_path: Path):
    for package in ("ingest", "processors", "sinks"):
        checkout.joinpath(package).mkdir()
        checkout.joinpath(package, "module.py").touch()
    checkout.joinpath("README.md").touch()
    sources = tmp_path / "outside" / "sources"

    def stamped() -> tuple[str, int]:
        done = _make(f"OUTSIDE={sources.parent}", str(sources), folder=checkout)
        assert done.returncode == 0, done.stderr
        return sources.read_text("utf-8"), sources.stat().st_mtime_ns

    first = stamped()
    unchanged = stamped()
    checkout.joinpath("sinks", "module.py").unlink()
    changed = stamped()

    assert unchanged == first
    assert changed[0] == "".join(line for line in first[0].splitlines(True) if "sinks" not in line)


def test_torture_selects_tests():
    """A long form that runs nothing would look like one that found nothing."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", "torture", str(ROOT / "tests")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-500:]
    assert "test_kill.py" in done.stdout
