"""Where a token for Kafka comes from (OAUTHBEARER): a file that others keep fresh, or an endpoint that makes them.

The endpoint is asked by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4).
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ingest.fetch.granting import granted
from sinks.kafka_tokens import TokenError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.secret import Secret

_MAX_BYTES = 100_000
_USED_UP = 0.8
"""Of its life; then the next connection asks for another one."""


class FileToken:
    """A token in a file, read for each connection, since whoever puts it there replaces it before it runs out.

    Args:
        path: holds the token, and white space around it perhaps.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str:
        """Return the token.

        Raises:
            TokenError: there is none in the file.
        """
        try:
            with self._path.open("rb") as file:
                text = file.read(_MAX_BYTES).decode("ascii").strip()
        except OSError as error:
            raise TokenError(f"{self._path}: {error.strerror or error}", lasting=True) from error
        except UnicodeDecodeError:  # without its cause: that holds what the file does
            raise TokenError(f"{self._path} does not hold a token", lasting=True) from None
        if not text:
            raise TokenError(f"{self._path} is empty", lasting=False)  # it is being written, perhaps
        return text


class EndpointToken:
    """A token that an endpoint grants, kept for four fifths of its life. May be asked from any thread.

    Args:
        url: the endpoint.
        client: the client's id.
        secret: and its secret.
        scope: what is asked for; None leaves it to the endpoint.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        client: Secret,
        secret: Secret,
        scope: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client
        self._secret = secret
        self._scope = scope
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = float("-inf")

    def __call__(self) -> str:
        """Return the token.

        Raises:
            TokenError: the endpoint gives none.
        """
        with self._lock:
            if self._clock() >= self._until:
                asked_at = self._clock()
                self._token, life = granted(self._url, self._client, self._secret, self._scope)
                self._until = asked_at + _USED_UP * life
            return self._token
