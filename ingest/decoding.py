"""Undo HTTP content and transfer codings with a limit on what comes out (RFC 9110 §8.4, RFC 9112 §7.1).

Our own, because libraries hand over whole chunks however large (632 bytes of brotli become 400 MB), and take a body
that was cut short for a good one.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any, Protocol

import brotli
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_LAYERS = 2
"""Content codings on top of each other. One is usual; more than two is an attack."""
_STEP = 1 << 16
_FED = 4096
"""Bytes given at a time: a body of many tiny members would be copied once for each of them otherwise."""
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t\r]*(?:;|\Z)")  # `int` takes signs and underscores as well


class BodyError(Exception):
    """The body cannot be decoded; the text says why."""


class BodyTooLargeError(BodyError):
    """The decoded body is over the limit."""


def decoded(body: bytes, codings: Sequence[str], *, limit: int) -> bytes:
    """Undo content codings.

    Args:
        body: as received.
        codings: of the Content-Encoding header, in its order (the last was applied last).
        limit: bytes that may come out.

    Raises:
        BodyTooLargeError: more would come out; at most some 64 KiB over the limit are ever held.
        BodyError: an unknown coding, too many of them, damaged data, or data that ends early.
    """
    if not body:
        return body
    applied = [coding.strip().lower() for coding in codings if coding.strip().lower() not in {"", "identity"}]
    if len(applied) > MAX_LAYERS:
        raise BodyError(f"{len(applied)} content codings on top of each other; at most {MAX_LAYERS} are undone")
    for coding in reversed(applied):
        if coding not in _DECODERS:
            raise BodyError(f"content coding {coding[:40]!r} is not known")
        body = _DECODERS[coding](body, limit)
    if len(body) > limit:
        raise BodyTooLargeError(f"{len(body)} bytes; the limit is {limit}")
    return body


def dechunked(body: bytes) -> bytes:
    """Undo the chunked transfer coding (RFC 9112 §7.1).

    Raises:
        BodyError: not chunked after all, or cut short.
    """
    parts: list[bytes] = []
    place = 0
    while True:
        end = body.find(b"\n", place, place + 4096)
        if end < 0:
            raise BodyError("the chunked body ends early")
        digits = _CHUNK_SIZE.match(body, place, end)
        if digits is None:
            raise BodyError(f"not a chunk size: {body[place : min(end, place + 20)]!r}")
        size = int(digits[1], 16)
        if size == 0:
            return b"".join(parts)
        start = end + 1
        if start + size > len(body):
            raise BodyError("the chunked body ends early")
        parts.append(body[start : start + size])
        place = start + size
        place += 2 if body[place : place + 2] == b"\r\n" else 1


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _inflate(make: Callable[[], _Inflater], body: bytes, limit: int, *, chained: bool) -> bytes:
    """Inflate a zlib stream, or one after another: a gzip body may have several members (RFC 1952 §2.2)."""
    parts: list[bytes] = []
    total = place = 0
    while not parts or (chained and body.startswith(b"\x1f\x8b", place)):
        stream = make()
        eof = False
        while not eof:
            given = body[place : place + _FED]
            try:
                part = stream.decompress(given, _STEP)
            except zlib.error as error:
                raise BodyError(f"damaged compressed data: {error}") from error
            eof = stream.eof
            place += len(given) - len(stream.unused_data if eof else stream.unconsumed_tail)
            total += len(part)
            parts.append(part)
            if total > limit:
                raise BodyTooLargeError(f"over {limit} bytes after decompression")
            if not part and not given and not eof:
                raise BodyError("the compressed body ends early")
    return b"".join(parts)  # garbage behind a whole body is ignored, as browsers do


def _gzip(body: bytes, limit: int) -> bytes:
    return _inflate(lambda: zlib.decompressobj(wbits=31), body, limit, chained=True)


def _deflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 §8.4.1.2 means the zlib format, but raw deflate is sent under the same name.
    raw = len(body) < 2 or (body[0] & 0x0F) != 8 or (body[0] * 256 + body[1]) % 31 != 0
    return _inflate(lambda: zlib.decompressobj(wbits=-15 if raw else 15), body, limit, chained=False)


def _brotli(body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    total, data = 0, body
    try:
        while not stream.is_finished():
            part = stream.process(data, output_buffer_limit=_STEP)
            data = b""
            total += len(part)
            parts.append(part)
            if total > limit:
                raise BodyTooLargeError(f"over {limit} bytes after decompression")
            if not part and not stream.is_finished() and stream.can_accept_more_data():
                raise BodyError("the compressed body ends early")
    except brotli.error as error:
        raise BodyError(f"damaged compressed data: {error}") from error
    return b"".join(parts)


def _zstd(body: bytes, limit: int) -> bytes:
    # RFC 8878 asks HTTP receivers for windows of up to 8 MB; larger ones are refused. The library has no output limit
    # and its stream reader takes a cut frame for a whole one, so 64 bytes go in at a time: 16 blocks of 128 KiB at
    # most.
    stream: Any = None
    parts: list[bytes] = []
    total = place = 0
    try:
        while place < len(body):
            if stream is None:  # the first frame, or another one behind it
                stream = zstandard.ZstdDecompressor(max_window_size=1 << 23).decompressobj()
            part = stream.decompress(body[place : place + 64])
            place += 64
            total += len(part)
            parts.append(part)
            if total > limit:
                raise BodyTooLargeError(f"over {limit} bytes after decompression")
            if stream.eof:
                place = min(place, len(body)) - len(stream.unused_data)
                stream = None
    except zstandard.ZstdError as error:
        raise BodyError(f"damaged compressed data: {error}") from error
    if stream is not None:
        raise BodyError("the compressed body ends early")
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
