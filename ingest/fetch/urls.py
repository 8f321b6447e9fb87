"""A URL taken apart once, strictly: what the checks see is what is connected to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

import httpx

from ingest.fetch.errors import InvalidUrlError
from processors.identity import resolved

_LONGEST = 8_192
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    scheme: str
    host: str
    """ASCII and lower case; an IPv6 address without its brackets."""
    port: int
    url: httpx.URL = field(repr=False, compare=False)
    text: str
    """The URL as it is sent, without a fragment."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials may not leave (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port: what one budget is kept for. `example.org.` is `example.org`."""
        return f"{self.host.rstrip('.')}:{self.port}"


def target(text: str) -> Target:
    """Take a URL apart.

    Raises:
        InvalidUrlError: no http(s) URL with a host, or one with credentials; nothing is guessed.
    """
    if len(text) > _LONGEST or _UNFIT.search(text):
        raise InvalidUrlError(text[:200], "holds control characters, or is too long")
    try:
        parsed = httpx.URL(text)
        url = parsed.copy_with(raw_path=parsed.raw_path, fragment=None)  # an empty path is `/`: one spelling for both
        _ = url.host  # decodes punycode, as httpx does again when it sends, and raises where that is damaged
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise InvalidUrlError(text, f"no URL: {error}") from error
    if url.scheme not in _DEFAULT_PORTS:
        raise InvalidUrlError(text, "no http or https URL")
    if url.userinfo:
        raise InvalidUrlError(text, "holds a user name or password")
    host = url.raw_host.decode("ascii", "replace").lower()
    port = _DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    if not _fit(host) or not 0 < port < 65_536:
        raise InvalidUrlError(text, "no host and port that can be reached")
    return Target(url.scheme, host, port, url, str(url))


def joined(base: Target, reference: str) -> Target:
    """Take apart a reference that a document at `base` makes; spaces at its ends are ignored, as browsers do.

    Raises:
        InvalidUrlError: as `target` does.
    """
    try:
        text = resolved(base.text, reference.strip(" \t"))
    except ValueError as error:
        raise InvalidUrlError(reference[:200], f"no URL: {error}") from error
    return target(text)


def _fit(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST.fullmatch(host))
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False
