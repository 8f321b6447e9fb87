"""What keeps an archive in order: old files are finished, finished ones indexed, and the oldest deleted."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import archived
from ingest.archive import index
from ingest.archive.files import files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.archive.files import Files
    from sinks.store import Store

log = logging.getLogger(__name__)

INDEXED_AT_END = 64_000_000
"""Bytes of a file that is still indexed when the service ends: of a larger one that is left to its next start."""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When files are finished and deleted."""

    rotate_seconds: float
    keep_days: int
    """-1: for ever."""
    keep_bytes: int
    """Of all files together; -1: as many as there are."""


class Upkeep:
    """Keeps an archive in order; every call may be made from any thread.

    Args:
        files: of the archive, open.
        store: the state.
        rules: when files are finished and deleted.
        clock: seconds since the epoch.
    """

    def __init__(self, files: Files, store: Store, rules: Rules, clock: Callable[[], float] = time.time) -> None:
        self._files = files
        self._store = store
        self._rules = rules
        self._clock = clock
        self._one = threading.Lock()
        self.size = 0
        """Bytes of all files, as of the last look."""
        self.deleted = 0
        """Files that were deleted since the start."""

    def look(self, *, ended: bool = False) -> None:
        """Do what is due.

        Args:
            ended: nothing more comes: the file being written is finished, however young.
        """
        with self._one:
            finished = self._finished(ended=ended)
            for file in finished.values():
                if not index.index_of(file).exists() and not (ended and _size(file) > INDEXED_AT_END):
                    index.write(file)
            for number, file in self._spent(finished):
                self._delete(number, file)

    def _finished(self, *, ended: bool) -> dict[int, Path]:
        with self._store.reading() as connection:
            reached = archived.place(connection)
        if reached.length and (ended or self._clock() - reached.began >= self._rules.rotate_seconds):
            with self._store.transaction() as connection:
                self._files.finish(connection, older_than=0.0 if ended else self._rules.rotate_seconds)
                reached = archived.place(connection)
        found = files_of(self._files.path)
        self.size = sum(map(_size, found.values()))
        last = reached.number - 1 if reached.length else reached.number
        return {number: file for number, file in found.items() if number <= last}

    def _spent(self, finished: dict[int, Path]) -> Iterator[tuple[int, Path]]:
        """Yield what is to go, oldest first."""
        rules, now = self._rules, self._clock()
        for number, file in finished.items():
            old = rules.keep_days >= 0 and now - file.stat().st_mtime > rules.keep_days * _DAY
            if not old and (rules.keep_bytes < 0 or self.size <= rules.keep_bytes):
                return
            yield number, file

    def _delete(self, number: int, file: Path) -> None:
        size = _size(file)
        with self._store.transaction() as connection:
            archived.forget_file(connection, number)
        file.unlink()
        index.index_of(file).unlink(missing_ok=True)
        self.size -= size
        self.deleted += 1
        log.info("archive file deleted, as [archive] wants it", extra={"file": str(file), "bytes": size})


def _size(file: Path) -> int:
    return file.stat().st_size
