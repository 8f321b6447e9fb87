"""`newstap topics`: the definitions and their examples."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from ingest import topics
from ingest.config import Config, load
from processors.topics.definitions import TopicsError

if TYPE_CHECKING:
    from pathlib import Path

FERRIES = """
name = "ferries"
about = "Ferries and their harbours."
[primary]
en = ["ferry", "ferries"]
[examples]
must = [{text}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "newstap.toml"
    file.write_text("", encoding="utf-8")
    return load(file, {})


def test_list_shows_every_definition_and_whether_it_is_on(config: Config) -> None:
    out = io.StringIO()

    assert topics.show(config, out) == 0
    lines = {line.split()[0]: line.split()[1] for line in out.getvalue().splitlines()}
    assert lines["north-korea"] == "on"
    assert lines["taiwan"] == "off"


def test_the_shipped_examples_come_out_as_they_say(config: Config) -> None:
    out = io.StringIO()

    assert topics.try_examples(config, [], out) == 0
    assert out.getvalue().endswith(" 0 came out otherwise\n")


def test_an_example_that_comes_out_otherwise_is_shown(config: Config, tmp_path: Path) -> None:
    wrong = tmp_path / "ferries.toml"
    wrong.write_text(FERRIES.format(text='"The bakery on the square has opened again."'), encoding="utf-8")
    out = io.StringIO()

    assert topics.try_examples(config, [wrong], out) == 1
    assert "ferries: score 0.00" in out.getvalue()
    assert "must be about it: 'The bakery" in out.getvalue()


def test_a_definition_without_examples_is_told(config: Config, tmp_path: Path) -> None:
    bare = tmp_path / "ferries.toml"
    bare.write_text('name = "ferries"\n[primary]\nen = ["ferry"]\n', encoding="utf-8")
    out = io.StringIO()

    assert topics.try_examples(config, [bare], out) == 0
    assert "ferries: no examples; write [examples]" in out.getvalue()


def test_a_broken_definition_is_an_error_that_names_it(config: Config, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("name = 3", encoding="utf-8")

    with pytest.raises(TopicsError, match=r"broken\.toml"):
        topics.try_examples(config, [tmp_path / "broken.toml"])
