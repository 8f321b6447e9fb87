"""What holds for every request and every answer, whatever the path."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ingest.secret import Secret

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
MAX_BODY_BYTES = 1024
"""What forms send is smaller, and clients that send a body by habit are borne with up to this size."""

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OWN = ("Content-Security-Policy", "Referrer-Policy")
"""Of these, what an answer brings itself holds: a page for people needs more than nothing."""
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(?::[0-9]*)?")  # RFC 9110, 7.2


class Guard:
    """Refuses what is not meant for us, and adds security headers to every answer.

    Args:
        app: what answers the rest.
        hosts: those that a request may name; None for any. On loopback the list stands against DNS rebinding: a
            page in a browser can reach 127.0.0.1 by a name of its own, but cannot lie about that name.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] | None) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        answer = self._refusal(Headers(scope=scope)) or self._app
        await answer(scope, receive, _secured(send))

    def _refusal(self, headers: Headers) -> Response | None:
        if not self._is_ours(headers.get("host")):
            return PlainTextResponse("Misdirected Request", 421)
        if _has_body(headers):  # its bytes would be taken for the next request
            return PlainTextResponse("Content Too Large", 413, {"Connection": "close"})
        return None

    def _is_ours(self, host: str | None) -> bool:
        """Judge a Host header; only HTTP/1.0 can do without one, and no browser does."""
        if self._hosts is None or host is None:
            return True
        match = _HOST.fullmatch(host)
        return match is not None and match[1].lower().rstrip(".") in self._hosts


def carries(headers: Headers, token: Secret) -> bool:
    """Say whether a request carries the token (RFC 6750, 2.1); compared in constant time."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    wanted = token.reveal().encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("latin-1"), wanted)


def _has_body(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    return "transfer-encoding" in headers or not length.isdecimal() or int(length) > MAX_BODY_BYTES


def _secured(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            own = {name: headers[name] for name in _OWN if name in headers}
            headers.update({**SECURITY_HEADERS, **own})
        await send(message)

    return sending
