"""The files of an archive, appended to inside the state's transactions: what those commit is in the archive.

The state holds the name of the file being written and how many of its bytes count. They are written and synced before
the transaction's end, so that after a crash the file is as long as committed, or longer: then it is cut, and what was
cut comes again. A shorter one is a loss that we refuse to guess about, as is a state older than the archive (`Marker`).
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest import archived
from ingest.archive.records import stamp, warcinfo
from ingest.archived import ArchiveError, Place
from processors.records import ArchiveRef
from sinks.base import SinkBrokenError
from sinks.files_marker import NAME as MARKER
from sinks.files_marker import Marker, sync_folder
from sinks.store import StoreFullError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ingest.archive.records import Group

log = logging.getLogger(__name__)

FOLDER = "warc"
NAME = re.compile(r"newstap-(\d{8})-\d{8}T\d{6}Z\.warc\.gz")
_MODE = 0o640


def files_of(path: Path) -> dict[int, Path]:
    """Return the WARC files of an archive by number, oldest first."""
    folder = path / FOLDER
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {int(match[1]): file for file in files if (match := NAME.fullmatch(file.name))}


class Files:
    """Appends to an archive. Every call belongs into a transaction of the state, which makes them one at a time.

    Args:
        path: the archive's folder.
        owner: names the state; another one's archive is refused.
        software: names us in each file.
        rotate_bytes: a file of this size is finished.
        rotate_seconds: a file this old is finished, when something comes after it.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        path: Path,
        owner: str,
        *,
        software: str,
        rotate_bytes: int,
        rotate_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._folder = path / FOLDER
        self._marker = Marker(path, owner)
        self._software = software
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._clock = clock
        self._name = ""
        self._descriptor = self._lock = -1
        self._unsynced = False

    def open(self, connection: sqlite3.Connection) -> None:
        """Take the folder, and cut what was not committed.

        Raises:
            ArchiveError: another process or another state writes here, or the archive holds less than was committed.
        """
        reached = archived.place(connection)
        try:
            self._take_folder()
            self._marker.require(reached.seq)
            self._recover(reached)
        except SinkBrokenError as error:
            raise ArchiveError(str(error)) from error
        except OSError as error:
            raise ArchiveError(f"{error.filename or self.path}: {error.strerror}") from error

    def append(self, connection: sqlite3.Connection, groups: Sequence[Group]) -> tuple[list[ArchiveRef], int]:
        """Write groups, and return where each lies and the number of the file. Nothing counts before `sync`.

        Raises:
            StoreFullError: the disk is full or failing; the transaction is to be undone and tried again.
            ArchiveError: someone else changed the file.
        """
        before = archived.place(connection)
        try:
            if not self._unsynced:  # the first of its transaction: what it finds is committed
                self._marker.note(before.seq)
            self._unsynced = True
            reached, head = self._begun(before)
            refs, length = self._placed(reached, len(head), groups)
            self._write(reached, b"".join([head, *(part for group in groups for part in group.members)]))
        except OSError as error:
            self._drop()
            raise StoreFullError(f"{self._folder}: {error.strerror or error}") from error
        archived.save(connection, replace(reached, length=length, seq=before.seq + len(groups)))
        return refs, reached.number

    def sync(self) -> None:
        """Make durable what was written: the last thing before the transaction's end.

        Raises:
            StoreFullError: as `append`.
        """
        if not self._unsynced:
            return
        self._unsynced = False
        try:
            if self._descriptor >= 0:
                os.fdatasync(self._descriptor)
        except OSError as error:
            self._drop()  # no descriptor is tried again: after a failed sync Linux has dropped the dirty pages
            raise StoreFullError(f"{self._folder}: {error.strerror or error}") from error

    def finish(self, connection: sqlite3.Connection, *, older_than: float = 0.0) -> None:
        """Let the next entry begin another file, where this one was begun so many seconds ago."""
        reached = archived.place(connection)
        if reached.length and self._clock() - reached.began >= older_than:
            archived.save(connection, replace(reached, length=0))

    def close(self) -> None:
        """Let go of the folder."""
        self._drop()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _take_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(f"{self.path}: another process archives here; give each its own folder") from None

    def _recover(self, reached: Place) -> None:
        found = files_of(self.path)
        newest = max(found, default=0)
        if newest > reached.number + 1 or (newest > reached.number and not (self.path / MARKER).exists()):
            raise ArchiveError(
                f"{found[newest]}: written under another state; restore that state or use an empty folder"
            )
        if newest == reached.number + 1:  # begun in a transaction that was never committed
            found[newest].unlink()
        if not reached.length:
            return
        file = self._folder / reached.name
        size = file.stat().st_size if file.exists() else 0
        if size < reached.length:
            raise ArchiveError(
                f"{file}: {size} bytes, but {reached.length} were archived; put the file back, or archive to an empty"
                " folder with an empty state"
            )
        os.truncate(file, reached.length)

    def _begun(self, reached: Place) -> tuple[Place, bytes]:
        """Return the file to write to, and what comes first in it."""
        now = self._clock()
        is_full = reached.length >= self._rotate_bytes or now - reached.began >= self._rotate_seconds
        if reached.length and not is_full:
            return reached, b""
        number = reached.number + 1
        moment = datetime.fromtimestamp(now, UTC)
        name = f"newstap-{number:08d}-{moment:%Y%m%dT%H%M%SZ}.warc.gz"
        for stray in self._folder.glob(f"newstap-{number:08d}-*"):  # of a transaction that was undone
            stray.unlink()
        if self._descriptor >= 0:
            os.fdatasync(self._descriptor)  # this transaction may have written to it
        self._drop()
        head = warcinfo(name, date=stamp(moment), software=self._software)
        return Place(number, name, 0, now, reached.seq), head

    def _placed(self, reached: Place, ahead: int, groups: Sequence[Group]) -> tuple[list[ArchiveRef], int]:
        refs, length = [], reached.length + ahead
        for group in groups:
            file = str(self._folder / reached.name)
            refs.append(ArchiveRef(file=file, offset=length + group.offset, digest=group.digest))
            length += group.size
        return refs, length

    def _write(self, reached: Place, data: bytes) -> None:
        descriptor = self._opened(reached)
        size = os.fstat(descriptor).st_size
        if size < reached.length:
            raise ArchiveError(f"{self._folder / reached.name}: cut by someone else; {reached.length} bytes were in it")
        if size > reached.length:  # of a transaction that was undone
            os.ftruncate(descriptor, reached.length)
        rest, offset = memoryview(data), reached.length
        while rest:
            written = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[written:], offset + written

    def _opened(self, reached: Place) -> int:
        if self._descriptor < 0 or self._name != reached.name:
            self._drop()
            flags = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | (0 if reached.length else os.O_CREAT)
            self._descriptor = os.open(self._folder / reached.name, flags, _MODE)
            self._name = reached.name
            if not reached.length:
                sync_folder(self._folder)
        return self._descriptor

    def _drop(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):  # nothing that counts is left to lose
                os.close(descriptor)
