"""The boundary to kafka-python: how its clients are made, what its errors mean to us, and what it may log.

Errors of the library become four of ours, told apart by what helps:

    KafkaTroubleError
    ├── AwayError       try again later with a new client
    │   └── OverdueError   and with less at once
    ├── DeniedError     a person has to change something: credentials, access rights, topics
    ├── FencedError     another process took our transactional id
    └── RefusedError    the broker refuses one of the records for good
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kafka import errors

from sinks.kafka_sockets import NetworkClient, tls_context
from sinks.kafka_tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECURITY = frozenset(
    {
        "security_protocol",
        "sasl_mechanism",
        "sasl_plain_username",
        "sasl_plain_password",
        "sasl_kerberos_name",
        "sasl_kerberos_service_name",
        "sasl_kerberos_domain_name",
        "sasl_oauth_token_provider",
        "ssl_context",
        "ssl_check_hostname",
        "ssl_cafile",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_password",
        "ssl_crlfile",
        "ssl_ciphers",
    }
)
"""The settings of kafka-python that are passed through; `sasl_oauth_token_provider` may also be a function that returns
a token and raises TokenError."""
RECORD_ERRORS = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidRecordError,
    errors.InvalidTimestampError,
    errors.CorruptRecordError,
)
DENIED_ERRORS = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.KafkaConfigurationError,
    errors.InvalidTransactionTimeoutError,
    errors.UnsupportedVersionError,
)
RIGHTS = {
    "topic": "grant Describe and Write on each topic, or Describe and Read to a reader",
    "transactional id": "grant Describe and Write on the transactional id",
    "group": "grant Describe and Read on the group, and Read on the topic of all articles",
}
"""What the broker has to allow, by what it refused."""
_REFUSED_RIGHTS = {
    errors.TopicAuthorizationFailedError: RIGHTS["topic"],
    errors.TransactionalIdAuthorizationFailedError: RIGHTS["transactional id"],
    errors.GroupAuthorizationFailedError: RIGHTS["group"],
}
LASTING = {
    r"SaslAuthenticationFailed|UnsupportedSaslMechanism": "",
    r"CERTIFICATE_VERIFY_FAILED": "; ssl_cafile has to name the authority of the broker's certificate",
    r"ALERT_\w*(CERTIFICATE|_CA\b)": "; the broker asks for a certificate it trusts: ssl_certfile, ssl_keyfile",
}
"""Reasons for a failed connection that waiting does not change, as the library logs them, and what to do."""
_FRAMING = re.compile(r"^Bootstrap connection to \S+ failed: (?:KafkaConnectionError: )?| \(backoff [\d.]+ secs\)$")
"""What the library says around a reason."""
FENCED_ERRORS = (errors.ProducerFencedError, errors.InvalidProducerEpochError, errors.FencedInstanceIdError)

Client = TypeVar("Client")


class Place(NamedTuple):
    """A partition, without the library's type."""

    topic: str
    partition: int


class Fetched(NamedTuple):
    """A message that was read."""

    place: Place
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class KafkaTroubleError(Exception):
    """The broker or the library did not do what was asked; the text is for people."""


class AwayError(KafkaTroubleError):
    """Not now; the client at hand is of no more use."""


class OverdueError(AwayError):
    """A transaction took longer than one may; the broker ended it."""


class DeniedError(KafkaTroubleError):
    """Not until a person has changed something."""


class FencedError(KafkaTroubleError):
    """A newer producer has our transactional id."""


class RefusedError(KafkaTroubleError):
    """The broker will never take one of the records just sent; which one is not known."""


@dataclass(frozen=True)
class Connection:
    """Where the brokers are and how to be let in.

    Args:
        bootstrap: `host:port`, several divided by commas.
        security: settings of `SECURITY`; never shown.
        patience_seconds: how long one call waits for a broker that does not answer.

    Raises:
        ValueError: a bad address or an unknown security setting.
    """

    bootstrap: str
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)
    patience_seconds: float = 5.0

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.security) - SECURITY):
            raise ValueError(f"unknown Kafka setting {', '.join(unknown)}; known are {', '.join(sorted(SECURITY))}")
        self.addresses()

    def addresses(self) -> list[tuple[str, int]]:
        """Return the brokers' hosts and ports."""
        found = []
        for server in self.bootstrap.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
                raise ValueError(f"bootstrap {server.strip()!r} is no host:port, like 127.0.0.1:9092")
            found.append((host.strip("[]"), int(port)))
        return found

    def settings(self, client_id: str) -> dict[str, Any]:
        """Return what every client of the library is made with; without reconnect limits it waits up to 30 s."""
        return {
            "bootstrap_servers": [server.strip() for server in self.bootstrap.split(",")],
            "client_id": client_id,
            "bootstrap_timeout_ms": int(self.patience_seconds * 1000),
            "reconnect_backoff_ms": 100,
            "reconnect_backoff_max_ms": 1000,
            **self.security,
            **self._tokens(),
        }

    def _tokens(self) -> dict[str, Any]:
        ask = self.security.get("sasl_oauth_token_provider")
        return {"sasl_oauth_token_provider": Tokens(ask)} if callable(ask) else {}

    def encryption(self) -> dict[str, Any]:
        """Return the setting that holds all of TLS, where it is used.

        Raises:
            DeniedError: a certificate or key cannot be used.
        """
        if not str(self.security.get("security_protocol")).endswith("SSL") or "ssl_context" in self.security:
            return {}
        try:
            return {"ssl_context": tls_context(self.security)}
        except ValueError as error:
            raise DeniedError(f"connecting to Kafka: {error}") from error

    def reachable(self) -> bool:
        """Tell whether any of the brokers' ports takes a connection, within a second each."""
        for address in self.addresses():
            try:
                socket.create_connection(address, timeout=1.0).close()
            except OSError:
                continue
            return True
        return False


def connected(make: Callable[..., Client], connection: Connection, client_id: str, **settings: object) -> Client:
    """Make a client of the library; when that fails, end what it leaves behind.

    A constructor that cannot reach a broker raises with its network thread running and its sockets open (3.0.12).
    Hence also the look at the port first.

    Raises:
        KafkaTroubleError: no broker answered in time, or it does not let us in.
    """
    made: list[NetworkClient] = []

    def network(**configs: object) -> NetworkClient:
        made.append(NetworkClient(**configs))
        return made[-1]

    if not connection.reachable():
        raise AwayError("connecting to Kafka: no broker answers")
    LIBRARY.last = ""
    given = connection.settings(client_id) | connection.encryption() | settings
    with translated("connecting to Kafka"):
        try:
            return make(kafka_client=network, **given)
        except BaseException:
            for client in made:
                client.end()
            raise


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what the library raises into one of our errors; RuntimeError is what its event loop raises when stopped."""
    try:
        yield
    except (errors.KafkaError, OSError, RuntimeError) as error:
        raise trouble(error, doing) from error


def trouble(error: BaseException, doing: str) -> KafkaTroubleError:
    """Return our error for one of the library's."""
    causes = _causes(error)
    text = f"{doing}: {_shown(causes[-1])}"
    if any(isinstance(cause, RECORD_ERRORS) for cause in causes):
        return RefusedError(text)
    if any(isinstance(cause, FENCED_ERRORS) for cause in causes):
        return FencedError(text)
    if any(isinstance(cause, DENIED_ERRORS) for cause in causes):
        advice = [right for denied, right in _REFUSED_RIGHTS.items() if any(isinstance(one, denied) for one in causes)]
        return DeniedError("; ".join([text, *advice]))
    return _unanswered(text) if isinstance(error, errors.KafkaTimeoutError) else AwayError(text)


def _unanswered(text: str) -> KafkaTroubleError:
    """Return the error of a time-out, with the library's reason: connecting hides a refused password behind one."""
    reason = LIBRARY.last
    if (advice := lasting(reason)) is not None:
        return DeniedError(f"connecting to Kafka: {reason}{advice}")
    text = re.sub(r"KafkaTimeoutError: Unable to bootstrap.*", "no broker answers", text)
    return AwayError(f"{text} ({reason})" if reason else text)


def lasting(reason: str) -> str | None:
    """Return what to do about a reason for a failed connection that waiting does not change; None for another."""
    return next((advice for pattern, advice in LASTING.items() if re.search(pattern, reason)), None)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and those it carries as arguments, as the library wraps them."""
    found = [error]
    for one in found:
        found += [inner for inner in one.args if isinstance(inner, BaseException)]
    return found


def _shown(error: BaseException) -> str:
    if isinstance(error, errors.KafkaTimeoutError) and error.args in {(), (None,)}:
        return "no answer in time"
    return " ".join(str(error).split())[:300] or type(error).__name__


class _Library(logging.Handler):
    """Keeps the library's last warning for our own messages, in place of its flood (many lines a second when away).

    Its debug lines would show passwords and the messages themselves, so they stay off.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = " ".join(record.getMessage().split())
        if ("failed" not in text and "error" not in text) or "Unable to bootstrap" in text:
            return  # tells no reason
        text = _FRAMING.sub("", text)[:300]
        if lasting(text) is not None or lasting(self.last) is None:  # the reason, although the next try may differ
            self.last = text


LIBRARY = _Library()
_root = logging.getLogger("kafka")
_root.addHandler(LIBRARY)
_root.setLevel(logging.WARNING)
_root.propagate = False
