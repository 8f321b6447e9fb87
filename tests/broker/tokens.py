"""Tokens that Kafka's own validator for tests takes (unsecured JSON Web Tokens), and an endpoint that grants them."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
PROPERTIES = {
    "listener.name.plaintext.oauthbearer.sasl.jaas.config": f'{MODULE} unsecuredLoginStringClaim_sub="broker";'
}
"""Of a broker whose listener `PLAINTEXT` takes them: whose name such a token holds is let in."""


def token(name: str, seconds: float = 3600.0) -> str:
    """Return a token for a name, valid from now on for so long (RFC 7519, 6: `alg` is `none`)."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": name, "iat": now - 1, "exp": now + seconds})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), ""])


@dataclass
class Endpoint:
    """A token endpoint on loopback.

    Args:
        client: id and secret that it grants tokens to.
    """

    client: tuple[str, str]
    answer: tuple[int, bytes] | None = None
    """In place of what it would answer."""
    life: float | None = 3600.0
    """Of its tokens, in seconds; None: it does not say."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    """The forms that it got."""
    url: str = ""

    def reply(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return status and body for a request (RFC 6749, 4.4, 5.1, 5.2)."""
        self.asked.append(form)
        if self.answer is not None:
            return self.answer
        if authorization != "Basic " + base64.b64encode(":".join(self.client).encode()).decode():
            return 401, b'{"error": "invalid_client"}'
        life = {} if self.life is None else {"expires_in": self.life}
        return 200, json.dumps({"access_token": token(self.client[0]), "token_type": "Bearer", **life}).encode()


@contextmanager
def granting(client: str, secret: str) -> Iterator[Endpoint]:
    """Run an endpoint meanwhile."""
    endpoint = Endpoint((client, secret))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = endpoint.reply(self.headers.get("Authorization", ""), form)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}/token"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()
