"""What each path answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ingest.health import Status
from ingest.listener.guard import carries
from ingest.listener.scrape import Scrape
from ingest.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from ingest.health import Health
    from ingest.metrics import Metrics
    from ingest.secret import Secret


class Answers:
    """The answers, each an endpoint of `app`.

    Args:
        health: for `/healthz`, `/livez` and `/readyz`.
        metrics: for `/metrics`.
        token: needed for `/metrics` and for the details of `/healthz`; None where anybody may see them.
        pages: further routes, which see to their own guards.
    """

    def __init__(self, health: Health, metrics: Metrics, token: Secret | None, pages: Sequence[BaseRoute] = ()) -> None:
        self._health = health
        self._token = token
        self._scrape = Scrape(metrics)
        self._pages = pages

    def app(self) -> Starlette:
        """Return the application; whatever it does not name is 404, other methods than GET and HEAD are 405."""
        paths = {"/healthz": self.healthz, "/livez": self.livez, "/readyz": self.readyz, "/metrics": self.metrics}
        ours = [Route(path, answer, methods=["GET"]) for path, answer in paths.items()]
        app = Starlette(routes=[*ours, *self._pages])
        app.router.redirect_slashes = False  # a redirect would be made of the Host header
        return app

    async def healthz(self, request: Request) -> Response:
        """200 if every part is well, else 503; what is the matter is for those who may see it."""
        found = self._health.snapshot()
        told = found if self._may_see(request) else {"status": found["status"]}
        return JSONResponse(told, 200 if found["status"] == Status.OK else 503)

    async def livez(self, request: Request) -> Response:  # noqa: ARG002 - starlette's signature
        """200 unless a part has fallen silent: a reason to restart the process, which failing sinks are not."""
        alive = self._health.is_alive
        return JSONResponse({"status": "ok" if alive else "down"}, 200 if alive else 503)

    async def readyz(self, request: Request) -> Response:  # noqa: ARG002 - starlette's signature
        """200 between the end of the start and the begin of the drain."""
        ready = self._health.is_ready
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """The figures, or 401 without the token."""
        if not self._may_see(request):
            return PlainTextResponse("Unauthorized", 401, {"WWW-Authenticate": "Bearer"})
        if (body := await self._scrape.body()) is None:
            return PlainTextResponse("Service Unavailable", 503, {"Retry-After": "1"})
        return Response(body, headers={"Content-Type": CONTENT_TYPE})

    def _may_see(self, request: Request) -> bool:
        return self._token is None or carries(request.headers, self._token)
