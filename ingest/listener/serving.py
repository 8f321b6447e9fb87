"""The thread that serves."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeAlias

import uvicorn

from ingest.listener.answers import Answers
from ingest.listener.binding import BACKLOG, ListenError, bound, is_loopback, url_of
from ingest.listener.connections import MAX_CONNECTIONS, PATIENCE_SECONDS, LimitedProtocol, limited
from ingest.listener.guard import LOOPBACK_HOSTS, Guard

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from starlette.routing import BaseRoute

    from ingest.health import Health
    from ingest.metrics import Metrics
    from ingest.secret import Secret

log = logging.getLogger(__name__)

Pages: TypeAlias = "Sequence[BaseRoute]"
"""What else is served."""
STOP_SECONDS = 2.0
_GRACE_SECONDS = 0.5
"""What answers in flight get at the end."""
_MAX_HEAD_BYTES = 8192
_KEEP_SECONDS = 5
"""How long a connection may stay silent between two requests."""


class Listener:
    """Serves in a daemon thread, with an event loop of its own.

    Args:
        address: `host:port`; an address other than loopback needs a token. Port 0 picks a free one.
        health: what the service says of itself.
        metrics: its figures.
        token: what `Authorization: Bearer` must carry for `/metrics` and the details of `/healthz`.
        pages: further routes, as `ingest.dashboard` has them; they see to their own guards.
        patience_seconds: longest time for one request and its answer.
        max_connections: at one time; beyond, the one that waited longest without a request is cut.
    """

    def __init__(
        self,
        address: str,
        health: Health,
        metrics: Metrics,
        *,
        token: Secret | None = None,
        pages: Pages = (),
        patience_seconds: float = PATIENCE_SECONDS,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._address = address
        self._answers = Answers(health, metrics, token, pages)
        self._open = token is None
        self._protocol = limited(patience_seconds, max_connections)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""
        """Where it listens, as in `http://127.0.0.1:8080`; empty before the start."""

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Bind, begin to serve, and print `listening on URL` on standard error. Called once.

        Raises:
            ListenError: nobody can listen there, or everybody could without a token.
        """
        sock = bound(self._address)
        local = is_loopback(sock)
        if self._open and not local:
            sock.close()
            raise ListenError(f"cannot listen on {self._address}: an address that is not loopback needs a token")
        self.url = url_of(sock)
        self._server = self._make(local=local)
        self._thread = threading.Thread(target=_serve, args=(self._server, sock), name="listener", daemon=True)
        self._thread.start()
        print(f"listening on {self.url}", file=sys.stderr, flush=True)  # noqa: T201 - a plain line, whatever the form of the log

    def stop(self) -> None:
        """End the thread and every connection; answers in flight get half a second."""
        if self._server is None or self._thread is None:
            return
        self._server.end()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            log.warning("the listener has not ended after %g s", STOP_SECONDS)

    def _make(self, *, local: bool) -> _Server:
        hosts = {*LOOPBACK_HOSTS, self._address.rpartition(":")[0]} if local else None
        config = uvicorn.Config(
            Guard(self._answers.app(), hosts),
            http=self._protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.ERROR,  # what a client can cause, such as a malformed request, is no news
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=_KEEP_SECONDS,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        )
        return _Server(config)


class _Server(uvicorn.Server):
    """uvicorn's, without its ten looks a second at a clock and a flag, and without patience at the end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end: Future[None] = Future()

    def end(self) -> None:
        """Ask for the end; from any thread, and before the beginning too."""
        if not self._end.done():
            self._end.set_result(None)

    async def main_loop(self) -> None:
        """Wait for the end."""
        await asyncio.wrap_future(self._end)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as uvicorn does, but do not wait for clients that do not read."""
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._abort)
        await super().shutdown(sockets)

    def _abort(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, LimitedProtocol):
                connection.cut()


def _serve(server: _Server, sock: socket.socket) -> None:
    try:
        asyncio.run(server.serve(sockets=[sock]))
    except Exception:  # the thread's edge: the service goes on without its listener, and `is_alive` tells
        log.exception("the listener ended")
    finally:
        sock.close()
