"""The network side of kafka-python, so that every socket is closed when it is of no more use, and every wait ends.

Measured with 3.0.12, which leaves these to the garbage collector; a service whose broker is away for an hour would hold
thousands of descriptors until that happens to come:

- the socket of a connection that is refused or takes too long: one with each attempt, some ten a second;
- that of a TLS handshake that fails, or that never begins because a certificate cannot be read: one with each attempt;
- that of a connection with bytes still to be written when its client is closed, as after `Session.close`.

And with TLS it waits for ever for a server that takes the connection and stays silent.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from kafka import errors
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket, create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from kafka.structs import BrokerMetadata


class NetworkClient(KafkaNetClient):  # type: ignore[misc]  # the library is not typed
    """What the library's clients take as `kafka_client`."""

    def __init__(self, **configs: object) -> None:
        net = NetworkSelector(**configs)
        super().__init__(net, _Manager(net, **configs))

    def close(self, node_id: str | None = None) -> None:
        """Close one connection, or all; then also those that still had something to write."""
        super().close(node_id)
        if node_id is None:
            self._manager.close_sockets()

    def end(self) -> None:
        """Stop the network thread, then close; the library has no public way to do the former."""
        self._net.stop(timeout_ms=1000)
        self.close()


class _Socket(KafkaNetSocket):  # type: ignore[misc]  # the library is not typed
    """Opens connections, and closes those that did not come about."""

    SCHEMES = ("newstap",)
    """The library finds the class by the scheme of `proxy_url`; there is no proxy."""

    async def sock_connect(
        self, net: NetworkSelector, sock: socket.socket, sockaddr: object, timeout_at: float | None = None
    ) -> socket.socket:
        try:
            await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise
        return sock


class _LastWords:
    """Has a connection read what came before the other side hung up.

    The library drops it: of a broker that refuses a password, and closes at once, 11 of 12 answers were lost.
    """

    def _sock_recv(self) -> tuple[bytes, Exception | None]:
        received, error = super()._sock_recv()  # type: ignore[misc]  # of the transport behind this class
        return received, None if received else error


class _Transport(_LastWords, KafkaTCPTransport):  # type: ignore[misc]  # the library is not typed
    """A connection in clear."""


class _TlsTransport(_LastWords, KafkaSSLTransport):  # type: ignore[misc]  # the library is not typed
    """A TLS connection, whose handshake has an end."""

    deadline: float | None = None
    """Monotonic seconds."""

    async def handshake(self) -> None:
        while True:
            try:
                self._sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at=self.deadline)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at=self.deadline)
            else:
                return


class _Manager(KafkaConnectionManager):  # type: ignore[misc]  # the library is not typed
    """Makes connections, and remembers them until they are closed."""

    def __init__(self, net: NetworkSelector, **configs: object) -> None:
        self._made: WeakSet[KafkaTCPTransport] = WeakSet()
        super().__init__(net, **configs)

    def close_sockets(self) -> None:
        """Close what is open; the event loop has ended."""
        for transport in list(self._made):
            if transport._sock is not None:  # noqa: SLF001 - its `close` waits for an event loop to write the rest
                transport._sock.close()  # noqa: SLF001 - as above

    async def _build_transport(self, node: BrokerMetadata, timeout_at: float | None = None) -> KafkaTCPTransport:
        """Do what the inherited one does, and leave nothing open when it fails."""
        options, proxy = self.config["socket_options"], f"{_Socket.SCHEMES[0]}://direct"
        sock = await create_connection(self._net, node.host, node.port, options, proxy, timeout_at)
        try:
            transport = self._wrapped(sock, node.host, timeout_at)
        except BaseException:
            sock.close()
            raise
        self._made.add(transport)
        try:
            await transport.handshake()
        except (OSError, errors.KafkaError) as error:
            transport.abort(error)
            raise errors.KafkaConnectionError(f"Handshake failed: {error}") from error
        return transport

    def _wrapped(self, sock: socket.socket, host: str, deadline: float | None) -> KafkaTCPTransport:
        if not self.ssl_enabled:
            return _Transport(self._net, sock, host=host)
        settings: dict[str, Any] = {key: value for key, value in self.config.items() if key.startswith("ssl_")}
        transport = _TlsTransport(self._net, sock, host=host, **settings)
        transport.deadline = deadline
        return transport


def tls_context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """Return what the library would make of `ssl_` settings, but before it connects: it takes a bad file for an outage.

    Raises:
        ValueError: a file cannot be read, or does not hold what it should; the text names the setting and the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = settings.get("ssl_check_hostname", True)
    if ciphers := settings.get("ssl_ciphers"):
        context.set_ciphers(ciphers)
    with _naming(settings, "ssl_cafile"):
        if authorities := settings.get("ssl_cafile"):
            context.load_verify_locations(authorities)
        else:
            context.load_default_certs()
    if certificate := settings.get("ssl_certfile"):
        password = settings.get("ssl_password") or ""  # None would have OpenSSL ask for it on the terminal
        with _naming(settings, "ssl_certfile", "ssl_keyfile"):
            context.load_cert_chain(certificate, settings.get("ssl_keyfile"), password)
    if revoked := settings.get("ssl_crlfile"):
        with _naming(settings, "ssl_crlfile"):
            context.load_verify_locations(revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


@contextmanager
def _naming(settings: Mapping[str, Any], *names: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # `ssl.SSLError` is one
        files = ", ".join(f"{name} {settings[name]}" for name in names if settings.get(name))
        hint = ", and is ssl_password right" if "ssl_certfile" in names else ""
        raise ValueError(f"{files}: {error.strerror or error} (is it PEM{hint}?)") from error
