"""Tokens for OAUTHBEARER (RFC 7628): whoever has one gives a function, and Kafka's library gets what it takes.

The library asks for a token with each connection, and again when the broker wants it renewed (KIP-368). What the
function raises becomes an error of the library that is told apart: refused for good, or not to be had just now.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kafka import errors
from kafka.net.sasl.oauth import AbstractTokenProvider

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""`b64token` of RFC 6750, 2.1; in particular without the byte 1, which ends it on the wire."""


class TokenError(Exception):
    """There is no token; the text is for people, and holds no secret.

    Args:
        text: why.
        lasting: whether waiting changes nothing, as with a wrong password.
    """

    def __init__(self, text: str, *, lasting: bool) -> None:
        super().__init__(text)
        self.lasting = lasting


class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # the library is not typed
    """What the library takes as `sasl_oauth_token_provider`.

    Args:
        ask: returns a token that is valid now, quickly: the library's network thread waits for it. Raises TokenError.
    """

    def __init__(self, ask: Callable[[], str]) -> None:
        super().__init__()
        self._ask = ask

    def token(self) -> str:
        """See `AbstractTokenProvider`."""
        try:
            token = self._ask()
        except TokenError as error:
            if error.lasting:
                raise errors.SaslAuthenticationFailedError(f"no token: {error}") from error
            raise errors.KafkaConnectionError(f"no token: {error}") from error
        if not _TOKEN.fullmatch(token):
            raise errors.SaslAuthenticationFailedError(
                "no token: what there is holds other characters than a token has"
            )
        return token
