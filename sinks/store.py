"""One SQLite file and the process that owns it; others may look in, and add to it, beside the owner.

WAL with `synchronous=FULL`: a commit survives a power cut. One connection serves all threads behind a lock;
transactions are short, and the fsync of a commit is what bounds them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

APPLICATION_ID = 0x6E657774  # "newt"
"""What tells a state of ours from any other SQLite file (`PRAGMA application_id`)."""
_POLL_SECONDS = 0.02
_PASSING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
}
"""What a disk that is full, failing or mounted read-only gives, and one that a backup reads: worth trying again."""

_PASSING_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""The same from the system."""


class StoreError(Exception):
    """The state cannot be used; the text names the file and what can be done."""


class StoreLockedError(StoreError):
    """Another process works on this state."""


class StoreFullError(StoreError):
    """The disk is full or failing. Nothing of the transaction was kept; it can be tried again."""


class Store:
    """A SQLite file with a schema that only moves forward.

    Args:
        path: the file; its folder is made if need be, and both are closed to other users.
        migrations: scripts, oldest first, that are never edited once published; `PRAGMA user_version` counts those run.
        beside: open it also while another process owns it. It is owned for as long as it takes to bring it up to date,
            and only where that is needed.
        patience_seconds: how long to wait for whoever owns it: for the end of one that was just opened beside us, or,
            beside an owner, for the layout that it is about to make.

    Raises:
        StoreLockedError: another process owns it.
        StoreFullError: the disk is full or failing.
        StoreError: not ours, damaged, written by another version, or not to be opened at all.
    """

    def __init__(
        self, path: Path, migrations: Sequence[str], *, beside: bool = False, patience_seconds: float = 0.0
    ) -> None:
        self.path = path
        self._mutex = threading.RLock()
        self._lock: int | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not beside:
                self._lock = self._locked(patience_seconds)
            _closed_to_others(path)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        except (OSError, sqlite3.Error) as error:
            self._unlock()
            passing = isinstance(error, OSError) and error.errno in _PASSING_ERRORS
            what = StoreFullError if passing else StoreError
            raise what(f"{path}: cannot be opened: {getattr(error, 'strerror', None) or error}") from error
        try:
            if beside:
                self._join(migrations, patience_seconds)
            else:
                self._prepare(migrations)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                self._raise(error)
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction; it is durable once the block has been left without an exception.

        Raises:
            StoreFullError: the disk is full or failing.
            StoreError: the file is damaged.
        """
        with self._mutex:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:  # a full disk has often rolled back by itself
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.DatabaseError as error:
                self._raise(error)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for queries. Raises as `transaction` does."""
        with self._mutex:
            try:
                yield self._connection
            except sqlite3.DatabaseError as error:
                self._raise(error)

    def close(self) -> None:
        """Close the file and let go of its lock. Safe to call twice."""
        with self._mutex:
            self._connection.close()
            self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _locked(self, patience_seconds: float) -> int:
        return _locked(self.path.with_name(self.path.name + ".lock"), patience_seconds)

    def _join(self, migrations: Sequence[str], patience_seconds: float) -> None:
        """Wait for our layout, or make it where nobody owns the file: only its owner may change that."""
        deadline = time.monotonic() + patience_seconds
        while not self._fits(migrations):
            try:
                self._lock = self._locked(0.0)
            except StoreLockedError:
                if time.monotonic() >= deadline:
                    raise StoreError(f"{self.path}: in use by another version of newstap; use that version") from None
                time.sleep(_POLL_SECONDS)
            except OSError as error:
                raise StoreError(f"{self.path}: cannot be opened: {error.strerror}") from error
            else:
                self._prepare(migrations)
                self._unlock()

    def _fits(self, migrations: Sequence[str]) -> bool:
        self._recognise(self._connection)
        _set_up(self._connection)
        return self._version(migrations) == len(migrations)

    def _version(self, migrations: Sequence[str]) -> int:
        """Return how many migrations were run; refuse a layout that we do not know."""
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(migrations):
            raise StoreError(f"{self.path}: written by a later version of newstap (layout {version}); use that version")
        return version

    def _prepare(self, migrations: Sequence[str]) -> None:
        connection = self._connection
        self._recognise(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        _set_up(connection)
        connection.execute("PRAGMA journal_size_limit=67108864")
        if (verdict := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise StoreError(f"{self.path}: damaged: {' '.join(verdict.split())}; restore it from a backup")
        version = self._version(migrations)
        for number, script in enumerate(migrations[version:], version + 1):
            # executescript commits what is open, so the script brings its own transaction.
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script}\n"
                f"PRAGMA user_version = {number};\nPRAGMA application_id = {APPLICATION_ID};\nCOMMIT;"
            )

    def _recognise(self, connection: sqlite3.Connection) -> None:
        """Refuse another program's file before anything in it is changed."""
        # In this order: whoever makes our tables at this moment commits them together with the id.
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StoreError(f"{self.path}: a database of another program; choose another path")

    def _raise(self, error: sqlite3.Error) -> NoReturn:
        """Raise our exception for what the disk or the file did, SQLite's own for a mistake in a statement."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _PASSING:
            raise StoreFullError(f"{self.path}: {error}") from error
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StoreError(f"{self.path}: damaged: {error}; restore it from a backup") from error
        raise error


def _set_up(connection: sqlite3.Connection) -> None:
    """Choose what is each connection's own to choose."""
    connection.execute("PRAGMA synchronous=FULL")
    # Some systems' SQLite writes zeros over what is deleted: for the outbox as much as was written to it, once more.
    connection.execute("PRAGMA secure_delete=OFF")


def _closed_to_others(path: Path) -> None:
    """Make the file before SQLite does, which would give it the mode that the umask leaves; `-wal` follows it.

    One that is there is not opened for that: with the first descriptor that is closed a process loses all its locks on
    a file (POSIX, `fcntl`), those of its other connections, too. Whoever leaves such a file next takes itself for the
    last, and deletes the log under a service that writes on ("How To Corrupt An SQLite Database File", 2.2).

    Raises:
        OSError: it cannot be made, or is none.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a file") from None
        if stat.S_IMODE(mode) != 0o600:
            path.chmod(0o600)
        return
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _locked(path: Path, patience_seconds: float) -> int:
    """Take the lock file and leave our process id in it.

    Raises:
        StoreLockedError: another process holds it, for longer than our patience.
        OSError: it cannot be made or locked.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _wait_for(descriptor, path, time.monotonic() + patience_seconds)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _wait_for(descriptor: int, path: Path, deadline: float) -> None:
    while not _taken(descriptor):
        if time.monotonic() >= deadline:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            raise StoreLockedError(f"{path.parent}: in use by another newstap process (pid {holder})")
        time.sleep(_POLL_SECONDS)


def owner_of(path: Path) -> int | None:
    """Return the process that owns a state, None where none does.

    To know, the lock is asked for, shared and for an instant: whoever starts at that moment waits for longer.

    Raises:
        StoreError: it cannot be asked for.
    """
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
        return int(holder) if holder.isdecimal() else 0
    finally:
        os.close(descriptor)
    return None


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
