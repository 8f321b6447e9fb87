"""The one way to get a document: `Fetcher.get`."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from ingest.decoding import BodyError, BodyTooLargeError, decoded
from ingest.fetch.errors import EncodingError, FetchTimeoutError, ProtocolError, ResetError, TooLargeError
from ingest.fetch.messages import Headers, Hop, Request, Response, Wire
from ingest.fetch.names import CachedResolver, SystemResolver
from ingest.fetch.pushback import LONGEST_PAUSE, retry_after
from ingest.fetch.redirects import FOLLOWED, following
from ingest.fetch.transport import RECEIVED_HEADERS, TURN, Transport, VettingBackend
from ingest.fetch.urls import Target, target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from ingest.fetch.addresses import Network
    from ingest.fetch.hosts import Hosts
    from ingest.fetch.names import Resolver
    from ingest.secret import Secret

    Check = Callable[[str], Awaitable[None]]
    """Asked before each hop with its URL; raises what `Fetcher.get` is to raise."""

CONNECT_SECONDS = 10.0
CODINGS = "gzip, deflate"
"""What is asked for. Others are undone as well, within the limit, where a server sends them all the same."""
_CODING_SLACK = 65_536
"""Bytes by which a body as sent may be longer than decoded: compression of what does not compress."""
_THREAD_FROM = 65_536
"""Bytes from which a body is decoded in a thread: less takes no longer than the change of threads."""


class Fetcher:
    """Fetches documents; one for the whole process, within one event loop.

    Args:
        hosts: the budget; each hop of a redirect takes its turn at its own host.
        user_agent: names us and a contact.
        timeout: seconds from connecting to the last byte, all hops together; waiting for a turn does not count.
        allowed: networks that are reached although they are private, at any port.
        resolver: names to addresses; the system's, with a cache, by default.
        tls: verifies certificates; the system's authorities by default. Building one takes 15 ms.
        longest_pause: seconds that a host may ask to be left alone for; it is asked again after so long all the same.
        now: the time of day, aware.
        clock: monotonic seconds, as the event loop's.
    """

    def __init__(
        self,
        *,
        hosts: Hosts,
        user_agent: str,
        timeout: float,
        allowed: Iterable[Network] = (),
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        longest_pause: float = LONGEST_PAUSE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = hosts
        self._user_agent = user_agent
        self._timeout = timeout
        self._longest_pause = longest_pause
        self._now = now
        self._clock = clock
        self._system = SystemResolver()
        backend = VettingBackend(resolver or CachedResolver(self._system), allowed)
        transport = Transport(backend, tls or ssl.create_default_context())
        self._client = httpx.AsyncClient(transport=transport, cookies=_NoCookies(), trust_env=False)
        # They write URLs (httpx, at INFO) and request headers (httpcore, at DEBUG) that may hold credentials.
        for library in ("httpx", "httpcore"):
            logging.getLogger(library).setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        self._system.close()

    async def get(self, request: Request, *, check: Check | None = None) -> Response:
        """Return the answer, of whatever status, after at most five redirects.

        Raises:
            FetchError: there is none; the class says why. Also whatever `check` raises.
        """
        here = first = target(request.url)
        time_left = _TimeLeft(self._timeout, self._clock)
        hops: list[Hop] = []
        extra = request.headers
        while True:
            if check is not None:
                await check(here.text)
            answer = await self._visited(here, request, extra, time_left)
            if answer.status not in FOLLOWED:
                return Response(
                    status=answer.status,
                    headers=answer.headers,
                    body=answer.body,
                    final_url=here.text,
                    hops=tuple(hops),
                    fetched=self._now(),
                    remote=answer.remote,
                    wire=answer.wire,
                )
            hops.append(Hop(here.text, answer.status))
            here = following(here, answer.headers, hops)
            if here.origin != first.origin:
                extra = MappingProxyType({})  # and not again where a later hop leads back

    async def _visited(
        self, here: Target, request: Request, extra: Mapping[str, Secret], time_left: _TimeLeft
    ) -> _Answer:
        """Ask one host, and once more where that may help.

        A connection that was reused may have been closed by the other side at that moment; and some servers compress
        wrongly, but not where they are asked not to.
        """
        codings = "identity" if request.cut else CODINGS
        try:
            return await self._exchanged(here, request, list(self._headers(here, request, extra, codings)), time_left)
        except EncodingError:
            if codings == "identity":
                raise
            codings = "identity"
        except ResetError:
            pass
        return await self._exchanged(here, request, list(self._headers(here, request, extra, codings)), time_left)

    def _headers(
        self, here: Target, request: Request, extra: Mapping[str, Secret], codings: str
    ) -> Iterator[tuple[str, str]]:
        yield "User-Agent", self._user_agent
        if "accept" not in {name.lower() for name in extra}:
            yield "Accept", request.accept
        yield "Accept-Encoding", codings
        for name, secret in extra.items():
            yield name, secret.reveal()
        if request.validators is not None and request.validators.url == here.text:
            yield from request.validators.headers()

    async def _exchanged(
        self, here: Target, request: Request, headers: list[tuple[str, str]], time_left: _TimeLeft
    ) -> _Answer:
        async with (
            self._hosts.turn(here.authority, url=here.text, patience=request.patience) as turn,
            time_left.running(here.text),
        ):
            asked = httpx.Request(
                "GET",
                here.url,
                headers=[(name.encode(), value.encode("latin-1")) for name, value in headers],
                extensions={"timeout": {"connect": CONNECT_SECONDS}, TURN: turn},
            )
            answer = await self._client.send(asked, stream=True, auth=None, follow_redirects=False)
            try:
                return await self._read(here, request, answer, _request_head(asked, request))
            finally:
                await answer.aclose()

    async def _read(self, here: Target, request: Request, answer: httpx.Response, asked: bytes) -> _Answer:
        status, headers = answer.status_code, Headers(answer.extensions[RECEIVED_HEADERS])
        remote = _remote(answer)  # before the body: at its end the connection may be closed
        if status > 599:
            raise ProtocolError(here.text, f"status {status} does not exist")
        pause = retry_after(status, headers, self._now())
        if pause is not None:
            self._hosts.pause(here.authority, min(pause, self._longest_pause))
        received = body = b""
        if 200 <= status < 300:
            received = await _received(here, request, answer, headers)
            body = await _decoded(here, received, headers, request)
        elif status == 304:
            _ = [
                part async for part in answer.aiter_raw()
            ]  # nothing; but only what was read to its end leaves the connection usable
        return _Answer(
            status, headers, body, remote, Wire(request=asked, status_line=_status_line(answer), body=received)
        )


class _Answer(NamedTuple):
    """What one host answered."""

    status: int
    headers: Headers
    body: bytes
    remote: str | None
    wire: Wire


class _TimeLeft:
    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._total = self._left = seconds
        self._clock = clock

    @asynccontextmanager
    async def running(self, url: str) -> AsyncIterator[None]:
        """Let the time run out over the body of the block.

        httpx has time limits for each read only: a byte a second would hold it for ever.
        """
        started = self._clock()
        try:
            async with asyncio.timeout(self._left):
                yield
        except TimeoutError as error:
            raise FetchTimeoutError(url, f"not finished within {self._total:g} s") from error
        finally:
            self._left -= self._clock() - started


class _NoCookies(CookieJar):
    def extract_cookies(self, response: object, request: object) -> None:
        """Take none: they would follow us from feed to feed, and the jar would grow with every host."""

    def add_cookie_header(self, request: object) -> None:
        """Send none."""


async def _received(here: Target, request: Request, answer: httpx.Response, headers: Headers) -> bytes:
    """Return the body as it was sent, at most as much of it as the limit allows for."""
    most = request.limit if request.cut else request.limit + _CODING_SLACK
    received = bytearray()
    declared = headers.get("content-length", "")
    if not request.cut and declared.isascii() and declared.isdigit() and len(declared) < 20 and int(declared) > most:
        raise TooLargeError(here.text, f"{declared} bytes; the limit is {request.limit}")
    async for part in answer.aiter_raw():
        received += part
        if len(received) > most:
            break
    if len(received) > most and not request.cut:
        raise TooLargeError(here.text, f"over {most} bytes as sent")
    return bytes(received[:most])


async def _decoded(here: Target, body: bytes, headers: Headers, request: Request) -> bytes:
    codings = [coding for value in headers.all("content-encoding") for coding in value.split(",")]
    limit = request.limit * 16 if request.cut else request.limit
    try:
        if len(body) < _THREAD_FROM:
            return decoded(body, codings, limit=limit)[: request.limit]
        return (await asyncio.to_thread(decoded, body, codings, limit=limit))[: request.limit]
    except BodyTooLargeError as error:
        raise TooLargeError(here.text, str(error)) from error
    except BodyError as error:
        raise EncodingError(here.text, str(error)) from error


def _request_head(asked: httpx.Request, request: Request) -> bytes:
    secret = {name.lower() for name in request.headers}
    fields = [b"%s: %s" % each for each in asked.headers.raw if each[0].decode("latin-1").lower() not in secret]
    return b"\r\n".join([b"GET %s HTTP/1.1" % asked.url.raw_path, *fields, b"", b""])


def _status_line(answer: httpx.Response) -> bytes:
    extensions = answer.extensions
    protocol, reason = extensions.get("http_version", b"HTTP/1.1"), extensions.get("reason_phrase", b"")
    return b"%s %d %s" % (protocol, answer.status_code, reason)


def _remote(answer: httpx.Response) -> str | None:
    stream: Any = answer.extensions.get("network_stream")
    address = stream.get_extra_info("server_addr") if stream is not None else None
    return str(address[0]) if address else None
