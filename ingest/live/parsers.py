"""Feed documents through parser processes: one that hangs, starves or dies costs its document, and nothing else."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ingest.live.feedcodec import Parsed, Refused, decoded
from ingest.schedule import ErrorClass

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SECONDS = 10.0
"""For one document, at most; the largest honest ones take under one."""
MEMORY_MB = 1_000
JOBS = 500
"""Documents until a process is replaced: feedparser and lxml keep some of what they have read."""
_GRACE_SECONDS = 5.0
_ATTEMPTS = 2


class Parsers:
    """A number of parser processes, started by `start` or when first needed.

    Args:
        count: how many documents are read at a time.
        seconds: for one document, after which its process is killed.
        memory_mb: beyond what a process has at its start.
    """

    def __init__(self, *, count: int = 1, seconds: float = SECONDS, memory_mb: int = MEMORY_MB) -> None:
        self._threads = ThreadPoolExecutor(max_workers=count, thread_name_prefix="parser")
        self._slots: SimpleQueue[_Slot] = SimpleQueue()
        self._all = [_Slot(seconds, memory_mb) for _ in range(count)]
        for slot in self._all:
            self._slots.put(slot)

    async def start(self) -> None:
        """Return when each process is ready: one takes a second to load, several on a busy machine."""
        now = datetime.now(UTC)
        await asyncio.gather(*(self.parse(b"", url="", content_type=None, seen=now) for _ in self._all))

    async def parse(
        self, body: bytes, *, url: str, content_type: str | None, seen: datetime, zone: str | None = None
    ) -> Parsed | Refused:
        """Return the feed that a document holds, or why there is none; never raises for what the document does.

        Args:
            body: see `ingest.feeds.parse`, as for the others.
            url: the final one.
            content_type: the HTTP header.
            seen: when it was fetched.
            zone: name of the time zone of dates that come without one; by default UTC.
        """
        said = {"url": url, "content_type": content_type, "seen": seen.isoformat(), "zone": zone}
        about = json.dumps(said).encode()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, about, body)

    def close(self) -> None:
        """End the processes; what they were reading is lost."""
        for slot in self._all:
            slot.hang_up()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for slot in self._all:
            slot.end()

    def _ask(self, about: bytes, body: bytes) -> Parsed | Refused:
        slot = self._slots.get()
        try:
            return slot.ask(about, body)
        finally:
            self._slots.put(slot)


class _Slot:
    """The place of one process."""

    def __init__(self, seconds: float, memory_mb: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._jobs = 0
        self._closed = False

    def ask(self, about: bytes, body: bytes) -> Parsed | Refused:
        """Return the answer; a process that dies of anything but its limits is given one successor to try."""
        for _ in range(_ATTEMPTS):
            answer = self._asked(about, body)
            if answer is not None:
                return decoded(answer)
            reason = self.end()
            if self._closed or reason is not None:
                break
        return Refused(ErrorClass.CRASHED, reason or "the parser process died on it")

    def _asked(self, about: bytes, body: bytes) -> bytes | None:
        """Return the answer; None where the process has ended, or must."""
        try:
            pipe = self._started()
            pipe.send_bytes(about)
            pipe.send_bytes(body)
            if not pipe.poll(self._seconds + _GRACE_SECONDS):
                return None
            answer = pipe.recv_bytes()
        except (EOFError, OSError):
            return None
        self._jobs += 1
        if self._jobs >= JOBS:
            self.end()
        return answer

    def _started(self) -> Connection:
        if self._pipe is not None:
            return self._pipe
        ours, theirs = self._context.Pipe()
        limits = {"seconds": self._seconds, "memory_mb": self._memory_mb, "jobs": JOBS}
        self._process = self._context.Process(target=_main, args=(theirs,), kwargs=limits, daemon=True)
        self._process.start()
        theirs.close()
        self._pipe, self._jobs = ours, 0
        return ours

    def hang_up(self) -> None:
        """Start nothing more, and make whoever waits for an answer stop waiting."""
        self._closed = True
        if self._process is not None and self._process.pid is not None:
            with suppress(ValueError):  # ended meanwhile
                self._process.kill()

    def end(self) -> str | None:
        """End the process; return why it did, if it was by one of its limits."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        process.join(0.2)
        if process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode
        process.close()
        if code == -signal.SIGALRM:
            return f"over the time limit of {self._seconds:g} s"
        return "over the memory limit" if code == _STARVED else None


_STARVED = 3  # as in `parserprocess`, which loads what only its process needs


def _main(pipe: Connection, *, seconds: float, memory_mb: int, jobs: int) -> None:
    from ingest.live import parserprocess  # noqa: PLC0415 - feedparser is loaded where feeds are parsed only

    parserprocess.main(pipe, seconds=seconds, memory_mb=memory_mb, jobs=jobs)
