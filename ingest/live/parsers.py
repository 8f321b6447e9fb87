"""Feed documents through parser processes: one that hangs, starves or dies costs its document, and nothing else."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import signal
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from ingest.live.feedcodec import Parsed, Refused, decoded
from ingest.memory import STARVED
from ingest.pool import start_server
from ingest.schedule import ErrorClass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

SECONDS = 10.0
"""For one document, at most; the largest honest ones take under one."""
MEMORY_MB = 700
JOBS = 500
"""Documents until a process is replaced: feedparser and lxml keep some of what they have read."""
LONG_SECONDS = 1.0
"""A feed whose document took longer is read aside from then on, until one takes less."""
_KNOWN = 10_000
"""Feeds that are remembered for that."""
_START_SECONDS = 60.0
"""Until a process has loaded what it needs; a second or two where the machine is not busy."""
_GRACE_SECONDS = 5.0
_DYING_SECONDS = 0.5
"""A server that is killed has much memory to give back, and counts as alive for so long at most."""
_ATTEMPTS = 3
"""With one document. A process may be found dead that was idle, and then the server that forks another."""


class Parsers:
    """A number of parser processes, started by `start` or when first needed.

    What takes long is read aside: some documents need all the time that there is, again at each poll, and the other
    feeds would wait for them.

    Args:
        count: how many documents are read at a time; one more that is read aside.
        seconds: for one document, after which its process is killed.
        memory_mb: beyond what a process has at its start.
    """

    def __init__(self, *, count: int = 1, seconds: float = SECONDS, memory_mb: int = MEMORY_MB) -> None:
        self._usual = _Lane("parser", [_Slot(seconds, memory_mb, JOBS) for _ in range(count)])
        # One document each: whatever a large one has left behind in memory goes with its process.
        self._aside = _Lane("parser-aside", [_Slot(seconds, memory_mb, 1)])
        self._long: OrderedDict[str, None] = OrderedDict()
        self._count = count

    async def start(self) -> None:
        """Return when each process is ready: one takes a second to load, several on a busy machine."""
        now = datetime.now(UTC)
        await asyncio.gather(*(self.parse(b"", url="", content_type=None, seen=now) for _ in range(self._count)))

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
        lane = self._aside if url in self._long else self._usual
        answer = await lane.ask(about, body)
        self._note(url, answer.seconds)
        return answer.parsed

    def close(self) -> None:
        """End the processes; what they were reading is lost."""
        for lane in (self._usual, self._aside):
            lane.hang_up()
        for lane in (self._usual, self._aside):
            lane.end()

    def _note(self, url: str, seconds: float) -> None:
        self._long.pop(url, None)
        if seconds > LONG_SECONDS:
            self._long[url] = None
            if len(self._long) > _KNOWN:
                self._long.popitem(last=False)


class _Answer(NamedTuple):
    parsed: Parsed | Refused
    seconds: float
    """That reading took, or trying to."""


class _Lane:
    """Some processes, and as many threads that wait for them."""

    def __init__(self, name: str, slots: Sequence[_Slot]) -> None:
        self._threads = ThreadPoolExecutor(max_workers=len(slots), thread_name_prefix=name)
        self._slots = slots
        self._free: SimpleQueue[_Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)

    async def ask(self, about: bytes, body: bytes) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, about, body)

    def hang_up(self) -> None:
        for slot in self._slots:
            slot.hang_up()

    def end(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for slot in self._slots:
            slot.end()

    def _ask(self, about: bytes, body: bytes) -> _Answer:
        slot = self._free.get()
        try:
            parsed = slot.ask(about, body)
            return _Answer(parsed, slot.seconds)
        finally:
            self._free.put(slot)


class _Slot:
    """The place of one process."""

    def __init__(self, seconds: float, memory_mb: int, jobs: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._limits = {"seconds": seconds, "memory_mb": memory_mb, "jobs": jobs}
        self._most_seconds = seconds
        self._most_jobs = jobs
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._jobs = 0
        self._closed = False
        self.seconds = 0.0
        """That the last answer took, or the last attempt at one."""

    def ask(self, about: bytes, body: bytes) -> Parsed | Refused:
        """Return the answer; a process that dies of anything but its limits is replaced."""
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
            began = time.monotonic()
            try:
                answer = self._told(pipe, about, body)
            finally:
                self.seconds = time.monotonic() - began
        except (EOFError, OSError):
            return None
        if answer is None:
            return None
        self._jobs += 1
        if self._jobs >= self._most_jobs:
            self.end()
        return answer

    def _told(self, pipe: Connection, about: bytes, body: bytes) -> bytes | None:
        pipe.send_bytes(about)
        pipe.send_bytes(body)
        return pipe.recv_bytes() if pipe.poll(self._most_seconds + _GRACE_SECONDS) else None

    def _started(self) -> Connection:
        """Return the pipe to a process that has loaded what it needs.

        Raises:
            OSError, EOFError: it did not come to that.
        """
        if self._pipe is not None:
            return self._pipe
        start_server()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_main, args=(theirs,), kwargs=self._limits, daemon=True)
        try:
            process.start()
        except (EOFError, OSError):  # the server that forks was killed at this moment; the next attempt has another,
            ours.close()
            time.sleep(_DYING_SECONDS)  # once this one is gone for the system, too
            raise
        finally:
            theirs.close()
        self._process, self._pipe, self._jobs = process, ours, 0
        if self._closed or not ours.poll(_START_SECONDS):
            raise TimeoutError("a parser process did not start in time")
        ours.recv_bytes()
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
            return f"over the time limit of {self._most_seconds:g} s"
        return "over the memory limit" if code == STARVED else None


def _main(pipe: Connection, *, seconds: float, memory_mb: int, jobs: int) -> None:
    from ingest.live import parserprocess  # noqa: PLC0415 - feedparser is loaded where feeds are parsed only

    parserprocess.main(pipe, seconds=seconds, memory_mb=memory_mb, jobs=jobs)
