"""HTTP content and transfer codings (`ingest.decoding`)."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import brotli
import pytest
import zstandard

from ingest.decoding import BodyError, BodyTooLargeError, dechunked, decoded
from tests.fuzz.target import Drawn, Target

LIMIT = 100_000
CODINGS = (("gzip",), ("deflate",), ("br",), ("zstd",), ("gzip", "br"), ("x-gzip", "deflate"), ("identity", "zstd"))
TEXT = b"The council of Little Wickham counted its stones once more. " * 3
_ENCODERS = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def _any_bytes(data: bytes) -> None:
    drawn = Drawn(data)
    codings = drawn.one_of(CODINGS)
    body = drawn.rest()
    try:
        found = decoded(body, codings, limit=LIMIT)
    except BodyError:
        return
    assert len(found) <= LIMIT


def _compressed(data: bytes) -> None:
    drawn = Drawn(data)
    coding = drawn.one_of(tuple(_ENCODERS))
    cut = drawn.number(1 << 16)
    plain = drawn.rest()
    packed = _ENCODERS[coding](plain)
    assert decoded(packed, [coding], limit=len(plain)) == plain
    if plain:
        with pytest.raises(BodyTooLargeError):
            decoded(packed, [coding], limit=len(plain) - 1)
    if len(packed) == 1:
        return
    with pytest.raises(BodyError):
        decoded(packed[: 1 + cut % (len(packed) - 1)], [coding], limit=len(plain))


def _chunked(data: bytes) -> None:
    drawn = Drawn(data)
    size = 1 + drawn.number(1 << 8)
    body = drawn.rest()
    with suppress(BodyError):
        assert len(dechunked(body)) <= len(body)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    assert dechunked(sent + b"0\r\n\r\n") == body
    with pytest.raises(BodyError):
        dechunked(sent)


TARGETS = (
    Target(
        name="decoding",
        holds="any body under any codings: what comes out is within the limit, or a BodyError",
        run=_any_bytes,
        seeds=tuple(bytes([place]) + _ENCODERS[coding](TEXT) for place, coding in enumerate(_ENCODERS)),
        words=(b"\x1f\x8b\x08", b"\x78\x9c", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"),
    ),
    Target(
        name="compressed",
        holds="what was compressed comes back within its exact size; cut anywhere it is refused",
        run=_compressed,
        seeds=tuple(bytes([place, 9, 0]) + TEXT for place in range(len(_ENCODERS))),
    ),
    Target(
        name="chunked",
        holds="any bytes: a BodyError or not more than went in; what was chunked comes back, cut it is refused",
        run=_chunked,
        seeds=(b"\x03" + TEXT, b"\x103\r\nabc\r\n0\r\n\r\n", b"\x104;x=y\n1234\n0\n\n"),
        words=(b"0\r\n\r\n", b"ffffffffffffffff\r\n", b";", b"\r\n"),
    ),
)
