"""Where a browser hands in the token, and gets its cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.dashboard.gate import back, form
from ingest.dashboard.sessions import COOKIE

if TYPE_CHECKING:
    from starlette.requests import Request

    from ingest.dashboard.gate import Gate
    from ingest.dashboard.sessions import Sessions
    from ingest.dashboard.views import Views


class LoginPage:
    """See the module.

    Args:
        sessions: what is begun and ended.
        views: makes the page.
    """

    def __init__(self, sessions: Sessions, views: Views) -> None:
        self._sessions = sessions
        self._views = views

    def routes(self, gate: Gate) -> list[Route]:
        """Return where a browser comes in, and where it leaves."""
        return [
            Route("/login", gate.open(self.show), methods=["GET"]),
            Route("/login", gate.open(self.enter), methods=["POST"]),
            Route("/logout", gate.done(self.leave), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Ask for the token; who may look already is sent on."""
        return back("/") if self._sessions.may_see(request) else self._views.login(request)

    async def enter(self, request: Request) -> Response:
        """Begin a session for the right token. Another site's page, which may send it too, has nothing of that."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return PlainTextResponse("Forbidden", 403)
        if not self._sessions.opens((await form(request)).get("token", "")):
            return self._views.login(request, 401, wrong=True)
        response = back("/")
        self._sessions.begin(response, secure=request.url.scheme == "https")
        return response

    async def leave(self, request: Request) -> Response:  # noqa: ARG002 - starlette's signature
        """Take the cookie away. A copy of it holds until its time is over, or the service starts anew."""
        response = back("/login")
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response
