"""The event loop's way to the state: pieces of work, many in one transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from sinks.store import StoreFullError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.health import Part
    from sinks.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")
_RETRY_SECONDS = 1.0
_GATHERING_SECONDS = 0.02
"""For how long work is gathered for one transaction: each costs a thread's turn and a sync of the disk."""


class _Work(NamedTuple):
    do: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]


class Pieces(Protocol):
    """Told of each piece of work, within its transaction."""

    def begin(self, connection: sqlite3.Connection, /) -> int:
        """Return what `end` is to be called with."""
        ...

    def end(self, connection: sqlite3.Connection, began: int, /) -> None:
        """Add what has to be kept with the piece. What it raises undoes the piece."""
        ...


class Writer:
    """Runs work on the store's connection, in a thread of its own and in the order it was given.

    What is given while a transaction is being committed goes into the next one together: a commit waits for the disk,
    and a busy service has hundreds of them a second. Each piece is kept or undone for itself. On a full disk all wait
    and are run again, so work must not change anything but what it does through the connection.

    Args:
        store: the state.
        part: told when the disk takes nothing, and when it does again.
        last: called at the end of each transaction, within it.
        pieces: told of each piece of work; None where nobody has to know.
    """

    def __init__(
        self, store: Store, part: Part, last: Callable[[], None] = lambda: None, pieces: Pieces | None = None
    ) -> None:
        self._store = store
        self._part = part
        self._last = last
        self._pieces = pieces
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._queue: list[_Work] = []
        self._flushing: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what the work returns, once that is durable; raise what it raises, with nothing of it kept.

        A caller that is cancelled leaves the work to be done all the same.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Work(work, future))
        if self._flushing is None:
            self._flushing = loop.create_task(self._flush())
        return await future

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a query returns; it sees all that was given before and is durable."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._queried, query)

    async def close(self) -> None:
        """Return when everything given is done. On a full disk that may take until someone makes room: cancel it."""
        try:
            while self._flushing is not None:
                await asyncio.shield(self._flushing)
        finally:
            self._thread.shutdown(wait=False)

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._queue:
                await asyncio.sleep(_GATHERING_SECONDS)
                batch, self._queue = self._queue, []
                answers = await loop.run_in_executor(self._thread, self._commit, [work.do for work in batch])
                while isinstance(answers, StoreFullError):
                    self._part.failing(str(answers))
                    await asyncio.sleep(_RETRY_SECONDS)
                    answers = await loop.run_in_executor(self._thread, self._commit, [work.do for work in batch])
                self._part.ok()
                for work, answer in zip(batch, answers, strict=True):
                    _settle(work.future, answer)
        finally:
            self._flushing = None

    def _queried(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with self._store.reading() as connection:
            return query(connection)

    def _whole(self, work: Callable[[sqlite3.Connection], Any]) -> Callable[[sqlite3.Connection], Any]:
        """Return a piece of work with what has to be kept with it."""
        pieces = self._pieces
        if pieces is None:
            return work

        def whole(connection: sqlite3.Connection) -> Any:  # noqa: ANN401 - as the work returns
            began = pieces.begin(connection)
            result = work(connection)
            pieces.end(connection, began)
            return result

        return whole

    def _commit(self, batch: list[Callable[[sqlite3.Connection], Any]]) -> list[Any] | StoreFullError:
        """Return each piece's result or exception; a full disk's error if nothing at all could be kept."""
        try:
            with self._store.transaction() as connection:
                answers = [_guarded(connection, self._whole(work)) for work in batch]
                self._last()
                return answers
        except StoreFullError as error:
            return error
        except Exception as error:  # noqa: BLE001 - damage, a closed store: for every caller alike, none may wait for ever
            return [error] * len(batch)


def _guarded(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Any]) -> Any:  # noqa: ANN401 - as the work returns
    connection.execute("SAVEPOINT work")
    try:
        result = work(connection)
    except sqlite3.DatabaseError as error:
        if not connection.in_transaction:  # a full disk rolls all of it back
            raise
        _undo(connection)
        if isinstance(error, sqlite3.OperationalError):
            raise  # the store knows whether that passes; the others come again with it
        return error
    except StoreFullError:  # of a file that is written beside: all of it is undone, and run again
        raise
    except Exception as error:  # noqa: BLE001 - the caller's, raised there
        _undo(connection)
        return error
    connection.execute("RELEASE work")
    return result


def _undo(connection: sqlite3.Connection) -> None:
    connection.execute("ROLLBACK TO work")
    connection.execute("RELEASE work")


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    if future.done():  # its caller was cancelled
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
