"""Pages through worker processes, in order, each under a time and a memory limit.

A page that hangs or kills its worker becomes a dead letter, and the worker is replaced. A worker dies by its own alarm
clock (SIGALRM's default action works inside C code too), so the limit holds even while this process is busy or gone.
Workers are forked from a server that has loaded what they share; when this process is gone, their pipes close and they
end, and so does the server.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import signal
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.memory import STARVED
from ingest.recipe import READY, RETIRED, Limits, Recipe
from processors.records import Failed, Outcome, Page, Step
from sinks.codec import decode_outcome, encode_page_header

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from multiprocessing.context import ForkServerProcess

T = TypeVar("T")
Entry = tuple[Page | Outcome | None, T]

_PIPE_BYTES = 1 << 20
_ATTEMPTS = 2
"""How often a page is tried when its worker dies by something else than the time limit (out of memory, a crash)."""
_STARTS = 3
"""How many workers in a row may die before they are ready."""
_POLL_SECONDS = 0.25
"""How long the caller may wait for its turn while every worker is busy."""
_GRACE_SECONDS = 0.2


class PoolError(Exception):
    """The workers cannot start; the text says what is wrong with what they were to be built from."""


class _Source(Enum):
    """What the source said last."""

    MORE = 1
    PAUSED = 2
    ENDED = 3


@dataclass(slots=True)
class _Task(Generic[T]):
    tag: T
    page: Page | None = field(default=None, repr=False)
    outcome: Outcome | None = None
    done: bool = False
    attempts: int = 0

    @property
    def size(self) -> int:
        return len(self.page.body) if self.page is not None else 0


@dataclass(slots=True)
class _Worker(Generic[T]):
    process: ForkServerProcess
    pages: Connection
    answers: Connection
    ahead: int
    """Bytes of a page that it may be handed while it is busy: they fit its pipe, which is empty then, so that writing
    never waits for a worker that may itself be waiting for us to read its answer."""
    queue: deque[_Task[T]] = field(default_factory=deque)
    """What it was given and has not answered; it works on the first."""
    ready: bool = False
    retired: bool = False

    def takes(self, task: _Task[T]) -> bool:
        return not self.queue or (len(self.queue) == 1 and task.size <= self.ahead)

    def give(self, task: _Task[T]) -> None:
        self.queue.append(task)
        if task.page is None:
            raise ValueError("a task without a page needs no worker")
        # If the worker has died meanwhile, reading its answer finds that out and the task is given to another.
        with suppress(BrokenPipeError):
            self.pages.send_bytes(encode_page_header(task.page))
            self.pages.send_bytes(task.page.body)

    def hang_up(self) -> None:
        self.pages.close()
        self.answers.close()

    def end(self, deadline: float) -> None:
        """Wait for its end until so far on the monotonic clock, then kill it."""
        self.process.join(timeout=max(0.0, deadline - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


class Pool(Generic[T]):
    """A fixed number of worker processes. Making one starts loading what they need, where `preload` has not.

    Args:
        recipe: what each worker builds its chain from.
        workers: how many.
        limits: of each worker.
        max_pending_bytes: of pages read and not yet answered.
    """

    def __init__(self, recipe: Recipe, *, workers: int, limits: Limits, max_pending_bytes: int = 64_000_000) -> None:
        preload()
        self._context = multiprocessing.get_context("forkserver")
        self._recipe = recipe
        self._limits = limits
        self._count = workers
        self._max_bytes = max_pending_bytes
        self._workers: list[_Worker[T]] = []
        self._waiting: deque[_Task[T]] = deque()
        self._failed_starts = 0

    def run(self, entries: Iterable[Entry[T] | None]) -> Generator[tuple[Outcome | None, T] | None, None, None]:
        """Yield the outcome of each entry with its tag, in order; raises `PoolError` where no worker can start.

        A page goes to a worker; an outcome (and None) is passed through in its place. Entries are read as workers have
        room; the pages read and not answered stay within `max_pending_bytes`, one page of any size excepted. Where the
        source says that it has nothing just now (a None in place of an entry), and while workers take their time, None
        is yielded, so that the caller can do what is due.
        """
        source = iter(entries)
        order: deque[_Task[T]] = deque()
        try:
            while True:
                state = self._fill(source, order)
                while order and order[0].done:
                    task = order.popleft()
                    yield task.outcome, task.tag
                if state is _Source.PAUSED:
                    yield None
                if self._is_busy():
                    if not self._collect(0.0 if state is _Source.PAUSED else _POLL_SECONDS):
                        yield None
                elif state is _Source.ENDED and not order:
                    return
        finally:
            self.close()

    def close(self) -> None:
        """End the workers, finished or not."""
        for each in self._workers:
            each.hang_up()
        deadline = time.monotonic() + _GRACE_SECONDS
        for each in self._workers:
            each.end(deadline)
        self._workers = []
        self._waiting.clear()

    def _is_busy(self) -> bool:
        return any(each.queue for each in self._workers)

    def _fill(self, source: Iterator[Entry[T] | None], order: deque[_Task[T]]) -> _Source:
        """Hand out what waits and read on while there is room."""
        while True:
            self._assign()
            pending = sum(task.size for task in order)
            if self._waiting or pending >= self._max_bytes or len(order) >= 64 * self._count:
                return _Source.MORE
            try:
                entry = next(source)
            except StopIteration:
                return _Source.ENDED
            if entry is None:
                return _Source.PAUSED
            content, tag = entry
            if isinstance(content, Page):
                task = _Task(tag, page=content)
                self._waiting.append(task)
            else:
                task = _Task(tag, outcome=content, done=True)
            order.append(task)
            if task.done and order[0] is task:
                return _Source.MORE

    def _assign(self) -> None:
        if self._waiting and not self._workers:  # not before: a finished job, run again, needs none
            self._workers = [self._started() for _ in range(self._count)]
        while self._waiting:
            task = self._waiting[0]
            # The least busy first, so that no page waits behind another while a worker is idle.
            free = min(self._workers, key=lambda each: len(each.queue))
            if not free.takes(task):
                return
            free.give(self._waiting.popleft())

    def _collect(self, timeout: float) -> bool:
        """Wait for answers, replace workers that have ended; say whether there was anything within so many seconds."""
        ready = wait([each.answers for each in self._workers], timeout)
        for place, each in enumerate(self._workers):
            if each.answers not in ready:
                continue
            try:
                answer = each.answers.recv_bytes()
            except (EOFError, OSError):  # ended between answers, or in the middle of one
                self._check_start(each)
                # In its place first: what the dead one had waits for a worker that is there.
                self._workers[place] = self._started()
                self._bury(each)
            else:
                self._answered(each, answer)
        return bool(ready)

    def _answered(self, each: _Worker[T], answer: bytes) -> None:
        if each.ready and answer == RETIRED:
            each.retired = True
        elif each.ready:
            _settle(each.queue.popleft(), decode_outcome(answer))
        elif answer == READY:
            each.ready, self._failed_starts = True, 0
        else:
            raise PoolError(answer.decode("utf-8"))

    def _check_start(self, dead: _Worker[T]) -> None:
        """Give up where workers keep dying before they are ready; one alone may have been killed from outside."""
        self._failed_starts += not dead.ready
        if self._failed_starts >= _STARTS:
            raise PoolError(
                f"{_STARTS} worker processes in a row ended while they were starting; if they could say why, "
                "their message stands above"
            )

    def _bury(self, dead: _Worker[T]) -> None:
        """Give what a dead worker had to others, but the page it died on only if that may be tried again."""
        dead.hang_up()
        dead.process.join()
        code = dead.process.exitcode
        tasks = list(dead.queue)
        dead.end(time.monotonic())
        if tasks and dead.ready and not dead.retired:
            first = tasks[0]
            first.attempts += 1
            if code == -signal.SIGALRM:
                _fail(first, f"over the time limit of {self._limits.seconds:g} s")
            elif first.attempts >= _ATTEMPTS:
                _fail(first, f"the worker process died on it {_ATTEMPTS} times ({_cause(code)})")
        self._waiting.extendleft(reversed([task for task in tasks if not task.done]))

    def _started(self) -> _Worker[T]:
        start_server()
        page_end, pages = self._context.Pipe(duplex=False)
        answers, answer_end = self._context.Pipe(duplex=False)
        size = min(_widened(pages), _widened(answers))
        process = self._context.Process(
            target=_work, args=(self._recipe, self._limits, page_end, answer_end), daemon=True
        )
        process.start()
        page_end.close()
        answer_end.close()
        return _Worker(process, pages, answers, ahead=size // 2)


def _work(recipe: Recipe, limits: Limits, tasks: Connection, results: Connection) -> None:
    from ingest import worker  # noqa: PLC0415 - extraction is loaded by the server and its workers, never here

    worker.main(recipe, limits, tasks, results)


def preload() -> None:
    """Start loading what workers need, in the background and once."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["ingest.preload"])
    start_server()


def start_server() -> None:
    """Have a server that forks processes; to be called before one is started, since it may have been killed.

    Raises:
        PoolError: it cannot be reached where temporary files go.
    """
    # Ctrl-C, and a service manager's SIGTERM, reach the whole group: this process decides what is still finished. What
    # is blocked here stays blocked in the server and in the workers.
    multiprocessing.resource_tracker.ensure_running()  # which the server starts too, unblocking both signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        multiprocessing.forkserver.ensure_running()
    except OSError as error:  # its socket lies there, and the names of sockets are short
        raise PoolError(
            f"{tempfile.gettempdir()}: {error}; set TMPDIR to a shorter folder that can be written"
        ) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _widened(pipe: Connection) -> int:
    """Make a pipe as large as we may, and return its size in bytes."""
    with suppress(OSError):  # over the user's quota of pipe memory
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return fcntl.fcntl(pipe.fileno(), fcntl.F_GETPIPE_SZ)


def _settle(task: _Task[T], outcome: Outcome) -> None:
    if isinstance(outcome, Failed):
        outcome = replace(outcome, page=task.page)
    task.outcome, task.done, task.page = outcome, True, None


def _fail(task: _Task[T], error: str) -> None:
    page = task.page
    if page is not None:
        failed = Failed(origin=page.origin, url=page.url, step=Step.EXTRACT, error=error, attempt=page.attempt)
        _settle(task, failed)


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return "out of memory" if code == STARVED else f"exit code {code}"
    name = signal.Signals(-code).name
    return f"{name}, perhaps out of memory" if name == "SIGKILL" else name
