"""The audit says that all adds up where it does, and finds what was planted where it does not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer

from ingest.wiring import MIGRATIONS
from sinks.base import Item, Kind
from sinks.outbox import Outbox
from sinks.store import Store
from tests.ingest.newsroom import archive, configured, newstap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker import Broker


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job that is done: 2 pages, and 40 lines of every kind."""
    folder = tmp_path_factory.mktemp("job")
    config = configured(folder)
    inputs = archive(folder / "archive", 2, 40)
    assert newstap("replay", inputs, "--to", folder / "out", "--config", config, cwd=folder).returncode == 0
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to plant something in; a job's folder may be moved."""
    shutil.copytree(finished / "out", tmp_path / "out")
    return tmp_path / "out"


def test_what_adds_up_is_said_to(job: Path):
    """With the counts of every kind and reason."""
    done = newstap("audit", "--to", job, cwd=job)

    assert done.returncode == 0, done.stdout
    told = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()[:5]}
    assert told == {"discovered": "42", "record": "30", "skipped": "8", "dead-letter": "4", "in": "flight"}
    assert "duplicate 4" in done.stdout
    assert "all of it adds up" in done.stdout


def test_a_deleted_line_is_found(job: Path):
    """It is named by the record that is lacking."""
    part = _parts(job)[0]
    lines = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join(lines[1:]))
    gone = json.loads(lines[0])

    problems = _problems(job)
    assert f"files: lacks {gone['id']}/{gone['revision']['n']}" in problems


def test_a_doubled_line_is_found(job: Path):
    part = _parts(job)[0]
    lines = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join([lines[0], *lines]))
    twice = json.loads(lines[0])

    assert f"files: holds more than once {twice['id']}/{twice['revision']['n']}" in _problems(job)


def test_a_line_deleted_and_another_doubled_do_not_make_up_for_each_other(job: Path):
    part = _parts(job)[0]
    lines = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join([lines[1], *lines[1:]]))

    problems = " ".join(_problems(job))
    assert "lacks" in problems
    assert "more than once" in problems


def test_a_truncated_file_is_found_and_named(job: Path):
    part = _parts(job)[0]
    part.write_bytes(part.read_bytes()[:-20])

    assert f"files: {part}: truncated: its last line is not whole" in _problems(job)


def test_a_finished_file_that_is_gone_is_found_and_named(job: Path):
    part = _parts(job)[0]
    part.unlink()

    assert f"files: {part.parent}: {part.stem} is missing" in _problems(job)


def test_a_deleted_row_of_the_outbox_is_found(job: Path):
    """What no sink has had, and what is not there to be had any more."""
    store = Store(job / ".newstap" / "job.sqlite", MIGRATIONS)
    item = Item(seq=0, kind=Kind.SKIPPED, key="k", body=b'{"reason": "empty"}', label="empty")
    box = Outbox(store, job="audit")
    with store.transaction() as connection:
        box.add(connection, [item, replace(item, key="l")])
        connection.execute("UPDATE file SET ordinal = ordinal + 2 WHERE path LIKE '%lines.jsonl'")
        connection.execute("DELETE FROM outbox WHERE key = 'l'")
    store.close()

    assert "the outbox lacks 1 items that some sink has not had" in _problems(job)


def test_a_document_without_an_outcome_is_found(job: Path):
    store = Store(job / ".newstap" / "job.sqlite", MIGRATIONS)
    with store.transaction() as connection:
        connection.execute("UPDATE tally SET n = n - 1 WHERE kind = 'skipped' AND label = 'empty'")
    store.close()

    problems = _problems(job)
    assert "discovered 42, but 41 have an outcome and 0 wait for theirs" in problems


def test_a_folder_that_no_job_wrote_is_refused(tmp_path: Path):
    done = newstap("audit", "--to", tmp_path, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (2, f"{tmp_path}: no replay has written here\n")


@pytest.mark.kafka
def test_a_tombstoned_record_is_found_in_kafka(tmp_path: Path, broker: Broker, topic_prefix: str):
    """The topics are held against the books too: the compacted one must have the newest revision of each article."""
    config = configured(tmp_path, f'[sinks.kafka]\ntopic_prefix = "{topic_prefix}"\npartitions = 2\n')
    inputs = archive(tmp_path / "archive", 2, 20)
    command = ("replay", inputs, "--to", tmp_path / "out", "--kafka", broker.bootstrap, "--config", config)
    assert newstap(*command, cwd=tmp_path).returncode == 0
    done = newstap("audit", "--to", tmp_path / "out", "--config", config, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "kafka: 16 records" in done.stdout

    victim = json.loads(_parts(tmp_path / "out")[0].read_bytes().splitlines()[0])["id"]
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    producer.send(f"{topic_prefix}.articles.latest.v1", value=None, key=victim.encode()).get(20)
    producer.close()

    assert _problems(tmp_path / "out", "--config", config) == [
        f"kafka: {topic_prefix}.articles.latest.v1: a tombstone for {victim}"
    ]


def _parts(out: Path) -> list[Path]:
    return sorted((out / "records").glob("part-*.jsonl"))


def _problems(out: Path, *more: Any) -> list[str]:
    done = newstap("audit", "--to", out, *more, cwd=out)
    assert done.returncode == 1, done.stdout
    return [line.removeprefix("wrong: ") for line in done.stdout.splitlines() if line.startswith("wrong: ")]
