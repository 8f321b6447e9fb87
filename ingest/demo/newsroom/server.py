"""HTTP/1.1 for the newsroom: GET and HEAD, one answer after another, over asyncio streams on 127.0.0.1."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from ingest.demo.newsroom.desk import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOST = "127.0.0.1"


class Server:
    """A web server on a port of its own.

    Args:
        answer: what a path and headers (names in lower case) are answered.
    """

    def __init__(self, answer: Callable[[str, Mapping[str, str]], Answer]) -> None:
        self._answer = answer
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen; return the port, which the system chose."""
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Close the port and every connection."""
        self._server.close()
        for task in [*self._open]:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # Whoever leaves, sends no whole request or a head of more than 64 KiB, is not answered.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while await self._one(reader, writer):
                    pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; tell whether there can be another on this connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, headers = _read(head)
        known = method in {"GET", "HEAD"}
        answer = self._answer(path, headers) if known else Answer(405, {"Allow": "GET, HEAD"})
        stays = known and headers.get("connection", "").lower() != "close"
        writer.write(_written(answer, body=method != "HEAD", stays=stays))
        await writer.drain()
        return stays


def _read(head: list[str]) -> tuple[str, str, dict[str, str]]:
    """Return method, path and headers; what is no request has the method ""."""
    method, _, rest = head[0].partition(" ")
    pairs = (line.partition(":") for line in head[1:] if line)
    return method, rest.partition(" ")[0], {name.strip().lower(): value.strip() for name, _, value in pairs}


def _written(answer: Answer, *, body: bool, stays: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != HTTPStatus.NOT_MODIFIED:  # its length would be that of the whole (RFC 9110, 8.6)
        lines.append(f"Content-Length: {len(answer.body)}")
    lines.append(f"Connection: {'keep-alive' if stays else 'close'}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (answer.body if body else b"")
