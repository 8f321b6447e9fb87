"""`docs/hostile.md` names a test for each expectation; what only the whole of the code can show is shown here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ingest.config import Config
from ingest.config.sections import keys_of

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "hostile.md"
ROWS = dict(re.findall(r"^\| (S\d+) \| .* \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE))
FORBIDDEN = frozenset(("csv", "dill", "marshal", "pickle", "shelve", "yaml"))


def test_all_thirty_two_are_there() -> None:
    assert list(ROWS) == [f"S{number}" for number in range(1, 33)]


@pytest.mark.parametrize("name", ROWS)
def test_each_test_that_is_named_exists(name: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", ROWS[name])

    assert named
    for file, function in named:
        text = (CHECKOUT / file).read_text("utf-8")
        assert re.search(rf"^ *(?:async )?def {function}\(", text, re.MULTILINE), f"{file} has no {function}"


def test_nothing_of_ours_writes_csv_or_reads_pickles_or_yaml() -> None:
    """What a process tells another crosses as bytes; `Connection.recv` would unpickle."""
    found = [
        f"{file.relative_to(CHECKOUT)}: {what}"
        for package in ("ingest", "processors", "sinks")
        for file in (CHECKOUT / package).rglob("*.py")
        for what in _forbidden(ast.parse(file.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("text", ["import pickle", "from yaml import load", "import csv as c", "x = pipe.recv()"])
def test_a_planted_one_is_found(text: str) -> None:
    assert _forbidden(ast.parse(text))


def test_no_key_turns_verification_of_certificates_off() -> None:
    names = [f"{table}.{key}" for table, found in _tables(Config).items() for key in found]

    assert "fetch.timeout_seconds" in names
    assert [name for name in names if re.search(r"verif|insecure|check_host|cert_reqs", name)] == []


def _forbidden(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in FORBIDDEN]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in FORBIDDEN:
            found.append(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "recv":
            found += [] if node.args else ["recv()"]
    return found


def _tables(section: type, name: str = "") -> dict[str, list[str]]:
    """Return the keys of a table and of those in it."""
    keys = keys_of(section)
    found = {name: list(keys)}
    for key, one in keys.items():
        kind = getattr(one.kind, "of", one.kind)
        if (inner := getattr(kind, "section", None)) is not None:
            found |= _tables(inner, f"{name}.{key}".strip("."))
    return found
