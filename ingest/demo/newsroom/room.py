"""The newsroom: every outlet on a port of its own, the script running, and a log of what was asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from ingest.demo.newsroom.desk import Answer, Desk
from ingest.demo.newsroom.script import Script, load
from ingest.demo.newsroom.server import HOST, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.demo.newsroom.script import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOffer:
    """A feed of the newsroom, with what its table in a configuration says."""

    outlet: str
    url: str
    name: str
    language: str
    zone: str
    options: Mapping[str, Any]
    """Further keys of the table."""
    down: bool
    """Whether nobody answers there, ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, and the status it was answered with."""

    at: datetime
    outlet: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    status: int


class Newsroom:
    """All outlets on loopback; an async context manager.

    Args:
        script: what is published; by default the one that comes along.
        pace_seconds: between two publications; None: nothing is published but by `publish`.
        clock: the time of a publication, with a zone.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        pace_seconds: float | None = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.script = load() if script is None else script
        self.log: list[Asked] = []
        """Every request, in order. It only grows, so that another thread may read it."""
        self.rested = asyncio.Event()
        """Set when the whole script is published."""
        self.published = 0
        """How many events of the script have happened."""
        self.feeds: tuple[FeedOffer, ...] = ()
        self._pace = pace_seconds
        self._clock = clock
        self._desks = {key: Desk(outlet) for key, outlet in self.script.outlets.items()}
        self._servers: list[Server] = []
        self._closed_doors: list[socket.socket] = []
        self._asked_before_rest = 0

    async def __aenter__(self) -> Self:
        """Open every outlet and begin to publish."""
        for desk in self._desks.values():
            desk.home = f"http://{HOST}:{await self._open(desk)}"
        self.feeds = tuple(_offer(desk) for desk in self._desks.values())
        self._publishing = asyncio.create_task(self._publish_all())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything; raise what publishing raised."""
        self._publishing.cancel()
        for server in self._servers:
            await server.stop()
        for door in self._closed_doors:
            door.close()
        with suppress(asyncio.CancelledError):
            await self._publishing

    def publish(self) -> Event | None:
        """Let the next event of the script happen, and return it; None where there is none left."""
        if self.published == len(self.script.events):
            return None
        event = self.script.events[self.published]
        self._desks[event.story.outlet].publish(event, self._clock())
        self.published += 1
        if self.published == len(self.script.events):
            self._asked_before_rest = len(self.log)
            self.rested.set()
        return event

    def polls_since_rest(self) -> int:
        """Return how often each feed that is up has been read since the newsroom rests, the least of them all."""
        if not self.rested.is_set():
            return 0
        late = [(asked.outlet, asked.path) for asked in self.log[self._asked_before_rest :]]
        return min(late.count((key, desk.outlet.feed)) for key, desk in self._desks.items() if not desk.outlet.down)

    async def _open(self, desk: Desk) -> int:
        if desk.outlet.down:
            return self._refuse()
        server = Server(partial(self._answer, desk))
        self._servers.append(server)
        return await server.start()

    def _refuse(self) -> int:
        """Return a port that refuses connections: bound, so that nobody else gets it, but not listened on."""
        door = socket.socket()
        self._closed_doors.append(door)
        door.bind((HOST, 0))
        port: int = door.getsockname()[1]
        return port

    def _answer(self, desk: Desk, path: str, headers: Mapping[str, str]) -> Answer:
        answer = desk.answer(path, headers, published=self.published)
        self.log.append(
            Asked(at=self._clock(), outlet=desk.outlet.key, path=path, headers=headers, status=answer.status)
        )
        return answer

    async def _publish_all(self) -> None:
        while self._pace is not None and self.publish() is not None:
            await asyncio.sleep(self._pace)


@contextmanager
def hosted(script: Script | None = None, *, pace_seconds: float | None = 1.0) -> Iterator[Newsroom]:
    """Run a newsroom in a thread with an event loop of its own, for a service that has its own.

    `feeds`, `log`, `published`, `polls_since_rest` and `rested.is_set` may be used from any thread.
    """
    opened: Future[tuple[Newsroom, Callable[[], None]]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_host(script, pace_seconds, opened)), name="newsroom")
    thread.start()
    try:
        room, leave = opened.result()
    except BaseException:
        thread.join()
        raise
    try:
        yield room
    finally:
        leave()
        thread.join()


async def _host(
    script: Script | None,
    pace_seconds: float | None,
    opened: Future[tuple[Newsroom, Callable[[], None]]],
) -> None:
    left = asyncio.Event()
    loop = asyncio.get_running_loop()

    def leave() -> None:
        loop.call_soon_threadsafe(left.set)

    try:
        async with Newsroom(script, pace_seconds=pace_seconds) as room:
            opened.set_result((room, leave))
            await left.wait()
    except Exception as error:
        if opened.done():
            raise
        opened.set_exception(error)


def _offer(desk: Desk) -> FeedOffer:
    outlet = desk.outlet
    return FeedOffer(
        outlet=outlet.key,
        url=f"{desk.home}{outlet.feed}",
        name=outlet.name,
        language=outlet.language,
        zone=outlet.zone,
        options=outlet.options,
        down=outlet.down,
    )
