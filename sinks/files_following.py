"""Following what a files sink writes: each line once, when it is whole, through rotation, compression and crashes.

No lock and no state is needed. A line that is in an active file was in the outbox before: what a crash cuts off comes
again, the same bytes at the same place, so that a place in a file stays true. A file is known by its first line, which
no other has: its name changes when it is finished, and it is made anew where a crash left nothing of it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from sinks.files_reading import ACTIVE, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FINISHED = re.compile(r"part-(\d+)\.jsonl(?:\.gz|\.zst)?")
_BLOCK = 1 << 16


class Follower:
    """Reads one folder of a files sink (`records`, `dead-letters`, `skipped`); it need not be there yet.

    It begins at the first line there is; `to_end` and `to_time` let it begin later.

    Args:
        folder: which.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._active: IO[bytes] | None = None
        """What was the active file when it was opened."""
        self._first = b""
        """The first line of the file that we are in."""
        self._offset = 0
        """Where we are in it, as if it were not compressed."""
        self._done = 0
        """The number of the newest finished file that was read, or passed over."""

    def to_end(self) -> None:
        """Pass over all whole lines that are there."""
        self._done = max(self._finished(), default=0)
        self._open_active()
        if self._active is not None:
            self._offset = _end(self._active)

    def to_time(self, moment: float) -> None:
        """Pass over the finished files to which nothing was written from a moment (Unix time) on."""
        old = [number for number, path in self._finished().items() if _written(path) < moment]
        self._done = max(old, default=0)

    def before(self) -> Iterator[bytes]:
        """Yield the lines before the place where it stands, the newest first."""
        finished = self._finished()
        if self._active is not None:
            yield from _backwards(self._active.fileno(), self._offset)
        for number in sorted((n for n in finished if n <= self._done), reverse=True):
            lines: list[bytes] = []
            with suppress(FileNotFoundError), opened(finished[number]) as stream:
                lines = list(stream)
            if self._active is None or lines[:1] != [self._first]:  # else it is being finished at this moment
                yield from (line.rstrip(b"\n") for line in reversed(lines))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that have come since, oldest first, without their newlines; it ends when there is no more."""
        while True:
            if self._active is not None:
                yield from self._rest(self._active)
                if self._is_active(self._active):
                    return
                self.close()  # finished, or cut down to nothing
            yield from self._finished_since()
            self._open_active()
            if self._active is None:
                return

    def close(self) -> None:
        """Close what is open; the place is kept."""
        if self._active is not None:
            self._active.close()
            self._active = None

    def _rest(self, file: IO[bytes]) -> Iterator[bytes]:
        file.seek(self._offset)
        return self._on(file)

    def _on(self, file: IO[bytes]) -> Iterator[bytes]:
        for line in file:
            if not line.endswith(b"\n"):
                return
            self._offset += len(line)
            yield line[:-1]

    def _is_active(self, file: IO[bytes]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), (self._folder / ACTIVE).stat())
        except FileNotFoundError:
            return False

    def _finished_since(self) -> Iterator[bytes]:
        finished = self._finished()
        self._done = min(self._done, max(finished, default=0))  # smaller where a job was begun anew
        for number in sorted(n for n in finished if n > self._done):
            with suppress(FileNotFoundError), opened(finished[number]) as stream:  # or moved away by its owner
                yield from self._through(stream)
            self._done = number

    def _through(self, stream: IO[bytes]) -> Iterator[bytes]:
        """Yield what a finished file, which cannot be sought in, has behind our place."""
        if self._enter(stream):
            if not self._offset:
                self._offset = len(self._first)
                yield self._first[:-1]
            _discard(stream, self._offset - len(self._first))
            yield from self._on(stream)

    def _open_active(self) -> None:
        """Open the active file, unless it has no line yet, or others were finished before it that are to be read."""
        try:
            file = (self._folder / ACTIVE).open("rb")
        except FileNotFoundError:
            return
        if any(number > self._done for number in self._finished()) or not self._enter(file):
            file.close()
        else:
            self._active = file

    def _enter(self, file: IO[bytes]) -> bool:
        """Take a place in a file: the old one if it is the same file, else its beginning. False: it has no line yet."""
        first = file.readline()
        if not first.endswith(b"\n"):
            return False
        if first != self._first:
            self._first, self._offset = first, 0
        return True

    def _finished(self) -> dict[int, Path]:
        try:
            paths = list(self._folder.iterdir())
        except FileNotFoundError:
            return {}
        found = ((_FINISHED.fullmatch(path.name), path) for path in paths)
        return {int(match[1]): path for match, path in found if match}


def _written(path: Path) -> float:
    """Return when a file was written; of one that was moved away, a time before all others."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _discard(stream: IO[bytes], size: int) -> None:
    while size > 0 and (passed := stream.read(min(size, _BLOCK))):
        size -= len(passed)


def _end(file: IO[bytes]) -> int:
    """Return the place behind the last whole line."""
    size = file.seek(0, os.SEEK_END)
    tail = next(_blocks(file.fileno(), size), b"")
    while b"\n" not in tail and size:
        size -= len(tail)
        tail = next(_blocks(file.fileno(), size), b"")
    return size - len(tail) + tail.rfind(b"\n") + 1


def _backwards(descriptor: int, end: int) -> Iterator[bytes]:
    """Yield the lines before a place that is behind a newline, the last one first."""
    rest = b""
    for block in _blocks(descriptor, max(end - 1, 0)):
        rest, *whole = (block + rest).split(b"\n")
        yield from reversed(whole)
    if end:
        yield rest


def _blocks(descriptor: int, end: int) -> Iterator[bytes]:
    """Yield what stands before a place, block for block, the last one first."""
    while end > 0:
        begin = max(end - _BLOCK, 0)
        yield os.pread(descriptor, end - begin, begin)
        end = begin
