"""`newstap replay … --restory`: stories that do not depend on the order in which records came."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingest.restory import Options, restory
from processors.records import Record, Revision, Story
from processors.stories.linker import Linker
from sinks.codec import encode_record
from sinks.stories import Stories
from tests.ingest.newsroom import newstap
from tests.processors.stories.newsroom import MORNING, record, stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def published(records: Sequence[Record]) -> list[Record]:
    """What a newstap would have published of records that came in this order."""
    linker, states = Linker(), Counter[str]()
    made = []
    for each in records:
        states[each.id] += 1
        one = replace(each, revision=Revision(n=states[each.id]))
        links = linker.link(one)
        made.append(replace(one, dup=links.dup, story=links.story))
    return made


def written(folder: Path, records: Sequence[Record]) -> Path:
    folder.mkdir(parents=True)
    (folder / "2026-03-02-000001.jsonl").write_bytes(b"".join(encode_record(each) + b"\n" for each in records))
    return folder


def told(to: Path, *inputs: Path) -> tuple[bytes, bytes]:
    assert restory(Options(inputs=tuple(map(str, inputs)), to=to), threading.Event()) == 0
    return (to / "stories.jsonl").read_bytes(), (to / "aliases.jsonl").read_bytes()


def lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


@pytest.fixture(scope="module")
def late() -> list[Record]:
    """Records that came up to six hours late, each by another time."""
    dice = random.Random(4)
    return published(sorted(stream(4, 400), key=lambda each: each.origin.fetched + timedelta(hours=dice.uniform(0, 6))))


def test_any_order_and_any_folders_give_the_same_bytes(tmp_path: Path, late: list[Record]) -> None:
    dice = random.Random(5)
    shuffled = dice.sample(late, len(late))
    whole = told(tmp_path / "one", written(tmp_path / "a", late))

    parts = [written(tmp_path / f"part-{n}" / "records", shuffled[n::3]) for n in range(3)]
    assert told(tmp_path / "two", parts[2].parent, parts[0], parts[1] / "2026-03-02-000001.jsonl") == whole
    assert told(tmp_path / "three", *parts, parts[1]) == whole, "what is there twice counts once"


def test_every_id_that_was_published_is_told_what_it_is_now(tmp_path: Path, late: list[Record]) -> None:
    stories, aliases = map(lines, told(tmp_path / "out", written(tmp_path / "in", late)))
    now = {(row["id"], row["revision"]): row["story"] for row in stories}
    ids = {each.story.id for each in late if each.story} | {each.story.merged for each in late if each.story}

    assert len(stories) == len(late)
    assert [row["published"] for row in aliases] == sorted(ids - {None})
    for row in aliases:
        members = Counter(
            now[each.id, each.revision.n] for each in late if each.story and each.story.id == row["published"]
        )
        assert row["of"] == members.total()
        assert row["records"] == members[row["story"]] == max(number for story, number in members.items() if story)


def test_it_is_what_the_linker_gives_in_this_order_with_merges_followed(tmp_path: Path, late: list[Record]) -> None:
    stories = lines(told(tmp_path / "out", written(tmp_path / "in", late))[0])
    linker, followed = Linker(), Stories()
    ordered = sorted(late, key=lambda each: (int(each.origin.fetched.timestamp()), each.id, each.revision.n))
    links = [linker.link(each) for each in ordered]
    for each in links:
        followed.see(each.story)

    assert [(row["id"], row["revision"]) for row in stories] == [(each.id, each.revision.n) for each in ordered]
    assert [row["story"] for row in stories] == [each.story and followed.of(each.story.id) for each in links]
    assert [row["copy_of"] for row in stories] == [each.dup and each.dup.copy_of for each in links]
    assert any(row["copy_of"] for row in stories)


def test_a_story_whose_records_are_not_there_goes_with_the_record_that_told_of_it(tmp_path: Path) -> None:
    one = record("a", "Ferry to Halvik sails again", "The ferry sails twice a day from Monday. " * 5)
    story = Story(id="old", score=1, size=4, first_seen=MORNING, method="s1", merged="young")
    stories, aliases = map(lines, told(tmp_path / "out", written(tmp_path / "in", [replace(one, story=story)])))

    (row,) = stories
    assert aliases == [
        {"published": "old", "story": row["story"], "records": 1, "of": 1},
        {"published": "young", "story": row["story"], "records": 0, "of": 0},
    ]


def test_of_two_records_with_one_key_always_the_same_counts(tmp_path: Path) -> None:
    """Two runs may have published other records under one key; ids of both are told of."""
    records = published(stream(6, 40))
    others = [
        replace(each, article=replace(each.article, title="Another title"), story=replace(each.story, id=f"x{n}"))
        for n, each in enumerate(records)
        if each.story
    ]
    one, other = written(tmp_path / "a", records), written(tmp_path / "b", others)

    forth, back = told(tmp_path / "forth", one, other), told(tmp_path / "back", other, one)
    assert forth == back
    assert {each.story.id for each in others} <= {row["published"] for row in lines(forth[1])}


def test_records_without_any_time_come_first(tmp_path: Path) -> None:
    one, other = record("b", "A", "x"), record("a", "B", "y")
    bare = replace(one, origin=replace(one.origin, fetched=None))
    stories = lines(told(tmp_path / "out", written(tmp_path / "in", [other, bare]))[0])

    assert [row["id"] for row in stories] == ["b", "a"]


def test_stopped_it_writes_nothing(tmp_path: Path, late: list[Record]) -> None:
    stop = threading.Event()
    stop.set()
    folder = written(tmp_path / "in", late[:5])

    assert restory(Options(inputs=(str(folder),), to=tmp_path / "out"), stop) == 1
    assert not (tmp_path / "out").exists()


def test_it_is_a_command(tmp_path: Path) -> None:
    written(tmp_path / "out" / "records", published(stream(7, 30)))
    done = newstap("replay", "out", "--restory", "--to", "told", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "30 records in " in done.stderr
    assert len((tmp_path / "told" / "stories.jsonl").read_bytes().splitlines()) == 30


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("out", "--restory"), "needs --to DIR"),
        (("out", "--restory", "--to", "x", "--topic", "russia"), "goes with --config alone"),
        (("out", "--restory", "--to", "x", "--workers", "2"), "goes with --config alone"),
        (("out", "--restory", "--to", "x", "--dry-run"), "not allowed with"),
        (("nothing", "--restory", "--to", "x"), "nothing: No such file"),
        (("empty", "--restory", "--to", "x"), "empty: no records there"),
        (("odd.jsonl", "--restory", "--to", "x"), "odd.jsonl, line 1: no record: "),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, options: tuple[str, ...], why: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd.jsonl").write_text('{"schema": 1}\n')
    done = newstap("replay", *options, cwd=tmp_path)

    assert done.returncode == 2
    assert why in done.stderr
    assert not (tmp_path / "x").exists()
