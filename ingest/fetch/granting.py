"""One request to a token endpoint: the client credentials grant of OAuth 2.0 (RFC 6749, 4.4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import httpx

from ingest.secret import mask_urls
from sinks.kafka_tokens import TokenError

if TYPE_CHECKING:
    from ingest.secret import Secret

_SECONDS = 5.0
"""For each of connecting, sending and receiving: the caller's network thread waits."""
_MAX_BYTES = 100_000
_LIFE_SECONDS = 300.0
"""Of a token whose endpoint does not say; RFC 6749 recommends that it does."""
_PASSING = frozenset({408, 425, 429})


def granted(url: str, client: Secret, secret: Secret, scope: str | None) -> tuple[str, float]:
    """Return a token, and for how many seconds it is valid.

    The client authenticates as RFC 6749, 2.3.1 has it, by the `Authorization` header. Nothing is followed, no proxy and
    no `.netrc` of the environment is used.

    Raises:
        TokenError: there is none; lasting where the endpoint refuses us (RFC 6749, 5.2) or is no such endpoint.
    """
    shown = mask_urls(url)
    form = {"grant_type": "client_credentials"} | ({} if scope is None else {"scope": scope})
    auth = httpx.BasicAuth(quote_plus(client.reveal()), quote_plus(secret.reveal()))
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    try:
        with (
            httpx.Client(trust_env=False, timeout=_SECONDS) as http,
            http.stream("POST", url, data=form, headers=headers, auth=auth) as reply,
        ):
            status, body = reply.status_code, _read(reply)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise TokenError(f"{shown}: {str(error) or type(error).__name__}", lasting=False) from error
    if status != 200:
        passing = status >= 500 or status in _PASSING
        raise TokenError(f"{shown} answers {status}{_reason(body)}", lasting=not passing)
    return _token(shown, body)


def _read(reply: httpx.Response) -> bytes:
    body = b""
    for chunk in reply.iter_raw():
        body += chunk
        if len(body) > _MAX_BYTES:
            break
    return body


def _token(shown: str, body: bytes) -> tuple[str, float]:
    """Return what an answer grants (RFC 6749, 5.1); nothing of the answer is told, it may hold a token."""
    row = _row(body)
    token, life = row.get("access_token"), row.get("expires_in", _LIFE_SECONDS)
    if not isinstance(token, str) or str(row.get("token_type", "bearer")).lower() != "bearer":
        raise TokenError(f"{shown} answers without a bearer token", lasting=True)
    try:
        return token, max(0.0, float(life))
    except (TypeError, ValueError):
        return token, _LIFE_SECONDS


def _reason(body: bytes) -> str:
    """Return the code of an error (RFC 6749, 5.2), where there is one."""
    code = _row(body).get("error")
    return f" ({code[:100]})" if isinstance(code, str) and code.isascii() and code.isprintable() else ""


def _row(body: bytes) -> dict[str, Any]:
    try:
        row = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
