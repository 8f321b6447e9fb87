"""What records were made with is kept by digest, found again, and told by when it was in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.config import load
from ingest.knowledge import Fingerprint, Knowledge, KnowledgeError
from ingest.recipe import Recipe
from processors.boilerplate.files import RuleFiles
from processors.boilerplate.rules import LineRules
from processors.topics import definitions

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
RULE = '[[rule]]\nname = "ferry"\npatterns = ["{0}"]\ntriggers = ["ferry"]\ntakes = ["{0}"]\n'


def recipe(folder: Path, line: str = "by ferry", profiles: str = "", topic: str = "china") -> Recipe:
    """What a chain is built from, with a rule of the user's own."""
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(RULE.format(line))
    rules = RuleFiles.read([folder / "own.toml"])
    return Recipe(config=load(None, {}), rules=rules, definitions=definitions.load([topic]), profiles=profiles)


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    return Knowledge(tmp_path / "knowledge")


def test_what_was_kept_is_found_again_and_makes_the_same_records(knowledge: Knowledge, tmp_path: Path) -> None:
    """Whatever has become of the files it was read from."""
    then = recipe(tmp_path / "rules", profiles='{"a.example":{}}')
    kept = knowledge.keep(then, NOON)
    now = recipe(tmp_path / "rules", line="no ferry", topic="russia")
    found = knowledge.recalled(kept, now)
    assert found.rules is not None
    assert found.definitions is not None
    assert found.rules.digest == kept.rules != now.rules.digest  # type: ignore[union-attr] # it was just made
    assert LineRules.of(found.rules).match("by ferry") == "ferry"
    assert (found.definitions.names, found.definitions.digest) == (("china",), kept.topics)
    assert [topic.phrases for topic in found.definitions.topics] == [topic.phrases for topic in then.definitions.topics]  # type: ignore[union-attr] # as above
    assert found.profiles == then.profiles
    assert str(tmp_path) not in found.rules.to_json(), "where the files lay is nobody's business"


def test_nothing_learned_yet_is_nothing_kept(knowledge: Knowledge, tmp_path: Path) -> None:
    kept = knowledge.keep(recipe(tmp_path / "rules"), NOON)
    assert kept.profiles is None
    assert knowledge.recalled(kept, recipe(tmp_path / "rules", profiles='{"a.example":{}}')).profiles == ""


def test_the_journal_tells_what_was_in_force_when(knowledge: Knowledge, tmp_path: Path) -> None:
    lines = ("one ferry", "one ferry", "two ferry", "one ferry")
    kept = [knowledge.keep(recipe(tmp_path / "rules", line), NOON + timedelta(hours=n)) for n, line in enumerate(lines)]
    assert len((knowledge.folder / "journal.log").read_text().splitlines()) == 3
    for hours, number in ((0, 0), (1.5, 0), (2, 2), (2.9, 2), (3, 3), (99, 3)):
        assert knowledge.at(NOON + timedelta(hours=hours)) == kept[number]
    with pytest.raises(KnowledgeError, match=r"nothing is known of 2026-11-25T11:00:00\+00:00: the journal begins at"):
        knowledge.at(NOON - timedelta(hours=1))
    with pytest.raises(KnowledgeError, match="is empty, or not there"):
        Knowledge(tmp_path / "nowhere").at(NOON)


def test_all_topics_ever_looked_for_are_told(knowledge: Knowledge, tmp_path: Path) -> None:
    for topic in ("russia", "china", "russia"):
        knowledge.keep(recipe(tmp_path / "rules", topic=topic), NOON)
    assert knowledge.topic_names() == ("china", "russia")


def test_what_is_missing_or_damaged_is_named(knowledge: Knowledge, tmp_path: Path) -> None:
    made = recipe(tmp_path / "rules")
    kept = knowledge.keep(made, NOON)
    (blob,) = knowledge.folder.glob("topics-*")
    assert knowledge.lacks(kept) == []
    blob.write_bytes(blob.read_bytes()[:100])
    with pytest.raises(KnowledgeError, match=rf"{blob.name}: cannot be read"):
        knowledge.recalled(kept, made)
    blob.unlink()
    assert knowledge.lacks(kept) == [blob.name]
    with pytest.raises(KnowledgeError, match=rf"lacks {blob.name}, so that"):
        knowledge.recalled(kept, made)
    with pytest.raises(KnowledgeError, match="is no digest"):
        knowledge.lacks(replace(kept, rules="../../etc"))


def test_a_torn_line_at_the_end_of_the_journal_is_passed_over_and_a_broken_one_is_told(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    kept = knowledge.keep(recipe(tmp_path / "rules"), NOON)
    journal = knowledge.folder / "journal.log"
    whole = journal.read_text()
    journal.write_text(whole + whole[:40])
    assert knowledge.at(NOON) == kept
    journal.write_text(f"{whole[:40]}\n{whole}")
    with pytest.raises(KnowledgeError, match="line 1: cannot be read"):
        knowledge.at(NOON)


def test_what_was_kept_is_never_written_again(knowledge: Knowledge, tmp_path: Path) -> None:
    made = recipe(tmp_path / "rules")
    knowledge.keep(made, NOON)
    before = {path: path.stat().st_mtime_ns for path in knowledge.folder.iterdir()}
    knowledge.keep(made, NOON + timedelta(hours=1))
    assert {path: path.stat().st_mtime_ns for path in knowledge.folder.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeError, match="cannot be written"):
        Knowledge(tmp_path / "file" / "knowledge").keep(recipe(tmp_path / "rules"), NOON)


@pytest.mark.parametrize("row", [{}, {"newstap": "1", "rules": "a"}])
def test_a_fingerprint_that_lacks_something_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(KnowledgeError, match="a fingerprint without"):
        Fingerprint.of(row)


def test_other_code_is_told(knowledge: Knowledge, tmp_path: Path) -> None:
    kept = knowledge.keep(recipe(tmp_path / "rules"), NOON)
    assert kept.differs() == []
    assert replace(kept, extractor=None).differs() == []
    (told,) = replace(kept, extractor="trafilatura 0.1").differs()
    assert told.startswith("extractor trafilatura 0.1, now ")
