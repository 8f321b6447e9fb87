"""Archives written for the tests, byte by byte, so that what is wrong with one is wrong on purpose."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING

import lz4.frame  # type: ignore[import-untyped] # it has no types

from ingest.sources.arc import read_arc
from ingest.sources.base import Position
from ingest.sources.warc import read_warc
from processors.records import Failed, Page, Skipped
from sinks.codec import encode_page_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ingest.sources.lines import Read

LIMIT = 100_000
HTML = "text/html; charset=utf-8"


def html(n: int, words: int = 40) -> bytes:
    return f"<!doctype html><html><body><h1>Bridge {n}</h1><p>{f'plank{n} ' * words}</p></body></html>".encode()


def response(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An HTTP response; header names with underscores for hyphens."""
    fields = {"Content_Type": HTML} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def record(n: int, block: bytes | None = None, *, length: object = None, **headers: str | None) -> bytes:
    """A WARC record; a header given as None is left out."""
    block = response(html(n)) if block is None else block
    fields: dict[str, object] = {
        "WARC_Type": "response",
        "WARC_Record_ID": f"<urn:uuid:00000000-0000-4000-8000-{n:012d}>",
        "WARC_Date": "1937-05-27T06:00:00Z",
        "WARC_Target_URI": f"https://news.example/{n}",
        "Content_Type": "application/http; msgtype=response",
        **headers,
        "Content_Length": len(block) if length is None else length,
    }
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"WARC/1.0\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


WARCINFO = record(0, b"software: newstap/1 (test)\r\nformat: WARC File Format 1.1\r\n", WARC_Type="warcinfo")
"""How an archive of ours begins (`docs/archive-format.md`)."""


def told(kind: str, n: int, **fields: object) -> bytes:
    """A metadata record of an archive of ours; it names the response of `record(n)`."""
    block = json.dumps({"schema": 1, "kind": kind, **fields}).encode()
    beside = f"<urn:uuid:00000000-0000-4000-8000-{n:012d}>"
    return record(n + 10_000, block, WARC_Type="metadata", Content_Type="application/json", WARC_Concurrent_To=beside)


def told_page(n: int, page: Page, fingerprint: object = None, **headers: str) -> bytes:
    """The three records of a page in an archive of ours."""
    header = json.loads(encode_page_header(page))
    request = record(n + 20_000, b"GET / HTTP/1.1\r\n\r\n", WARC_Type="request")
    return told("page", n, page=header, fingerprint=fingerprint) + request + record(n, response(page.body, **headers))


def document(n: int, block: bytes | None = None, length: object = None) -> bytes:
    """An ARC document."""
    block = response(html(n)) if block is None else block
    size = len(block) if length is None else length
    return f"http://news.example/{n} 192.0.2.1 19370527060000 text/html {size}\n".encode() + block + b"\n"


DESCRIPTION = b"1 0 Example\nURL IP-address Archive-date Content-type Archive-length\n"
FILEDESC = b"filedesc://x.arc 0.0.0.0 19370527060000 text/plain %d\n" % len(DESCRIPTION) + DESCRIPTION + b"\n"


def whole(parts: Iterable[bytes]) -> bytes:
    """Compressed as one gzip member, which is against the rules and common."""
    return gzip.compress(b"".join(parts), mtime=0)


def each(parts: Iterable[bytes]) -> bytes:
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


def each_lz4(parts: Iterable[bytes]) -> bytes:
    return b"".join(lz4.frame.compress(part) for part in parts)


def blocked(parts: Iterable[bytes]) -> bytes:
    """Compressed as members that begin anywhere, as bgzip(1) makes them."""
    plain = b"".join(parts)
    return each(plain[at : at + 500] for at in range(0, len(plain), 500))


PACKINGS: dict[str, Callable[[Iterable[bytes]], bytes]] = {
    "plain": b"".join,
    "each": each,
    "whole": whole,
    "blocked": blocked,
    "lz4": each_lz4,
}


def warc(data: bytes, start: Position = Position(), limit: int = LIMIT) -> list[Read]:  # noqa: B008 - frozen
    return list(read_warc(io.BytesIO(data), "x.warc", start, max_bytes=limit))


def arc(data: bytes, start: Position = Position(), limit: int = LIMIT) -> list[Read]:  # noqa: B008 - frozen
    return list(read_arc(io.BytesIO(data), "x.arc", start, max_bytes=limit))


def short(read: Iterable[Page | Skipped | Failed]) -> list[str]:
    """What was read, in a word each: a page's last path part, a skip's reason, `!` for a dead letter."""
    return [_word(outcome) for outcome in read]


def _word(outcome: Page | Skipped | Failed) -> str:
    if isinstance(outcome, Failed):
        return "!"
    return str(outcome.reason) if isinstance(outcome, Skipped) else (outcome.url or "?").rsplit("/", 1)[-1]
