"""The kinds of value that name something on the network, and those that come from the environment."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ingest.config.kinds import CONTROL, string
from ingest.config.problems import WrongError, show
from ingest.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.config.kinds import Spot

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_PORTS = range(1, 65_536)

MOST_URL = 8_192
"""Characters of an address that is fetched (`ingest.fetch.urls`)."""
OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "if-modified-since", "if-none-match", "keep-alive"}
    | {"proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
)
"""Request headers that the fetcher sets itself, or that would break the connection."""
OPEN = frozenset({"accept", "accept-language"})
"""Request headers that hold no secret and so may stand in the file as they are."""


def web_url(text: str) -> SplitResult:
    """Return the parts of an http or https URL that a feed can have.

    Raises:
        WrongError: it is something else, or carries credentials.
    """
    right = 'give an http or https URL, as in "https://example.org/feed.xml"'
    if re.search(r"\s", text):
        raise WrongError(f"{show(text)} holds a space", right)
    if len(text) > MOST_URL:
        raise WrongError(f"{show(text)} is longer than {MOST_URL} characters", right)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # not shown: what stands where the port should be may be a password whose "@host" was forgotten
        raise WrongError("is not a URL: its host or port cannot be read", right) from None
    if parts.scheme not in {"http", "https"}:
        raise WrongError(f"{show(text)} is not an http or https URL", right)
    if not parts.hostname or port == 0:
        raise WrongError(f"{show(text)} names no host and port", right)
    if "@" in parts.netloc:
        instead = (
            'leave them out and set headers = { Authorization = "Basic ${NAME}" }, NAME being an environment variable'
        )
        raise WrongError(f"{show(text)} holds a user name or password", instead)
    return parts


@dataclass(frozen=True, slots=True)
class WebUrl:
    """The address of a feed."""

    label: str = "http or https URL"

    def read(self, value: object, spot: Spot) -> str:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        text = string(value, 'give a URL in quotes, as in "https://example.org/feed.xml"')
        web_url(text)
        return text


@dataclass(frozen=True, slots=True)
class Network:
    """A block of addresses."""

    label: str = "network in CIDR form"

    def read(self, value: object, spot: Spot) -> ipaddress.IPv4Network | ipaddress.IPv6Network:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        right = 'give a network in CIDR form, as in "127.0.0.0/8"'
        text = string(value, right)
        try:
            return ipaddress.ip_network(text)
        except ValueError:
            pass
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise WrongError(f"{show(text)} is not a network", right) from None
        raise WrongError(f"{show(text)} has bits set beyond its prefix", f'give "{meant}"')


def endpoint(text: str, ports: range, right: str) -> tuple[str, int]:
    """Return the host and port of `host:port` or `[IPv6]:port`.

    Raises:
        WrongError: it is something else; `right` says what it should be.
    """
    if "@" in text or "://" in text:  # perhaps a URL with a password in it: not shown
        raise WrongError("holds more than hosts and ports", right)
    host, _, number = text.rpartition(":")
    if not host:
        raise WrongError(f"{show(text)} names no host and port", right)
    if not _is_host(host):
        raise WrongError(f"{show(host)} is not a host name or address", right)
    if not re.fullmatch(r"[0-9]{1,5}", number) or int(number) not in ports:
        raise WrongError(f"{show(number)} is not a port from {ports[0]} to {ports[-1]}", right)
    return host.strip("[]"), int(number)


def _is_host(text: str) -> bool:
    if not text.startswith("["):
        return bool(_HOST.fullmatch(text)) and len(text) <= 253
    try:
        ipaddress.IPv6Address(text[1:-1])
    except ValueError:
        return False
    return text.endswith("]")


@dataclass(frozen=True, slots=True)
class Brokers:
    """Kafka's bootstrap servers."""

    label: str = '"host:port", or several with commas'

    def read(self, value: object, spot: Spot) -> str:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        right = 'give "host:port", or several with commas'
        servers = [server.strip() for server in string(value, right).split(",")]
        for server in servers:
            endpoint(server, _PORTS, right)
        return ",".join(servers)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where our own HTTP listener binds; an empty string for nowhere."""

    label: str = '"host:port", or "" for off'

    def read(self, value: object, spot: Spot) -> str:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        if value == "":
            return ""
        right = 'give "host:port" (port 0 picks a free one), or "" to switch it off'
        text = string(value, right)
        endpoint(text, range(65_536), right)
        return text


def is_loopback(listen: str) -> bool:
    """Say whether a checked `host:port` is reached from this machine only; of names only "localhost" is (RFC 6761)."""
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def resolve(name: str, env: Mapping[str, str]) -> str:
    """Return an environment variable that a secret refers to.

    Raises:
        WrongError: it is not set, or cannot be meant.
    """
    value = env.get(name, "")
    if not value.strip():
        raise WrongError(f"the environment variable {name} is not set", "set it before the start")
    if CONTROL.search(value):
        raise WrongError(f"the environment variable {name} holds control characters", "give it one line of text")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret: never in the file, only the name of the environment variable that holds it."""

    literal: bool = False
    """Whether a value in the file is taken too: for what stands beside a secret, such as a user name."""

    @property
    def label(self) -> str:
        """See `Kind`."""
        return 'string or "${NAME}"' if self.literal else '"${NAME}"'

    def read(self, value: object, spot: Spot) -> Secret:
        """See `Kind`."""
        right = 'put it in the environment and write "${NAME}"'
        if not isinstance(value, str):
            raise WrongError("is not a string", right)
        if reference := _REFERENCE.fullmatch(value):
            return Secret(resolve(reference[1], spot.env))
        if not self.literal:
            raise WrongError("must not stand in the file", right)
        return Secret(string(value, right))


@dataclass(frozen=True, slots=True)
class Headers:
    """Request headers of one feed, their values referring to environment variables."""

    label: str = 'table of header = "… ${NAME}"'

    def read(self, value: object, spot: Spot) -> dict[str, Secret]:
        """See `Kind`."""
        if not isinstance(value, dict):
            raise WrongError("is not a table", 'give headers = { Authorization = "Bearer ${NAME}" }')
        found: dict[str, Secret] = {}
        for name, text in value.items():
            here = spot.inside(name)
            try:
                found[name] = self._header(name, text, here, found)
            except WrongError as wrong:
                here.report(wrong.what, wrong.right)
        return found

    def _header(self, name: str, value: object, spot: Spot, others: Mapping[str, Secret]) -> Secret:
        if not _TOKEN.fullmatch(name) or name.lower() in OURS:
            raise WrongError("is not a header that a feed can set", "name one such as Authorization or Cookie")
        if name.lower() in map(str.lower, others):
            raise WrongError("stands there twice", "name each header once; capitals make no difference")
        right = f'write "${{NAME}}" where the secret goes, as in {name} = "Bearer ${{NAME}}"'
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise WrongError("is not a string of printable ASCII", right)
        names = _REFERENCE.findall(value)
        if not names and name.lower() not in OPEN:
            raise WrongError("may be a secret and must not stand in the file", right)
        values = {each: resolve(each, spot.env) for each in names}
        if foreign := [each for each in names if not values[each].isascii()]:
            raise WrongError(f"the environment variable {foreign[0]} is not ASCII", "a header cannot carry it")
        return Secret(_REFERENCE.sub(lambda match: values[match[1]], value), tuple(values.values()))
