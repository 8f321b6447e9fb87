"""The shape of the code: import rule, sizes, names, docstrings, reasons for exceptions."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ingest", "processors", "sinks")
OURS = sorted(path for package in PACKAGES for path in ROOT.joinpath(package).rglob("*.py"))
ALL = OURS + sorted(path for folder in ("benchmarks", "tests") for path in ROOT.joinpath(folder).rglob("*.py"))
VAGUE = {"base_utils", "common", "helper", "helpers", "misc", "types", "util", "utils"}
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no)\b")
WITH_REASON = re.compile(
    r"#\s*noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S"
    r"|#\s*type: ignore\[[a-z-]+(, ?[a-z-]+)*\]\s+# \S"
    r"|#\s*pragma: no (cover|branch) - \S"
)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _where(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def _lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_logo=True))",
    ]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_imports_obey_the_contracts():
    done = _lint_imports(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, for planting violations in."""
    folder = tmp_path_factory.mktemp("planted")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        pytest.param(
            "processors/records.py", "import sinks.base", "ingest → sinks → processors", id="processors know sinks"
        ),
        pytest.param("sinks/codec.py", "import ingest", "ingest → sinks → processors", id="sinks know ingest"),
        pytest.param("sinks/codec.py", "import processors.base", "sinks know records", id="sinks know steps"),
        pytest.param("sinks/console.py", "import sinks.files", "inside sinks", id="a sink knows another"),
        pytest.param("processors/records.py", "import processors.base", "inside processors", id="records know steps"),
        pytest.param("processors/records.py", "import socket", "processors are pure", id="processors do I/O"),
        pytest.param("ingest/logs.py", "import orjson", "orjson lives in", id="a library outside its home"),
    ],
)
def test_a_planted_violation_is_noticed(copy: Path, module: str, line: str, contract: str):
    path = copy / module
    before = path.read_text("utf-8")
    path.write_text(f"{before}\n{line}\n", "utf-8")

    done = _lint_imports(copy)
    path.write_text(before, "utf-8")

    assert done.returncode == 1, done.stdout
    assert re.search(rf"^{contract}.* BROKEN", done.stdout, re.MULTILINE), done.stdout


def test_files_have_at_most_400_lines():
    long = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in ALL}

    assert {path: lines for path, lines in long.items() if lines > 400} == {}


def test_functions_have_at_most_50_lines():
    long = [
        f"{_where(path, node)} {node.name}: {lines} lines"
        for path in ALL
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 50
    ]

    assert long == []


def _public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes, functions and methods; what is defined within a function is nobody's business."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def test_public_names_have_docstrings():
    bare = [str(path.relative_to(ROOT)) for path in OURS if not ast.get_docstring(_tree(path))]
    bare += [
        f"{_where(path, node)} {node.name}"
        for path in OURS
        for node in _public(_tree(path).body)
        if not ast.get_docstring(node)
    ]

    assert bare == []


def test_imports_are_absolute():
    relative = [
        _where(path, node)
        for path in ALL
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []


def test_no_module_has_a_name_that_says_nothing():
    named = {path: {path.stem, *path.relative_to(ROOT).parts[:-1]} for path in ALL}

    assert [str(path.relative_to(ROOT)) for path, names in named.items() if names & VAGUE] == []


def _unexplained(source: str) -> list[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)
    return [line for line, text in comments if SUPPRESSION.search(text) and not WITH_REASON.search(text)]


def test_every_suppressed_rule_has_its_reason():
    found = {str(path.relative_to(ROOT)): _unexplained(path.read_text("utf-8")) for path in ALL}

    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("comment", "explained"),
    [
        ("# noqa: S608 - only question marks", True),
        ("# noqa: S608, E501 - a table", True),
        ("# noqa: S608", False),
        ("# noqa", False),
        ("# type: ignore[misc]  # ruled out above", True),
        ("# type: ignore[misc]", False),
        ("# type: ignore", False),
        ("# pragma: no cover", False),
        ("# nothing to see", True),
    ],
)
def test_a_reason_is_told_from_none(comment: str, explained: bool):
    assert _unexplained(f"x = 1  {comment}\n") == ([] if explained else [1])
