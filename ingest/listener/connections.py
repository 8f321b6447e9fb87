"""What uvicorn lacks against slow clients: a time limit for each request, and room for the next connection.

uvicorn closes a kept connection that stays silent, but waits without end for the rest of a request, and for a client
that does not read. Its `limit_concurrency` answers 503 when all connections are taken, so that a few hundred slow ones
would lock everybody out; here the connection that has waited longest without a request makes room instead.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATIENCE_SECONDS = 10.0
"""From the begin of a connection, or the end of the answer before, to the end of the next answer."""
MAX_CONNECTIONS = 128
CONNECTION = "newstap.connection"
"""Among the `extensions` of an ASGI scope: the `LimitedProtocol` that a request came by."""

_RESET = struct.pack("ii", 1, 0)  # linger for no time: close sends RST instead of FIN behind what waits


class LimitedProtocol(H11Protocol):
    """One connection. A slow one is cut, without an answer: whoever is slow on purpose would not read it."""

    patience: ClassVar[float] = PATIENCE_SECONDS
    most: ClassVar[int] = MAX_CONNECTIONS

    _since: float
    _deadline: asyncio.TimerHandle

    @property
    def waiting(self) -> bool:
        """Whether it has no complete request that is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation leaves the None out
        return cycle is None or cycle.response_complete

    def cut(self) -> None:
        """Reset the connection: what the client did not read is not kept for it either, by us or by the system."""
        sock: socket.socket = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def prolong(self) -> None:
        """Begin the time anew, of an answer that goes on for ever: to be called when the client took a part of it."""
        self._deadline.cancel()
        self._begin()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self.app = _introduced(self.app, self)
        self._begin()
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Called by uvicorn when an answer was handed to the transport; how far the client reads, nobody knows yet."""
        self._deadline.cancel()
        self._begin()
        super().on_response_complete()

    def _begin(self) -> None:
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(self.patience, self.cut)

    def _make_room(self) -> None:
        """Cut the connection that has waited longest; this one, if all others are being answered."""
        ours = [each for each in self.connections if isinstance(each, LimitedProtocol) and each.waiting]
        slowest = min(ours, key=lambda each: each._since)  # noqa: SLF001 - of the same class
        self.connections.discard(slowest)
        slowest.cut()


def _introduced(app: ASGIApp, connection: LimitedProtocol) -> ASGIApp:
    """Return an application that knows by which connection each request came."""

    async def introduced(scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {CONNECTION: connection}
        await app(scope, receive, send)

    return introduced


def limited(patience: float, most: int) -> type[LimitedProtocol]:
    """Return the protocol with other limits; uvicorn takes a class, and makes the instances itself."""
    return type("LimitedProtocol", (LimitedProtocol,), {"patience": patience, "most": most})
