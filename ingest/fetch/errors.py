"""Why a document could not be fetched.

    FetchError
    ├── InvalidUrlError         no URL that can be fetched
    ├── BlockedAddressError     an address or port that must not be reached
    ├── DisallowedError         robots.txt says no, or cannot be read
    ├── PausedError             the host asked for a pause that is longer than the caller would wait
    ├── RedirectError           a loop, too many, no target, or a forbidden one
    ├── FetchTimeoutError       not finished in time
    ├── NetworkError
    │   ├── DnsError            the name has no address
    │   ├── RefusedError        nobody listens, or the network does not lead there
    │   ├── ResetError          the connection ended before an answer
    │   ├── CutShortError       the connection ended within the body
    │   └── TlsError            certificate or handshake
    ├── ProtocolError           not HTTP, or beyond its limits
    └── ContentError
        ├── TooLargeError       over the limit, as sent or decoded
        └── EncodingError       the content coding cannot be undone

The scheduler backs off by class and metrics count by `kind`. URLs are masked here, so that nobody has to remember it.
"""

from __future__ import annotations

from typing import ClassVar

from ingest.secret import mask_urls

LONGEST_DETAIL = 300
"""Characters: a server can make up 100 kB of a message, and it is logged and kept with the feed."""


class FetchError(Exception):
    """A document could not be fetched."""

    kind: ClassVar[str] = "fetch"
    """For metrics and the store: stable, unlike the text."""

    def __init__(self, url: str, detail: str) -> None:
        self.url = mask_urls(url)
        """Of the hop that failed, credentials masked."""
        self.detail = mask_urls(detail)[:LONGEST_DETAIL]
        super().__init__(f"{self.url}: {self.detail}")


class InvalidUrlError(FetchError):
    """No http or https URL with a proper host."""

    kind = "invalid_url"


class BlockedAddressError(FetchError):
    """The name resolves to an address that must not be reached, or the port is none of the web's."""

    kind = "blocked_ssrf"


class DisallowedError(FetchError):
    """robots.txt disallows the URL, or could not be read and so disallows everything (RFC 9309 §2.3.1.4)."""

    kind = "robots"


class PausedError(FetchError):
    """The host asked to be left alone for longer than the caller would wait; no request was made."""

    kind = "paused"

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(url, f"the host is paused for another {seconds:.1f} s")
        self.seconds = seconds


class RedirectError(FetchError):
    """The redirect cannot or must not be followed."""

    kind = "redirect"


class FetchTimeoutError(FetchError):
    """The total time, or the time for connecting, is over."""

    kind = "timeout"


class NetworkError(FetchError):
    """The connection could not be made or did not last."""

    kind = "network"


class DnsError(NetworkError):
    """The name could not be resolved."""

    kind = "dns"


class RefusedError(NetworkError):
    """No connection: refused or unreachable."""

    kind = "refused"


class ResetError(NetworkError):
    """The connection ended before the head of an answer was complete."""

    kind = "reset"


class CutShortError(NetworkError):
    """The connection ended within the body."""

    kind = "cut_short"


class TlsError(NetworkError):
    """The certificate is not valid for the name, or the handshake failed."""

    kind = "tls"


class ProtocolError(FetchError):
    """The answer is not HTTP/1.1, or its head is too large."""

    kind = "protocol"


class ContentError(FetchError):
    """The body cannot be used."""

    kind = "content"


class TooLargeError(ContentError):
    """The body is over the limit, as sent or decoded."""

    kind = "too_large"


class EncodingError(ContentError):
    """The content coding is unknown, damaged, or the data ends early."""

    kind = "encoding"
