"""Lessons reach the profiles exactly once, and a run goes by the snapshot that it began with."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingest.profiles import FILE, SNAPSHOTS, Learner, Profiles
from ingest.wiring import MIGRATIONS
from processors.profiles.snapshot import Snapshot
from processors.records import Article, Mode, Origin, Record
from sinks.store import Store, StoreError
from tests.commands import rows
from tests.ingest.newsroom import configured, newstap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "gazette.example"
LINE = "The Gazette is owned by those who read it, and by nobody else in town."
BEGAN = datetime(2024, 5, 1, tzinfo=UTC)


def prose(n: int) -> str:
    return (
        f"On day {n} the people of the harbour counted {31 * n} stones and {n} gulls, wrote the numbers down and went "
        "home, since nothing else was left to be done before the evening came."
    )


def record(n: int, line: str = LINE) -> Record:
    article = Article(
        title=f"Notice {n}",
        text=f"{prose(n)}\n{line}",
        url=f"https://www.{HOST}/{n}",
        published=BEGAN + timedelta(days=n),
    )
    return Record(id=f"record-{n}", article=article, origin=Origin(mode=Mode.REPLAY), fingerprint={})


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "job.sqlite", MIGRATIONS)
    yield store
    store.close()


def noted(profiles: Profiles, job: Store, *numbers: int) -> Learner:
    learner = Learner(profiles, job)
    with job.transaction() as connection:
        learner.note(connection, [record(n) for n in numbers])
    return learner


def waiting(job: Store) -> int:
    with job.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM lesson").fetchone()[0])


def seen(profiles: Profiles) -> int:
    found = profiles.site(HOST)
    return found[1][0].seen if found and found[1] else 0


def test_what_is_learned_is_in_the_next_snapshot(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    assert profiles.snapshot() == ""
    noted(profiles, job, *range(8)).finish()
    (known,) = Snapshot.load(profiles.snapshot()).sites[HOST].values()
    assert (known.seen, known.since) == (8, int(BEGAN.timestamp()))
    assert waiting(job) == 0


def test_nothing_is_created_before_there_is_something_to_keep(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    profiles.snapshot(job)
    Learner(profiles, job).finish()
    assert profiles.site(HOST) is None
    assert not profiles.forget(HOST)
    assert profiles.recorded("0" * 16) is None
    assert not (tmp_path / "state").exists()


def test_lessons_of_a_killed_job_are_handed_over_by_its_next_run(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    noted(profiles, job, *range(5))
    Learner(profiles, job).finish()
    assert seen(profiles) == 5


def test_lessons_handed_over_twice_count_once(tmp_path: Path, job: Store) -> None:
    """Killed between learning and forgetting the lessons, a job hands them over again."""
    profiles = Profiles(tmp_path / "state")
    noted(profiles, job, *range(5)).finish()
    noted(profiles, job, *range(6)).finish()
    assert seen(profiles) == 6


def test_lessons_of_a_transaction_that_fails_are_none(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")

    def killed() -> None:
        with job.transaction() as connection:
            Learner(profiles, job).note(connection, [record(1)])
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        killed()
    assert waiting(job) == 0


def test_lessons_are_handed_over_once_there_are_enough(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    learner = noted(profiles, job, *range(5))
    learner.hand_over(at_least=6)
    assert (waiting(job), seen(profiles)) == (5, 0)
    learner.hand_over(at_least=5)
    assert (waiting(job), seen(profiles)) == (0, 5)


def test_job_goes_by_what_it_began_with(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    assert profiles.snapshot(job) == ""
    noted(profiles, job, *range(8)).finish()
    assert profiles.snapshot(job) == ""
    assert profiles.snapshot() != ""


def test_snapshot_can_be_had_again_by_the_name_that_records_give_it(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    noted(profiles, job, *range(8)).finish()
    first = profiles.snapshot()
    noted(profiles, job, 8).finish()
    assert profiles.snapshot() != first
    version = Snapshot.load(first).version
    assert version is not None
    assert profiles.recorded(version) == first


def test_old_snapshots_are_forgotten(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    versions = []
    noted(profiles, job, *range(3)).finish()
    for n in range(3, 3 + SNAPSHOTS + 2):
        noted(profiles, job, n).finish()
        versions.append(Snapshot.load(profiles.snapshot()).version)
    assert None not in versions
    kept = [profiles.recorded(version or "") is not None for version in versions]
    assert kept == [False, False] + [True] * SNAPSHOTS


def test_two_jobs_learn_into_one_file_at_a_time(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "state")
    jobs = [Store(tmp_path / f"{n}" / "job.sqlite", MIGRATIONS) for n in range(3)]
    learners = [noted(profiles, store, *range(3 * n, 3 * n + 3)) for n, store in enumerate(jobs)]
    threads = [threading.Thread(target=learner.finish) for learner in learners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [waiting(store) for store in jobs] == [0, 0, 0]
    assert seen(profiles) == 9
    for store in jobs:
        store.close()


def test_forgotten_site_is_forgotten(tmp_path: Path, job: Store) -> None:
    profiles = Profiles(tmp_path / "state")
    noted(profiles, job, *range(8)).finish()
    assert profiles.forget(HOST)
    assert profiles.site(HOST) is None
    assert profiles.snapshot() == ""


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database, but long enough to be looked at " * 20)
    with pytest.raises(StoreError, match="cannot be read"):
        Profiles(tmp_path).site(HOST)


def page(n: int) -> str:
    """Return a line of an archive: a page with two paragraphs of its own and what the site repeats."""
    body = f"<p>{prose(n)}</p><p>{prose(1000 + n)}</p><p>{LINE}</p>"
    html = f"<html lang='en'><title>Notice {n}</title><body><article><h1>Notice {n}</h1>{body}</article></body></html>"
    published = (BEGAN + timedelta(days=n)).isoformat()
    return json.dumps({"url": f"https://www.{HOST}/city/{n}", "html": html, "published": published})


def archive(path: Path, numbers: range) -> Path:
    path.write_text("".join(f"{page(n)}\n" for n in numbers))
    return path


def replayed(config: Path, out: Path, *inputs: Path, **options: Any) -> list[dict[str, Any]]:
    done = newstap("replay", "--config", config, *inputs, "--to", out, "--workers", 1, cwd=out.parent, **options)
    assert done.returncode == 0, done.stderr
    return rows(out / "records")


def test_what_one_replay_learns_the_next_takes_out_and_says_so(tmp_path: Path) -> None:
    config = configured(tmp_path)
    taught = archive(tmp_path / "taught.jsonl", range(8))
    first = replayed(config, tmp_path / "first", taught)
    assert all(LINE in row["text"] and row["fingerprint"]["profiles"] is None for row in first)

    (row,) = replayed(config, tmp_path / "second", archive(tmp_path / "more.jsonl", range(8, 9)))
    assert row["text"] == f"{prose(8)}\n{prose(1008)}"
    receipt = {"rule": "site-learned", "text": LINE, "seen": 8, "since": "2024-05-01T00:00:00Z"}
    assert receipt | {"since": row["removed"][-1]["since"]} == row["removed"][-1]
    assert datetime.fromisoformat(row["removed"][-1]["since"]) == BEGAN
    assert Profiles(tmp_path / "var" / "state").recorded(row["fingerprint"]["profiles"])

    told = newstap("why", row["id"], "--config", config, "--to", tmp_path / "second", cwd=tmp_path)
    assert f"removed by site-learned (on 8 articles since 2024-05-01): {LINE}" in told.stdout

    shown = newstap("site", "show", f"www.{HOST}", "--config", config, cwd=tmp_path)
    assert "looks back on 9 distinct articles; 1 of 1 recurring lines go" in shown.stdout
    assert "goes; on 9 articles since 2024-05-01, below the text" in shown.stdout

    rules = tmp_path / "rules.toml"
    rules.write_text(newstap("site", "export", HOST, "--config", config, cwd=tmp_path).stdout)
    other = configured(tmp_path / "..", f'[extraction]\nrules = ["{rules}"]\n[state]\npath = "{tmp_path}/other"\n')
    (by_rule,) = replayed(other, tmp_path / "by-rule", tmp_path / "more.jsonl")
    other.unlink()
    assert [cut for cut in by_rule["removed"] if cut["rule"] == "site-learned"] == [
        {"rule": "site-learned", "text": LINE}
    ]

    assert newstap("site", "forget", HOST, "--config", config, cwd=tmp_path).returncode == 0
    gone = newstap("site", "show", HOST, "--config", config, cwd=tmp_path)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert f"nothing is known of '{HOST}'" in gone.stderr


def test_restart_keeps_what_was_learned_where_no_configuration_says_where(tmp_path: Path) -> None:
    taught, out = archive(tmp_path / "taught.jsonl", range(8)), tmp_path / "out"
    arguments = ("replay", taught, "--to", out, "--topics", "taiwan")
    assert newstap(*arguments, cwd=tmp_path).returncode == 0
    assert LINE in rows(out / "records")[0]["text"]
    assert newstap(*arguments, "--restart", cwd=tmp_path).returncode == 0
    assert all(LINE not in row["text"] for row in rows(out / "records"))
    assert "goes; on 8 articles" in newstap("site", "show", HOST, "--to", out, cwd=tmp_path).stdout
    assert not (tmp_path / "var").exists()


def test_dry_run_learns_nothing(tmp_path: Path) -> None:
    config, taught = configured(tmp_path), archive(tmp_path / "taught.jsonl", range(8))
    assert newstap("replay", "--config", config, taught, "--dry-run", cwd=tmp_path).returncode == 0
    assert not (tmp_path / "var").exists()
