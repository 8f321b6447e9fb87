"""The ordered stage: what it decides is kept with what it delivers, and found again after an interruption."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ingest import linking
from ingest.config import Stories
from ingest.linking import Linking, settle, settling
from ingest.wiring import MIGRATIONS
from processors.records import Failed, Mode, Origin, Reason, Record, Skipped, Step
from processors.stories import stored
from sinks.store import Store, StoreFullError
from tests.commands import rows
from tests.ingest.newsroom import configured, newstap
from tests.processors.stories.newsroom import record, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TITLE = "Ferry to Halvik sails again"
TEXT = "The ferry to Halvik sails twice a day from Monday, the harbour office said. It was laid up for 14 weeks."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "job.sqlite", MIGRATIONS)
    yield opened
    opened.close()


def settled(store: Store, stage: Linking, records: Sequence[Record]) -> list[Any]:
    with store.transaction() as connection:
        return [stage.settle(connection, one)[0] for one in records]


def fresh(seed: int, count: int) -> list[Record]:
    """A stream in which each state of an article is another document, as in an archive."""
    made = stream(seed, count)
    return [replace(one, origin=replace(one.origin, document_id=f"d{n}")) for n, one in enumerate(made)]


def test_what_is_decided_is_in_the_record_and_in_its_item(store: Store) -> None:
    stage = Linking(Stories())
    with store.transaction() as connection:
        stage.settle(connection, record("a", TITLE, TEXT * 3))
        outcome, item = stage.settle(connection, record("b", TITLE, TEXT * 3, 1))

    assert outcome.dup.copy_of == "a"
    assert outcome.story.size == 2
    body = json.loads(item.body)
    assert (body["dup"]["kind"], body["story"]["id"]) == ("exact", outcome.story.id)


def test_another_process_goes_on_where_the_last_one_committed(store: Store) -> None:
    """At each record a new one; and the tables hold no more than the window."""
    records = fresh(11, 50)
    whole = settled(store, Linking(Stories()), records)
    with store.transaction() as connection:
        for table in ("linked", "story", "article", "seen", "issued"):
            connection.execute(f"DELETE FROM {table}")

    again = [settled(store, Linking(Stories()), [one])[0] for one in records]

    assert again == whole


def test_what_was_undone_is_forgotten(store: Store) -> None:
    """A full disk undoes a transaction; the same stage is then asked again, and decides as if for the first time."""
    records = fresh(12, 60)
    wanted = settled(store, Linking(Stories()), records)
    with store.transaction() as connection:
        for table in ("linked", "story", "article", "seen", "issued"):
            connection.execute(f"DELETE FROM {table}")
    stage = Linking(Stories())
    found = []
    for start in range(0, 60, 12):
        batch = records[start : start + 12]
        with pytest.raises(StoreFullError):
            undone(store, stage, batch[: start // 6 + 1])
        found += settled(store, stage, batch)

    assert found == wanted


def undone(store: Store, stage: Linking, records: Sequence[Record]) -> None:
    with store.transaction() as connection:
        for one in records:
            stage.settle(connection, one)
        raise StoreFullError("no space")


def test_a_state_that_changes_nothing_is_skipped_and_takes_no_number(store: Store) -> None:
    stage = Linking(Stories())
    first, same, stamp, other, again = settled(
        store,
        stage,
        [
            documented("1", TEXT),
            documented("2", TEXT),
            documented("3", f"{TEXT}\nUpdated 5 minutes ago"),
            documented("4", TEXT.replace("14", "15")),
            documented("4", TEXT.replace("14", "15")),
        ],
    )

    assert first.revision.n == 1
    assert first.revision.kind is None
    assert [one.reason for one in (same, stamp)] == [Reason.UNCHANGED, Reason.UNCHANGED]
    assert same.detail == "a"
    assert again.reason is Reason.DUPLICATE
    revision = other.revision
    assert (revision.n, revision.of, revision.previous) == (2, "a/1", "a/1")
    assert (revision.kind, revision.changed, revision.numbers) == ("substantive", ("text",), (("14", "15"),))
    assert [edit.new for edit in revision.diff] == ["It was laid up for 15 weeks."]


def test_each_state_is_compared_with_the_last_one_that_was_delivered(store: Store) -> None:
    stage = Linking(Stories())
    texts = (TEXT, f"{TEXT} It rains.", f"{TEXT} It rains. The crew was on board all day.")
    last = settled(store, stage, [documented(str(n), text) for n, text in enumerate(texts)])[-1]

    assert (last.revision.n, last.revision.of, last.revision.previous) == (3, "a/1", "a/2")
    assert [edit.new for edit in last.revision.diff] == ["The crew was on board all day."]


def documented(name: str, text: str, hours: float = 0.0) -> Record:
    made = record("a", TITLE, text, hours)
    return replace(made, origin=replace(made.origin, document_id=name))


def test_a_state_that_is_forgotten_is_only_numbered(store: Store) -> None:
    stage = Linking(Stories(remember_days=2))
    settled(store, stage, [documented("1", TEXT)])
    settled(store, stage, [record(f"x{n}", f"Title {n}", "", 72 + n / 100) for n in range(70)])
    late = settled(store, stage, [documented("2", TEXT + " More of it.", 80)])[0]

    assert (late.revision.n, late.revision.kind) == (2, None)


def test_what_is_no_record_passes(store: Store) -> None:
    origin = Origin(mode=Mode.REPLAY)
    skipped = Skipped(origin=origin, url=None, reason=Reason.EMPTY)
    failed = Failed(origin=origin, url=None, step=Step.READ, error="torn")

    assert settled(store, Linking(Stories()), [skipped, failed]) == [skipped, failed]


def test_what_another_version_has_kept_otherwise_is_not_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(store, Linking(Stories()), [record("a", TITLE, TEXT * 3)])
    monkeypatch.setattr(stored, "LAYOUT", 99)
    after = settled(store, Linking(Stories()), [record("b", TITLE, TEXT * 3, 1)])[0]

    assert after.dup is None
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM linked").fetchone()[0] == 1


def test_it_can_be_left_out(store: Store) -> None:
    assert settling(Stories(enabled=False)) is settle
    with store.transaction() as connection:
        plain = [settle(connection, one)[0] for one in (documented("1", TEXT), documented("2", TEXT))]

    assert [(one.dup, one.story, one.revision.n) for one in plain] == [(None, None, 1), (None, None, 2)]


def test_the_window_is_all_that_is_kept(store: Store) -> None:
    stage = Linking(Stories(remember_days=1))
    settled(store, stage, fresh(13, 160))

    with store.reading() as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("linked", "story", "article")
        ]
    assert counts[0] <= 48 / 0.6 + 2
    assert counts[1] <= counts[0]
    assert counts[2] <= 24 / 0.6 + linking._EVERY + 2


def lines(folder: Path, records: Sequence[Record]) -> Path:
    folder.mkdir()
    with (folder / "news.jsonl").open("w", encoding="utf-8") as file:
        for one in records:
            row = {"id": one.origin.document_id, "url": f"https://news.example/{one.id}", "title": one.article.title}
            row |= {"text": one.article.text, "fetched": one.origin.fetched.isoformat()}
            file.write(json.dumps(row) + "\n")
    return folder


def test_a_replay_tells_the_same_whatever_the_workers(tmp_path: Path) -> None:
    """Order is input order; dup, revision and story are on by default."""
    inputs, config = lines(tmp_path / "in", fresh(21, 80)), configured(tmp_path)
    found = []
    for workers in (1, 3):
        out = tmp_path / f"out{workers}"
        assert (
            newstap("replay", "--config", config, inputs, "--to", out, "--workers", workers, cwd=tmp_path).returncode
            == 0
        )
        found.append([(row["id"], row["dup"], row["story"], row["revision"]) for row in rows(out / "records")])

    assert found[0] == found[1]
    assert any(dup for _, dup, _, _ in found[0])
    assert any(story["size"] > 1 for _, _, story, _ in found[0] if story)
    assert any(revision["class"] == "substantive" for *_, revision in found[0])
