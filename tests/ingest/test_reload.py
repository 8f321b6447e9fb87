"""Topic definitions that change while a service runs: proved first, and a broken one never replaces a working one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.config import load
from ingest.recipe import Recipe, topics_of
from ingest.reload import WatchedTopics, reloaded
from processors.topics.definitions import TopicsError

if TYPE_CHECKING:
    from pathlib import Path

FERRIES = 'name = "ferries"\n[primary]\nen = ["ferry"{more}]\n[examples]\nmust = ["The {what} sails twice a day."]\n'
GOOD, BETTER = FERRIES.format(more="", what="ferry"), FERRIES.format(more=', "steamer"', what="steamer")
FAILING = FERRIES.format(more=', "steamer"', what="bus")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "ferries.toml").write_text(GOOD)
    return folder / "ferries.toml"


@pytest.fixture
def recipe(file: Path, tmp_path: Path) -> Recipe:
    config = tmp_path / "newstap.toml"
    config.write_text('[topics]\nenabled = ["russia", "ferries"]\npaths = ["topics"]\n')
    return Recipe(config=load(config, {}))


@pytest.fixture
def watched(recipe: Recipe) -> WatchedTopics:
    return WatchedTopics(recipe)


def put(file: Path, text: str) -> None:
    """Replace a file as editors do: the new one has another inode, however coarse the clock of the file system."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    beside.replace(file)


def test_unchanged_files_are_nothing_new(watched: WatchedTopics, file: Path) -> None:
    assert watched.newer() is None
    put(file, "# a comment\n" + GOOD)
    assert watched.newer() is None


def test_a_changed_definition_is_in_use_from_then_on(watched: WatchedTopics, file: Path) -> None:
    before = watched.topics
    put(file, BETTER)
    found = watched.newer()
    assert found is not None
    assert found.digest != before.digest
    assert watched.topics == topics_of(watched.recipe) == found
    assert watched.newer() is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "is not TOML"),
        ('name = "ferries"', "no phrase"),
        (FAILING, "ferries.toml: examples: score 0.00, threshold 0.45; must be about it: 'The bus sails"),
    ],
)
def test_a_broken_definition_is_told_once_and_replaces_nothing(
    watched: WatchedTopics, file: Path, text: str, told: str
) -> None:
    before = watched.topics
    put(file, text)
    with pytest.raises(TopicsError) as caught:
        watched.newer()
    assert told in str(caught.value)
    assert watched.topics is before
    assert watched.newer() is None, "told once"
    put(file, BETTER)
    assert watched.newer() is not None


def test_a_definition_that_goes_while_its_topic_is_enabled_replaces_nothing(watched: WatchedTopics, file: Path) -> None:
    before = watched.topics
    put(file.with_name("buses.toml"), 'name = "buses"\n[primary]\nen = ["bus"]\n')
    file.unlink()
    with pytest.raises(TopicsError, match="unknown topic 'ferries'"):
        watched.newer()
    assert watched.topics is before


def test_examples_of_definitions_that_stay_are_not_asked_again(recipe: Recipe, file: Path) -> None:
    """One that failed from the start, and was accepted then, does not stand in the way of another file."""
    put(file, FAILING)
    watched = WatchedTopics(recipe)
    put(file.with_name("russia.toml"), 'extends = "russia"\nthreshold = 0.6\n')
    assert watched.newer() is not None


def test_workers_that_start_later_have_the_definitions_of_the_others(watched: WatchedTopics, file: Path) -> None:
    put(file, "name = ")
    assert topics_of(watched.recipe).names == ("ferries", "russia")


def test_another_recipe_can_be_proved_against_the_definitions_in_use(recipe: Recipe, watched: WatchedTopics) -> None:
    """As after a signal to read the configuration again."""
    assert reloaded(watched.topics, recipe) is None
    found = reloaded(watched.topics, Recipe(config=recipe.config, topics=("china",)))
    assert found is not None
    assert found.names == ("china",)
