"""Connections: to vetted addresses only, under httpx; and httpcore's exceptions as ours."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from ingest.fetch.addresses import refused, refused_port
from ingest.fetch.errors import (
    BlockedAddressError,
    CutShortError,
    DnsError,
    FetchTimeoutError,
    NetworkError,
    ProtocolError,
    RefusedError,
    ResetError,
    TlsError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence

    from ingest.fetch.addresses import Network
    from ingest.fetch.hosts import Turn
    from ingest.fetch.names import Resolver

KEPT_CONNECTIONS = 20
"""Idle connections to keep. httpcore looks at each of them at every request: with 200 kept, a request costs ten times
the CPU time."""
RECEIVED_HEADERS = "received_headers"
"""The extension of a response that holds its headers, as a list of pairs of bytes."""
TURN = "turn"
"""The extension of a request that holds its turn at the host (`ingest.fetch.hosts.Turn`)."""
_KEPT_SECONDS = 5.0
_TRIED_ADDRESSES = 4


class _AddressRefusedError(Exception):
    """An address of the name must not be reached."""


class VettingBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name once, judges every answer, and connects to one of those very addresses.

    The name itself goes on in the Host header and in TLS (SNI, certificate): httpcore takes those from the URL.
    """

    def __init__(self, resolver: Resolver, allowed: Iterable[Network]) -> None:
        self._resolver = resolver
        self._allowed = tuple(allowed)
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Addresses are tried in the resolver's order, each with its share of the time."""
        addresses = self._vetted(await self._resolver.addresses(host), port)[:_TRIED_ADDRESSES]
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                stream = await self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the last one's error is the one that is told
            return _Connection(stream)
        stream = await self._backend.connect_tcp(addresses[-1], port, share, local_address, socket_options)
        return _Connection(stream)

    def _vetted(self, addresses: Sequence[str], port: int) -> Sequence[str]:
        """Return the addresses if each of them may be reached: a name with one bad answer is bad."""
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        for address in addresses:
            ip = ipaddress.ip_address(address)
            reason = refused(ip, self._allowed) or refused_port(port, ip, self._allowed)
            if reason is not None:
                raise _AddressRefusedError(reason)
        return addresses


class _Connection(httpcore.AsyncNetworkStream):
    """A stream that is closed where its TLS handshake is cancelled: httpcore 1.0.9 leaves the socket open then."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class Transport(httpx.AsyncBaseTransport):
    """httpcore's pool under httpx, as httpx's own transport does it, but over our network backend.

    The pool has no upper bound: whoever calls decides how many requests are under way. A bound here would let hosts
    that hang keep others waiting.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=None,
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, with the body still to be read.

        Raises:
            FetchError: of the kinds that the network knows.
        """
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        extensions = {**request.extensions, "trace": _told(request.extensions[TURN])}
        asked = httpcore.Request("GET", url, headers=request.headers.raw, extensions=extensions)
        with _translated(str(request.url), ResetError):
            answer = await self._pool.handle_async_request(asked)
        # Not given to httpx: it would parse each Location, and raise what is no FetchError, though it follows none.
        received = {**answer.extensions, RECEIVED_HEADERS: answer.headers}
        return httpx.Response(answer.status, stream=_Stream(answer, str(request.url)), extensions=received)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def _told(turn: Turn) -> Callable[[str, object], Coroutine[None, None, None]]:
    """Return what httpcore calls at each step of a request."""

    async def trace(step: str, _: object) -> None:
        if step.endswith("send_request_headers.started"):
            turn.sending()
        elif step.endswith("send_request_headers.complete"):
            turn.sent()

    return trace


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, url: str) -> None:
        self._answer = answer
        self._url = url

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated(self._url, CutShortError):
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _translated(url: str, ended: type[NetworkError]) -> Iterator[None]:
    """Raise our errors for httpcore's and the system's; `ended` for a connection that does not last."""
    try:
        yield
    except _AddressRefusedError as error:
        raise BlockedAddressError(url, str(error)) from error
    except httpcore.TimeoutException as error:
        raise FetchTimeoutError(url, "no connection in time") from error
    except httpcore.RemoteProtocolError as error:
        # h11 and httpcore say by their text alone whether the peer broke the rules or just left.
        text = str(error)
        left = text.startswith(("Server disconnected", "peer closed connection", "peer unexpectedly closed"))
        raise (ended if left else ProtocolError)(url, text) from error
    except httpcore.ProtocolError as error:  # our request; its text would show headers, secrets among them
        raise ProtocolError(url, "the request cannot be written as HTTP") from error
    except (httpcore.NetworkError, OSError) as error:
        raise _network_error(url, error, ended) from error


def _network_error(url: str, error: Exception, ended: type[NetworkError]) -> Exception:
    """Tell failures apart by what lies beneath: httpcore and anyio wrap it, and keep it as the cause."""
    chain = list(_causes(error))
    detail = str(chain[-1]) or type(chain[-1]).__name__
    if any(isinstance(each, socket.gaierror) for each in chain):
        return DnsError(url, detail)
    if any(isinstance(each, ssl.SSLError | ssl.CertificateError) for each in chain):
        return TlsError(url, detail)
    if any(isinstance(each, TimeoutError) for each in chain):
        return FetchTimeoutError(url, "no connection in time")
    if any(isinstance(each, ConnectionResetError | BrokenPipeError) for each in chain):
        return ended(url, detail)
    connecting = isinstance(error, httpcore.ConnectError) and any(isinstance(each, OSError) for each in chain)
    return (RefusedError if connecting else ended)(url, detail)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
