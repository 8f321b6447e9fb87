"""What is asked and what comes back, free of the HTTP library's types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from ingest.secret import Secret
from processors.records import aware

FEED_TYPES = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.1"
PERMANENT = frozenset({301, 308})

# RFC 9110 §5.5, with obs-text: visible characters, single spaces and tabs between them allowed.
_FIELD_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?")


class Headers(Mapping[str, str]):
    """Response headers by lower-case name; those that are repeated are joined by a comma (RFC 9110 §5.3).

    Values are latin-1, byte for byte: `value.encode("latin-1")` is what was received.
    """

    __slots__ = ("_values", "raw")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.raw = tuple(raw)
        """Names and values as received: order, case and repetitions."""
        self._values: dict[str, list[str]] = {}
        for name, value in self.raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def all(self, name: str) -> tuple[str, ...]:
        """Return each value of a header, in order."""
        return tuple(self._values.get(name.lower(), ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What makes the next request conditional: opaque, and true for one URL only (RFC 9110 §8.8)."""

    url: str
    """The final URL that they came from. A request that is redirected carries them at this hop and at no other."""
    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield the request headers, values byte for byte; one that no header can hold is left out."""
        for name, value in (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified)):
            if value is not None and _FIELD_VALUE.fullmatch(value):
                yield name, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A document that is wanted."""

    url: str
    limit: int
    """Bytes of the body, decoded."""
    accept: str = FEED_TYPES
    headers: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    """Further request headers, such as Authorization. They stay within the origin of `url`."""
    validators: Validators | None = None
    cut: bool = False
    """A longer body is cut at the limit instead of being refused."""
    patience: float = 0.0
    """Seconds to wait where the host has asked for a pause; `PausedError` if it lasts longer."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect that was followed."""

    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """An exchange as it went over the line, for the archive."""

    request: bytes = field(repr=False)
    """The request's head, without the headers of `Request.headers`: they hold secrets."""
    status_line: bytes
    body: bytes = field(repr=False)
    """As received, content coding and all; only the chunks of a chunked answer are joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer of any status. Only a status of 200 to 299 has its body read."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    """Content coding undone."""
    final_url: str
    hops: tuple[Hop, ...]
    """The redirects on the way here, first to last; empty where there were none."""
    fetched: datetime
    remote: str | None
    """The address that answered."""
    wire: Wire | None = field(default=None, repr=False)
    """None where nobody is to keep it: a fetcher always tells."""

    def __post_init__(self) -> None:
        aware(self.fetched)

    @property
    def moved(self) -> bool:
        """Whether every hop said that the document has moved for good."""
        return bool(self.hops) and all(hop.status in PERMANENT for hop in self.hops)

    @property
    def validators(self) -> Validators | None:
        """What this answer gives for the next request; None where it gives nothing.

        After a 304, replace only what is present (RFC 9111 §4.3.4).
        """
        etag, modified = (next(iter(self.headers.all(name)), None) for name in ("etag", "last-modified"))
        if etag is None and modified is None:
            return None
        return Validators(url=self.final_url, etag=etag, last_modified=modified)
