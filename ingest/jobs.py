"""A replay job: its inputs and targets, where its state lies, and who may work on it."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest.config import FilesSink, KafkaSink, Sinks
from ingest.sources.opening import STDIN
from ingest.wiring import MIGRATIONS
from sinks.files import FOLDERS
from sinks.outbox import Outbox
from sinks.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.config import Config

STATE_FOLDER = ".newstap"


class JobError(Exception):
    """The job cannot be begun here; usage, so exit code 2. The text says what can be done."""


@dataclass(frozen=True, slots=True)
class Job:
    """What makes one job the same as another: its inputs and its targets.

    A folder of files is a target by holding the state, wherever it stands; so a moved folder is still the job's own.
    """

    inputs: tuple[str, ...]
    """Absolute paths, or `-`."""
    to: str | None
    kafka: str | None
    only: str = ""
    """What is selected of the inputs, in words; empty for all of it."""

    @property
    def name(self) -> str:
        """Ten hexadecimal digits; part of Kafka group and transactional ids."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest()[:10]

    @property
    def text(self) -> str:
        """The job as JSON, as its state keeps it."""
        row = {"inputs": self.inputs, "kafka": self.kafka}
        return json.dumps(row | {"only": self.only} if self.only else row)


def job_of(inputs: Sequence[str], sinks: Sinks, *, distributed: bool = False, only: str = "") -> Job:
    """Name the job that these inputs and sinks are; one that hands pages to workers, or selects, is another one."""
    suffix = ".pages" if distributed else ""
    return Job(
        inputs=tuple(i if i == STDIN else str(Path(i).resolve()) for i in inputs),
        to=None if sinks.files is None else str(sinks.files.path.resolve()),
        kafka=None if sinks.kafka is None else f"{sinks.kafka.bootstrap}/{sinks.kafka.topic_prefix}{suffix}",
        only=only,
    )


class Layout(NamedTuple):
    """What a kind of job keeps its state in."""

    file: str
    migrations: tuple[str, ...]


REPLAY = Layout("job.sqlite", MIGRATIONS)


def opened(job: Job, config: Config, *, restart: bool, layout: Layout = REPLAY) -> Outbox:
    """Open the job's state, new or as it was left.

    Args:
        job: inputs and targets.
        config: tells where the state lies when no files are written.
        restart: forget the job's progress and delete its files first; another Kafka or selection is no other job then.
        layout: of its state.

    Raises:
        JobError: the folder holds another job's output, or output that no job of ours wrote, or cannot be written.
        StoreLockedError: another process works on this job.
        StoreError: the state cannot be used.
    """
    folder = Path(job.to) / STATE_FOLDER if job.to else config.state.path / "jobs" / job.name
    state = folder / layout.file
    try:
        if job.to and not state.exists():
            _refuse_foreign_output(Path(job.to))
        store = Store(state, layout.migrations)
    except OSError as error:
        raise JobError(f"{error.filename or folder}: {error.strerror}; choose another folder") from error
    try:
        _refuse_other_job(store, job, restart=restart)
        if restart:
            _empty(store, job)
        with store.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('job', ?)", (job.text,))
    except BaseException:
        store.close()
        raise
    return Outbox(store, job=job.name)


def sinks_of(store: Store, to: Path, config: Config) -> Sinks:
    """Return where the job of a folder writes, as its state keeps it; what else Kafka needs is the configuration's."""
    with store.reading() as connection:
        row = connection.execute("SELECT value FROM meta WHERE name = 'job'").fetchone()
    kafka = json.loads(row[0])["kafka"] if row else None
    files = replace(config.sinks.files or FilesSink(), path=to)
    if kafka is None:
        return Sinks(files=files, kafka=None)
    bootstrap, _, prefix = kafka.rpartition("/")
    base = config.sinks.kafka or KafkaSink()
    return Sinks(files=files, kafka=replace(base, bootstrap=bootstrap, topic_prefix=prefix))


def is_changed(box: Outbox, definitions: str) -> bool:
    """Keep what records depend on at the job's first run; say whether it is something else now."""
    with box.store.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('definitions', ?)", (definitions,))
        row = connection.execute("SELECT value FROM meta WHERE name = 'definitions'").fetchone()
    return bool(row[0] != definitions)


def _refuse_other_job(store: Store, job: Job, *, restart: bool) -> None:
    with store.reading() as connection:
        row = connection.execute("SELECT value FROM meta WHERE name = 'job'").fetchone()
    if row is None:
        return
    before = json.loads(row[0])
    same = before["kafka"] == job.kafka and before.get("only", "") == job.only
    if tuple(before["inputs"]) != job.inputs or not (same or restart):
        where = job.to or store.path.parent
        raise JobError(
            f"{where}: holds the output of another job (of {', '.join(before['inputs'])}"
            f"{', only ' + before['only'] if before.get('only') else ''}"
            f"{' to Kafka at ' + before['kafka'] if before['kafka'] else ''}); choose another folder with --to"
        )


def _refuse_foreign_output(target: Path) -> None:
    for folder in FOLDERS.values():
        with suppress(FileNotFoundError, NotADirectoryError):
            if any((target / folder).iterdir()):
                raise JobError(f"{target}: {folder}/ holds files of something else; choose another folder with --to")


def _empty(store: Store, job: Job) -> None:
    """Forget what the job knows, at once, then delete what it has written.

    Killed in between, the files are as good as foreign ones to a plain run, and deleted by the next `--restart`.
    """
    with store.transaction() as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names of our own schema
    for folder in FOLDERS.values():
        written = Path(job.to or "") / folder
        if job.to and written.exists():
            try:
                shutil.rmtree(written)
            except OSError as error:
                raise JobError(f"{error.filename or written}: cannot be deleted: {error.strerror}") from error
