"""Records as they arrive, as a stream of events (WHATWG HTML, 9.2): each viewer at the pace of its own connection.

A viewer that reads too slowly skips what is not kept any more, and costs no more than one buffer. There are so many
streams at one time; one more ends the oldest, so that a few hundred that nobody reads lock nobody out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from ingest.dashboard.asked import asked
from ingest.dashboard.kept import MOST_RECORDS
from ingest.dashboard.rows import event
from ingest.listener.connections import CONNECTION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

    from ingest.dashboard.kept import Kept, Shown
    from ingest.listener.connections import LimitedProtocol
    from ingest.wanted import Wanted

MOST_STREAMS = 64
BEGIN_WITH = 100
"""Records of the past that a stream begins with, where it does not say what it has."""
GATHERING_SECONDS = 0.2
"""For how long records are gathered into one piece."""
_QUIET_PART = 0.4
"""Of a connection's patience: without a record for so long, a comment is sent, which shows whether anybody reads."""
_RETRY = b"retry: 3000\n\n"
_SILENCE = b":\n\n"


class Streams:
    """The streams of one listener; everything here happens in its event loop.

    Args:
        kept: the records.
        most: streams at one time.
    """

    def __init__(self, kept: Kept, *, most: int = MOST_STREAMS) -> None:
        self._kept = kept
        self._most = most
        self._open: deque[LimitedProtocol] = deque()
        self._made: dict[int, bytes] = {}
        self._news = asyncio.Event()
        self._told = False
        """Whether the loop was told of news that it has not seen yet."""

    async def events(self, request: Request) -> StreamingResponse:
        """Answer with records as they arrive, those that the filters ask for."""
        after = self._after(request.headers.get("last-event-id") or request.query_params.get("after", ""))
        wanted = asked(request.query_params).wanted
        connection: LimitedProtocol = request.scope["extensions"][CONNECTION]
        return StreamingResponse(self._pieces(connection, wanted, after), media_type="text/event-stream")

    def _after(self, told: str) -> int:
        """Return the number behind which a stream begins: as told, unless that is of another run."""
        run, _, number = told.partition("-")
        last = self._kept.last
        known = run == self._kept.run and number.isdecimal() and len(number) < 20 and int(number) <= last
        return int(number) if known else max(0, last - BEGIN_WITH)

    async def _pieces(self, connection: LimitedProtocol, wanted: Wanted, after: int) -> AsyncIterator[bytes]:
        with self._counted(connection):
            yield _RETRY
            while True:
                self._news.clear()
                newer = self._kept.after(after)
                after = newer[-1].number if newer else after
                yield self._piece(wanted, newer) or _SILENCE
                connection.prolong()  # the piece before was taken, or this one would wait still
                await asyncio.sleep(GATHERING_SECONDS)
                await self._wait(after, connection.patience * _QUIET_PART)

    def _piece(self, wanted: Wanted, newer: list[Shown]) -> bytes:
        return b"".join(self._event(shown) for shown in newer if wanted.takes(shown.record))

    def _event(self, shown: Shown) -> bytes:
        """Return a record as an event, made once for all streams."""
        made = self._made.get(shown.number)
        if made is None:
            if len(self._made) >= MOST_RECORDS:
                self._made.clear()
            made = self._made[shown.number] = event(shown, self._kept.run)
        return made

    async def _wait(self, after: int, seconds: float) -> None:
        """Wait for a record behind a number, but no longer than so many seconds."""
        if self._kept.last > after:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    @contextmanager
    def _counted(self, connection: LimitedProtocol) -> Iterator[None]:
        if len(self._open) >= self._most:
            self._open.popleft().cut()
        self._open.append(connection)
        self._listen()
        try:
            yield
        finally:
            if connection in self._open:
                self._open.remove(connection)
            if not self._open:
                self._kept.told(None)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._kept.told(lambda: self._tell(loop))

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the streams; called in the pipeline's thread."""
        if not self._told:
            self._told = True
            with suppress(RuntimeError):  # the loop has just ended, and its streams with it
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._told = False
        self._news.set()
