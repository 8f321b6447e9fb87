"""`newstap schema`: what is shipped is listed and printed as it is."""

from __future__ import annotations

import io
import json
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from ingest import schema
from tests.ingest.newsroom import newstap

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["alarm.v1", "asyncapi", "dead-letter.v1", "page.v1", "record.v1", "skipped.v1"]


def test_without_a_name_all_are_listed_with_their_titles() -> None:
    out = io.StringIO()

    assert schema.show(None, out) == 0
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_printed_byte_by_byte(name: str) -> None:
    out = io.StringIO()

    assert schema.show(name, out) == 0
    assert out.getvalue() == (resources.files("sinks") / "schemas" / f"{name}.json").read_text("utf-8")


def test_the_command_prints_json_and_refuses_other_names(tmp_path: Path) -> None:
    done = newstap("schema", "record.v1", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["$id"] == "urn:newstap:schema:record.v1"

    unknown = newstap("schema", "../codec", cwd=tmp_path)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == f"no schema '../codec'; there are {', '.join(NAMES)}\n"
