"""`newstap replay … --diff`: what changed topic definitions would change in records."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ingest import diff
from ingest.config import Config
from ingest.sources.opening import InputError
from tests.commands import rows
from tests.ingest.newsroom import line, newstap

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SATELLITE = {"id": "satellite", "title": "Moscow launches a satellite", "text": "Russian engineers built it in 1957."}
FERRY = {"id": "ferry", "title": "The ferry sails again", "text": "Tickets for the ferry are sold on the pier."}
WALL = {"id": "wall", "title": "A wall in China", "text": "Peking repaired the wall. Peking will light it."}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a replay of three articles, a document without text and one that is none."""
    folder = tmp_path_factory.mktemp("diff")
    inputs = folder / "in.jsonl"
    documents = (json.dumps(row) for row in (SATELLITE, FERRY, WALL, {"id": "bare", "title": "", "text": ""}))
    inputs.write_text("".join(f"{document}\n" for document in documents) + '{"id": "odd", "text": 5}\n')
    done = newstap("replay", inputs, "--to", folder / "out", cwd=folder)
    assert "3 records + 1 skipped (empty 1) + 1 dead letter (read 1)" in done.stderr
    return folder / "out"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A configuration with a topic of its own, and definitions of the shipped ones that differ."""
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "ferries.toml").write_text('name = "ferries"\n[primary]\nen = ["ferry"]\n')
    (folder / "china.toml").write_text('extends = "china"\n[not]\nen = ["Peking"]\n')
    (folder / "russia.toml").write_text('extends = "russia"\nthreshold = 0.999\n')
    path = tmp_path / "newstap.toml"
    path.write_text('[topics]\nenabled = ["russia", "china", "ferries"]\npaths = ["topics"]\n')
    return path


def compared(*arguments: Any, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return newstap("replay", *arguments, "--diff", cwd=cwd, **options)


def test_unchanged_definitions_change_nothing(records: Path, tmp_path: Path) -> None:
    done = compared(records, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "3 records compared, 0 would change" in done.stderr


def test_it_tells_what_comes_what_goes_and_what_scores_otherwise_with_the_phrases(
    records: Path, changed: Path, tmp_path: Path
) -> None:
    """The diff names each changed record once and is silent about those that stay as they are."""
    done = compared(records / "records", "--config", changed, cwd=tmp_path)
    assert done.returncode == 0
    blocks = {block.split(":")[0].split(",")[0]: block for block in done.stdout.split("record ")[1:]}
    ids = {row["title"]: row["id"] for row in rows(records / "records")}
    assert blocks.keys() == set(ids.values())
    ferry = blocks[ids["The ferry sails again"]]
    assert "  + ferries 0." in ferry
    assert "[ferry] in title\n" in ferry
    assert "under the threshold 0.999\n    [Moscow] in title\n" in blocks[ids["Moscow launches a satellite"]]
    assert "    - [Peking] in text, 2 times, ignored: blocked phrase\n" in blocks[ids["A wall in China"]]
    assert "3 records compared, 3 would change: +ferries 1, -russia 1, ~china 1" in done.stderr


def test_it_says_what_a_replay_then_does(records: Path, changed: Path, tmp_path: Path) -> None:
    before = {row["id"]: row for row in rows(records / "records")}
    assert newstap("replay", records / "records", "--config", changed, "--to", "new", cwd=tmp_path).returncode == 0
    after = {row["id"]: row for row in rows(tmp_path / "new" / "records")}
    moved = {key for key in before if before[key]["topics"] != after[key]["topics"]}
    told = compared(records, "--config", changed, cwd=tmp_path).stdout
    assert {key for key in before if key in told} == moved
    assert compared(tmp_path / "new", "--config", changed, cwd=tmp_path).stdout == ""


def test_it_writes_nothing_and_remembers_nothing(records: Path, changed: Path, tmp_path: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    compared(records, "--config", changed, "--to", tmp_path / "new", cwd=tmp_path)
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_topics_of_the_command_line_count(records: Path, tmp_path: Path) -> None:
    told = compared(records, "--topics", "russia", cwd=tmp_path).stdout
    assert "- china 0." in told
    assert "not among the topics looked for\n    [China] in title" in told
    assert "russia" not in told


def test_standard_input(records: Path, changed: Path, tmp_path: Path) -> None:
    (file,) = (records / "records").iterdir()
    told = compared("-", "--config", changed, cwd=tmp_path, input=file.read_text()).stdout
    assert told == compared(file, "--config", changed, cwd=tmp_path).stdout != ""


@pytest.mark.parametrize("text", [line(1), "not json", '{"schema": 1, "fingerprint": {}, "origin": {}}'])
def test_anything_but_records_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(text + "\n")
    done = compared("in.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "in.jsonl: at byte 0: no record" in done.stderr
    assert "--diff compares newstap's own records" in done.stderr


def test_a_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>A ferry.</p>")
    with pytest.raises(InputError, match="no record"):
        diff.diff(Config(), diff.Options(inputs=(str(tmp_path / "page.html"),)), threading.Event())


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl.gz").write_bytes(b"\x1f\x8bnot gzip")
    done = compared("in.jsonl.gz", cwd=tmp_path)
    assert done.returncode == 2
    assert "in.jsonl.gz" in done.stderr


def test_a_processor_of_the_users_own_has_its_say(records: Path, tmp_path: Path) -> None:
    """What a replay would leave out, or fail on, is told too."""
    (tmp_path / "picky.py").write_text(
        "from processors.base import Skip\n"
        "class Picky:\n"
        '    name = "picky"\n'
        "    def __call__(self, article):\n"
        '        if "ferry" in article.title:\n'
        '            raise Skip(detail="a ferry")\n'
        '        if "wall" in article.title:\n'
        '            raise ValueError("a wall")\n'
        "        return article\n"
    )
    (tmp_path / "newstap.toml").write_text('[[processors]]\nuse = "picky:Picky"\n')
    done = compared(records, "--config", "newstap.toml", cwd=tmp_path)
    assert "would be skipped (filtered): picky: a ferry" in done.stdout
    assert "would be a dead letter: picky: ValueError: a wall" in done.stdout
    assert "2 would change: dead letters 1, skipped 1" in done.stderr


def test_it_goes_with_no_dry_run(tmp_path: Path) -> None:
    done = compared("in", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "not allowed with" in done.stderr
