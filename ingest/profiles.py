"""Where site profiles lie: lessons wait in a job's state, and are learned into a file that all jobs share.

A record's lesson is written in the transaction that puts the record into the outbox, so that it is kept exactly when
the record is. From there it goes into the profiles, in a transaction of theirs; a job that is killed between the two
hands it over again, and the profile knows the article already.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import zlib
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from processors.profiles.lessons import lesson_of
from processors.profiles.site import Site, learned
from processors.profiles.snapshot import known_from_json, known_of, known_to_json, snapshot_of, version_of
from processors.profiles.stored import lesson_from_json, lesson_to_json, site_from_json, site_to_json
from processors.profiles.verdicts import Known, Verdict, verdicts
from processors.records import Record
from sinks.store import APPLICATION_ID, Store, StoreError, StoreFullError, StoreLockedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ingest.config import Config

log = logging.getLogger(__name__)

LESSONS = """
CREATE TABLE lesson (seq INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE profiles (version TEXT NOT NULL, body BLOB NOT NULL);
"""
"""In a job's state: what it has to hand over, and the snapshot that it goes by (one row, once it has begun)."""
MIGRATIONS = (
    """
CREATE TABLE site (host TEXT PRIMARY KEY, body BLOB NOT NULL, goes BLOB, changed INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX site_changed ON site (changed) WHERE changed;
CREATE TABLE snapshot (seq INTEGER PRIMARY KEY AUTOINCREMENT, version TEXT NOT NULL UNIQUE, body BLOB NOT NULL);
""",
)
FILE = "profiles.sqlite"
HAND_OVER = 2_000
"""Lessons that a job keeps before it hands them over; some 6 kB each: compressing them would cost more time."""
SNAPSHOTS = 50
"""Snapshots that are kept, the latest ones."""
_PATIENCE_SECONDS = 30.0
"""How long another process may hold the file: handing over 2,000 lessons takes a second or two."""


class Learner:
    """Takes lessons from a job's records into the profiles.

    Args:
        profiles: what learns.
        job: the job's state, opened with `LESSONS` among its migrations.
    """

    def __init__(self, profiles: Profiles, job: Store) -> None:
        self._profiles = profiles
        self._job = job
        self._noted = 0

    def note(self, connection: sqlite3.Connection, outcomes: Iterable[object]) -> None:
        """Keep what records among them teach, inside the caller's transaction on the job's state."""
        taught = [found for one in outcomes if isinstance(one, Record) and (found := lesson_of(one))]
        connection.executemany(
            "INSERT INTO lesson (host, body) VALUES (?, ?)",
            [(lesson.host, lesson_to_json(lesson, texts)) for lesson, texts in taught],
        )
        self._noted += len(taught)

    def hand_over(self, *, at_least: int = HAND_OVER) -> None:
        """Let the profiles learn what was noted since, if it is so much."""
        if self._noted >= at_least:
            self._profiles.take_over(self._job)
            self._noted = 0

    def finish(self) -> None:
        """Hand over the rest, what an earlier run has left included."""
        self._profiles.take_over(self._job)


class Profiles:
    """What is known of sites, in one file of a folder; opened for as long as something is read or written.

    Nothing is created before there is something to keep.

    Args:
        folder: where the file lies, or will.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def snapshot(self, job: Store | None = None) -> str:
        """Return what a run goes by: what is known now, or for a job that had begun, what it began with.

        Raises:
            StoreError: a state cannot be used.
        """
        if job is not None and (kept := _kept(job)) is not None:
            return kept
        body = self._current() if self.path.exists() else ""
        if job is not None:
            with job.transaction() as connection:
                connection.execute("INSERT INTO profiles VALUES (?, ?)", (version_of(body) or "", _packed(body)))
        return body

    def recorded(self, version: str) -> str | None:
        """Return the snapshot that records name so; None where it is not kept any more."""
        with self._reading() as connection:
            row = (
                connection and connection.execute("SELECT body FROM snapshot WHERE version = ?", (version,)).fetchone()
            )
        return _unpacked(row[0]) if row else None

    def take_over(self, job: Store) -> None:
        """Learn what a job has to hand over; where that cannot be kept just now, it waits in the job."""
        with job.reading() as connection:
            rows = connection.execute("SELECT seq, host, body FROM lesson ORDER BY host, seq").fetchall()
        if not rows:
            return
        try:
            with self._writing() as profiles:
                for host, some in groupby(rows, key=lambda row: str(row[1])):
                    _learn(profiles, host, [body for _, _, body in some])
            with job.transaction() as connection:
                connection.execute("DELETE FROM lesson WHERE seq <= ?", (max(row[0] for row in rows),))
        except (StoreFullError, StoreLockedError) as error:
            log.warning("what was learned about sites is kept for the next run: %s", error)

    def site(self, host: str) -> tuple[Site, list[Verdict]] | None:
        """Return what is known of a site and thought of its lines; None where nothing is known."""
        with self._reading() as connection:
            row = connection and connection.execute("SELECT body, goes FROM site WHERE host = ?", (host,)).fetchone()
        if not row:
            return None
        found = site_from_json(host, _unpacked(row[0]))
        return found, verdicts(found, _known(row[1]))

    def count(self) -> int:
        """Return of how many sites anything is known."""
        with self._reading() as connection:
            return 0 if connection is None else int(connection.execute("SELECT count(*) FROM site").fetchone()[0])

    def forget(self, host: str) -> bool:
        """Forget a site; say whether anything was known. Its articles teach again when they are read again."""
        if not self.path.exists():
            return False
        with self._writing() as connection:
            return connection.execute("DELETE FROM site WHERE host = ?", (host,)).rowcount > 0

    def _current(self) -> str:
        """Decide about the sites that have changed, keep the snapshot of all of them, and return it."""
        with self._writing() as connection:
            for row in connection.execute("SELECT host, body, goes FROM site WHERE changed").fetchall():
                _decide(connection, *row)
            rows = connection.execute("SELECT host, goes FROM site WHERE goes IS NOT NULL").fetchall()
            body = snapshot_of({host: _known(goes) for host, goes in rows})
            if version := version_of(body):
                connection.execute("DELETE FROM snapshot WHERE version = ?", (version,))
                connection.execute("INSERT INTO snapshot (version, body) VALUES (?, ?)", (version, _packed(body)))
                connection.execute(
                    "DELETE FROM snapshot WHERE seq <= (SELECT max(seq) FROM snapshot) - ?", (SNAPSHOTS,)
                )
        return body

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        store = _patiently(self.path)
        try:
            with store.transaction() as connection:
                yield connection
        finally:
            store.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Lend a connection that needs no lock, so that one can look while another process learns."""
        if not self.path.exists():
            yield None
            return
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise StoreError(f"{self.path}: a database of another program; choose another state path")
            yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error
        finally:
            connection.close()


def profiles_of(config: Config, job: Path) -> Profiles:
    """Return what the jobs of a configuration file share; without one, what a job keeps in its own folder."""
    return Profiles(config.state.path if config.file is not None else job)


def _learn(connection: sqlite3.Connection, host: str, bodies: Iterable[str]) -> None:
    lessons = [lesson for body in bodies if (lesson := lesson_from_json(body))]
    row = connection.execute("SELECT body FROM site WHERE host = ?", (host,)).fetchone()
    before = site_from_json(host, _unpacked(row[0])) if row else Site(host=host)
    after = learned(before, lessons)
    if after != before:
        connection.execute(
            "INSERT INTO site VALUES (?, ?, NULL, 1) "
            "ON CONFLICT (host) DO UPDATE SET body = excluded.body, changed = 1",
            (host, _packed(site_to_json(after))),
        )


def _decide(connection: sqlite3.Connection, host: str, body: bytes, goes: bytes | None) -> None:
    known = known_of(verdicts(site_from_json(host, _unpacked(body)), _known(goes)))
    packed = _packed(known_to_json(known)) if known else None
    connection.execute("UPDATE site SET goes = ?, changed = 0 WHERE host = ?", (packed, host))


def _known(goes: bytes | None) -> dict[str, Known]:
    return known_from_json(_unpacked(goes)) if goes else {}


def _kept(job: Store) -> str | None:
    with job.reading() as connection:
        row = connection.execute("SELECT body FROM profiles").fetchone()
    return _unpacked(row[0]) if row else None


def _patiently(path: Path) -> Store:
    """Open the file, waiting for another process that learns at the moment."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return Store(path, MIGRATIONS)
        except StoreLockedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "replace"), 1)


def _unpacked(body: bytes) -> str:
    return zlib.decompress(body).decode()
