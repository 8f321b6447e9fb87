"""What makes a job the same, where its state lies, and what `--restart` forgets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.config import Config, FilesSink, KafkaSink, Sinks, State
from ingest.items import item_of
from ingest.jobs import JobError, job_of, opened
from processors.records import Mode, Origin, Reason, Skipped
from sinks.store import StoreLockedError

if TYPE_CHECKING:
    from pathlib import Path


def files(path: Path) -> Sinks:
    return Sinks(files=replace(FilesSink(), path=path), kafka=None)


def test_a_job_is_its_inputs_and_targets(tmp_path: Path) -> None:
    job = job_of(["a", "-"], files(tmp_path))
    assert job == job_of(["./a", "-"], files(tmp_path / "x" / ".."))
    kafka = replace(files(tmp_path), kafka=KafkaSink())
    others = [job_of(["-", "a"], files(tmp_path)), job_of(["a", "-"], kafka)]
    assert len({each.name for each in (job, *others)}) == 3
    assert job_of(["a", "-"], files(tmp_path / "b")) != job


def test_without_files_the_state_lies_where_the_configuration_says(tmp_path: Path) -> None:
    job = job_of(["a"], Sinks(files=None, kafka=KafkaSink()))
    box = opened(job, Config(state=replace(State(), path=tmp_path)), restart=False)
    assert box.store.path == tmp_path / "jobs" / job.name / "job.sqlite"
    box.store.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    job = job_of(["a"], files(tmp_path))
    box = opened(job, Config(), restart=False)
    for restart in (False, True):
        with pytest.raises(StoreLockedError):
            opened(job, Config(), restart=restart)
    box.store.close()
    opened(job, Config(), restart=False).store.close()


def test_restart_forgets_everything_and_takes_a_new_name_among_the_owners(tmp_path: Path) -> None:
    """A watermark that the old state left in Kafka must mean nothing to the new one."""
    job = job_of(["a"], files(tmp_path))
    box = opened(job, Config(), restart=False)
    with box.store.transaction() as connection:
        box.add(connection, [item_of(Skipped(origin=Origin(mode=Mode.REPLAY), url=None, reason=Reason.EMPTY))])
    (tmp_path / "skipped").mkdir()
    (tmp_path / "skipped" / "part-000001.jsonl").touch()
    box.store.close()
    anew = opened(job, Config(), restart=True)
    assert (anew.last(), anew.tally(), anew.backlog()) == (0, {}, (0, 0))
    assert anew.state_id != box.state_id
    assert not (tmp_path / "skipped").exists()
    anew.store.close()


def test_another_kafka_is_another_job_unless_it_begins_anew(tmp_path: Path) -> None:
    opened(job_of(["a"], files(tmp_path)), Config(), restart=False).store.close()
    both = job_of(["a"], replace(files(tmp_path), kafka=KafkaSink()))

    with pytest.raises(JobError, match="another job"):
        opened(both, Config(), restart=False)
    opened(both, Config(), restart=True).store.close()


def test_the_refusal_names_the_other_job(tmp_path: Path) -> None:
    opened(job_of([str(tmp_path / "a")], files(tmp_path)), Config(), restart=False).store.close()
    with pytest.raises(JobError, match=rf"holds the output of another job \(of {tmp_path}/a\)"):
        opened(job_of([str(tmp_path / "b")], files(tmp_path)), Config(), restart=True)
