"""Who may look, and whose forms count: a signed cookie, and a form token that belongs to it.

With a token configured, a browser gets its cookie for that token, and programs send it as `Authorization: Bearer`.
Without one (on loopback) everybody who reaches us may look, and gets a cookie for the sake of the forms alone. A form
counts where it carries the token that belongs to the cookie: another site's page can send a form here, but neither read
our pages nor set our cookie. Nothing is stored: both are HMACs with a key that is made at each start.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

from ingest.listener.guard import carries

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from ingest.secret import Secret

COOKIE = "newstap"
LIFETIME_SECONDS = 12 * 3600
FIELD = "form_token"


class Sessions:
    """Makes and checks sessions.

    Args:
        token: what opens one; None where nothing is needed.
        clock: Unix time.
    """

    def __init__(self, token: Secret | None, *, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._clock = clock
        self._key = secrets.token_bytes(32)

    @property
    def is_open(self) -> bool:
        """Whether anybody may look."""
        return self._token is None

    def may_see(self, request: Request) -> bool:
        """Say whether a request comes from somebody who may look."""
        return self.is_open or self.bears(request) or self.of(request) is not None

    def bears(self, request: Request) -> bool:
        """Say whether a request carries the token itself, which no browser adds by itself."""
        return self._token is not None and carries(request.headers, self._token)

    def opens(self, given: str) -> bool:
        """Say whether this is the token; compared in constant time."""
        wanted = b"" if self._token is None else self._token.reveal().encode()
        return bool(wanted) and hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), wanted)

    def of(self, request: Request) -> str | None:
        """Return the session of a request; None where it has none that holds."""
        session = request.cookies.get(COOKIE, "")
        until, _, rest = session.partition(".")
        nonce, _, mark = rest.partition(".")
        if not (until.isdecimal() and len(until) < 20 and self._is(mark, "session", f"{until}.{nonce}")):
            return None
        return session if int(until) >= self._clock() else None

    def begin(self, response: Response, *, secure: bool) -> str:
        """Begin a session with an answer, and return it."""
        told = f"{int(self._clock()) + LIFETIME_SECONDS}.{secrets.token_urlsafe(16)}"
        session = f"{told}.{self._sign('session', told)}"
        response.set_cookie(
            COOKIE, session, max_age=LIFETIME_SECONDS, httponly=True, samesite="strict", secure=secure, path="/"
        )
        return session

    def form_token(self, session: str) -> str:
        """Return what the forms of a session carry."""
        return self._sign("form", session)

    def is_form_of(self, session: str | None, given: str) -> bool:
        """Say whether a form belongs to a session."""
        return session is not None and self._is(given, "form", session)

    def _sign(self, what: str, text: str) -> str:
        return hmac.new(self._key, f"{what}:{text}".encode(), hashlib.sha256).hexdigest()

    def _is(self, given: str, what: str, text: str) -> bool:
        return hmac.compare_digest(given.encode(), self._sign(what, text).encode())
