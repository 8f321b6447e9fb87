"""What a user installs: the wheel, its data, its dependencies and the locks they are installed from."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply.locks import LOCKS, pins

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ingest", "processors", "sinks")
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
NEVER_IMPORTED = {
    "crc32c": "kafka-python takes it for checksums where it is there",
    "lxml-html-clean": "trafilatura imports it, and gets it only by an extra that lxml no longer names",
}

from_wheel = pytest.mark.skipif(
    os.environ.get("NEWSTAP_TEST_WHEEL") != "1", reason="NEWSTAP_TEST_WHEEL is not 1: `make test` tests the wheel"
)


def _checkout_files() -> list[str]:
    paths = (path for package in PACKAGES for path in ROOT.joinpath(package).rglob("*"))
    return sorted(str(path.relative_to(ROOT)) for path in paths if path.is_file() and "__pycache__" not in path.parts)


@from_wheel
@pytest.mark.parametrize("package", PACKAGES)
def test_tests_import_the_installed_wheel(package: str):
    found = Path(importlib.import_module(package).__file__ or "").resolve()

    assert not found.is_relative_to(ROOT)


@from_wheel
@pytest.mark.parametrize("package", PACKAGES)
def test_programs_started_in_the_checkout_import_the_wheel_too(package: str):
    program = f"import {package}; print({package}.__file__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not Path(done.stdout.strip()).resolve().is_relative_to(ROOT)


@from_wheel
def test_the_wheel_holds_every_file_of_the_packages_as_it_is_now():
    """Code, topic and boilerplate rules, schemas, demo pages: nothing missing, nothing stale, nothing else."""
    files = {str(file): file for file in metadata.files("newstap") or [] if file.parts[0] in PACKAGES}
    installed = {name: file for name, file in files.items() if "__pycache__" not in name}

    assert sorted(installed) == _checkout_files()
    assert [name for name, file in installed.items() if file.read_binary() != (ROOT / name).read_bytes()] == []


@from_wheel
def test_the_wheel_holds_the_three_packages_only():
    tops = {file.parts[0] for file in metadata.files("newstap") or [] if file.parts[0] != ".."}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


@from_wheel
def test_the_environment_is_what_the_lock_says():
    found = {str(canonicalize_name(dist.name)): dist.version for dist in metadata.distributions()}

    del found["newstap"]
    assert found == pins("requirements-dev.lock")


@from_wheel
def test_the_command_is_installed():
    (script,) = metadata.entry_points(group="console_scripts", name="newstap")

    assert callable(script.load())


def _third_party() -> dict[str, set[str]]:
    """The distributions our packages import, each with the modules of ours that do."""
    names = metadata.packages_distributions()
    found: dict[str, set[str]] = {}
    for path in (path for package in PACKAGES for path in ROOT.joinpath(package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for top in {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - set(PACKAGES):
                for name in names.get(top, [top]):
                    found.setdefault(str(canonicalize_name(name)), set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_library_imported_is_declared_and_every_one_declared_is_needed():
    imported = _third_party()
    declared = {str(canonicalize_name(requirement.name)) for requirement in RUNTIME}

    assert {name: places for name, places in imported.items() if name not in declared} == {}
    assert declared - set(imported) == set(NEVER_IMPORTED)


def test_every_library_imported_has_a_home():
    """A contract of .importlinter says which modules may import it."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", "utf-8")
    protected = {module for name in contracts for module in contracts[name].get("protected_modules", "").split()}
    names = metadata.packages_distributions()
    homes = {str(canonicalize_name(name)) for module in protected for name in names.get(module, [module])}

    assert {name: places for name, places in _third_party().items() if name not in homes} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_hashes_and_no_address(lock: str):
    text = ROOT.joinpath(lock).read_text("utf-8")
    parts = re.split(r"^(?=[\w.-]+==)", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]

    assert len(parts) == len(pins(lock))
    assert [
        part for part in parts if not re.fullmatch(r"\S+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+\s*", part)
    ] == []
    assert not re.search(r"://|@ |^--|(^|[\s(])/", text, re.MULTILINE)


@pytest.mark.parametrize(("lock", "requirements"), [(LOCKS[0], RUNTIME), (LOCKS[1], RUNTIME + DEVELOPMENT)])
def test_the_locks_satisfy_the_project(lock: str, requirements: list[Requirement]):
    """Otherwise `make lock` was forgotten."""
    found = pins(lock)

    assert [str(r) for r in requirements if found.get(str(canonicalize_name(r.name)), "0") not in r.specifier] == []


def test_development_runs_on_what_users_get():
    users, developers = map(pins, LOCKS)

    assert {name: version for name, version in users.items() if developers.get(name) != version} == {}


@pytest.mark.parametrize("requirement", [*RUNTIME, *DEVELOPMENT], ids=lambda requirement: requirement.name)
def test_every_dependency_has_its_reason_in_the_docs(requirement: Requirement):
    """A row of docs/dependencies.md: name, licence, reason, and what we would otherwise write by hand."""
    text = ROOT.joinpath("docs/dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.-]+)` \| (.+) \|$", text, re.MULTILINE)
    cells = [row.split(" | ") for name, row in rows if canonicalize_name(name) == canonicalize_name(requirement.name)]

    assert len(cells) == 1
    assert len(cells[0]) == 3
    assert all(cell.strip() for cell in cells[0])


def test_every_library_at_run_time_has_its_health_in_the_docs():
    text = ROOT.joinpath("docs/dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| (?:\d{4}-\d\d|-) \| [^|]+ \|$", text, re.MULTILINE)

    assert sorted(map(canonicalize_name, rows)) == sorted(canonicalize_name(one.name) for one in RUNTIME)


def test_continuous_integration_runs_what_a_developer_runs():
    script = ROOT.joinpath(".ci/run").read_text("utf-8")

    assert [line for line in script.splitlines() if "make" in line] == ["exec make test < /dev/null"]
