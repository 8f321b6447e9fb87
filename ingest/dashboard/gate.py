"""What stands before every page: who may look, which forms count, how many answers a second.

A form counts where the browser says that it comes from our own page (`Sec-Fetch-Site`, or `Origin` where that is
missing), and where it carries the token of its session. No GET changes anything.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qs, urlsplit

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ingest.dashboard.sessions import FIELD
from sinks.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from ingest.dashboard.sessions import Sessions
    from ingest.dashboard.views import Views

MOST_PER_SECOND = 10
"""Of pages: each costs a few milliseconds that the service does not have."""
STREAMS_PER_SECOND = 20
QUEUE_SECONDS = 1.0
"""How long an answer may be put off to keep that rate."""
Endpoint: TypeAlias = "Callable[[Request], Awaitable[Response]]"


class Pace:
    """Lets so many requests a second through; used within one event loop.

    Args:
        per_second: how many.
    """

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = float("-inf")

    async def passed(self) -> bool:
        """Wait for a turn; False where too many wait."""
        now = asyncio.get_running_loop().time()
        turn = max(self._next + self._gap, now)
        if turn - now > QUEUE_SECONDS:
            return False
        self._next = turn
        if turn > now:
            await asyncio.sleep(turn - now)
        return True


class Gate:
    """Wraps endpoints.

    Args:
        sessions: who may look.
        views: makes the page that asks for the token.
    """

    def __init__(self, sessions: Sessions, views: Views) -> None:
        self._sessions = sessions
        self._views = views
        self._pages = Pace(MOST_PER_SECOND)
        self._streams = Pace(STREAMS_PER_SECOND)

    def open(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that anybody may ask, at our pace."""
        return _paced(endpoint, self._pages)

    def seen(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint for those who may look; others are asked for the token."""
        return _paced(self._checked(endpoint), self._pages)

    def followed(self, endpoint: Endpoint) -> Endpoint:
        """Return the same, for what begins a stream."""
        return _paced(self._checked(endpoint), self._streams)

    def _checked(self, endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            if not self._sessions.may_see(request):
                return self._views.login(request, 401)
            return await self._answered(request, endpoint)

        return checked

    def done(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that changes something, for forms that count."""

        async def checked(request: Request) -> Response:
            if not self._sessions.may_see(request):
                return PlainTextResponse("Unauthorized", 401, {"WWW-Authenticate": "Bearer"})
            if not self._sessions.bears(request) and (why := await self._forged(request)):
                return self._views.refused(request, why)
            return await self._answered(request, endpoint)

        return self.open(checked)

    async def _answered(self, request: Request, endpoint: Endpoint) -> Response:
        """Answer, or say that the state cannot be used just now: the service itself tells more in its log."""
        try:
            return await endpoint(request)
        except StoreError as error:
            return self._views.page(request, "message", 503, title="Not now", what=str(error), hint="")

    async def _forged(self, request: Request) -> str | None:
        """Return why a form does not count."""
        if not comes_from_us(request):
            return "it does not come from a page of this dashboard"
        given = (await form(request)).get(FIELD, "")
        if not self._sessions.is_form_of(self._sessions.of(request), given):
            return "its page is too old, or from before a restart; go back, reload it, and try again"
        return None


def _paced(endpoint: Endpoint, pace: Pace) -> Endpoint:
    async def paced(request: Request) -> Response:
        if not await pace.passed():
            return PlainTextResponse("Service Unavailable", 503, {"Retry-After": "1"})
        return await endpoint(request)

    return paced


def comes_from_us(request: Request) -> bool:
    """Say whether a browser sent a form from our own page (Fetch Metadata, 2.4; RFC 6454, 7 where it is missing)."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme in {"http", "https"} and origin.netloc == request.headers.get("host")


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form, `application/x-www-form-urlencoded`, each once; the listener limits its size."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=20)
    return {name: values[-1] for name, values in fields.items()}


def back(path: str) -> Response:
    """Return the answer to a form that was carried out: look here (RFC 9110, 15.4.4)."""
    return RedirectResponse(path, 303)
