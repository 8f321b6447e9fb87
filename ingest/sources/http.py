"""An archived HTTP response (or a bare resource) as a page, or the reason why it is none."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from ingest.decoding import BodyError, BodyTooLargeError, dechunked, decoded
from processors.records import Failed, Form, Origin, Page, Reason, Skipped, Step

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
MAX_HEADER = 65_536
_BLANK = b"\xef\xbb\xbf \t\r\n"
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_NEWLINE = re.compile(r"\r?\n")  # not `splitlines`, which divides UTF-8 read as latin-1 at its byte 0x85
_FOLD = re.compile(r"\r?\n[ \t]+")  # RFC 9112 §5.2
_STATUS = re.compile(r"HTTP/\S+\s+(\d{3})\b")
_DIGEST_LENGTHS = {"sha1": 20, "sha256": 32, "md5": 16, "sha512": 64}
_DECODERS: dict[tuple[int, int], tuple[Callable[[str], bytes], ...]] = {
    (length, size): decoders
    for length in _DIGEST_LENGTHS.values()
    for size, decoders in (
        (length * 2, (bytes.fromhex,)),
        (-(-length // 5) * 8, (lambda value: base64.b32decode(value.upper()),)),
        (-(-length // 3) * 4, (base64.b64decode, base64.urlsafe_b64decode)),
    )
}
"""By the length of a digest and of how it is written, what reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A record of an archive, as it lies there."""

    body: bytes = field(repr=False)
    """Only the beginning, where `length` is larger."""
    length: int
    url: str | None
    origin: Origin
    is_http: bool
    """The body is an HTTP response, with status line and headers; else it is the document itself."""
    content_type: str = ""
    """Of the record; of the document where the body is no HTTP response."""
    digests: tuple[str | None, ...] = ()
    """Of the block and of the payload, as the record has them."""
    truncated: str | None = None
    """Why the crawler kept only a part of the document, in its own word."""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response taken apart."""

    status: int
    headers: dict[str, str]
    """Names in lower case; values of repeated headers joined by a comma (RFC 9110 §5.3)."""
    payload: bytes = field(repr=False)


def held_bytes(limit: int) -> int:
    """Return how many bytes of a record are worth holding, where a page may have `limit` of them once decoded.

    Compressing never makes them twice as many, and chunks of under twelve bytes are not seen on the web.
    """
    return 2 * limit + MAX_HEADER


def outcome_of(block: Block, *, limit: int) -> Page | Skipped | Failed:
    """Return the page that a block holds: HTML, status 200, at most `limit` bytes decoded, digests right."""
    if block.is_http:
        response = parsed_response(block.body)
        if response is None:
            return _failed(block, "no HTTP response: no status line, or headers without an end")
    else:
        response = Response(200, {"content-type": block.content_type}, block.body)
    outcome = _page(block, response, limit)
    if isinstance(outcome, Page) and not _digests_hold(block, response):
        return _failed(block, "the digest does not match: the record has changed since it was written", outcome)
    return outcome


def body_of(block: Block, *, limit: int) -> bytes | Skipped | Failed:
    """Return the decoded body of a response, whatever its status and type, or the reason why it cannot be had."""
    response = parsed_response(block.body)
    if response is None:
        return _failed(block, "no HTTP response: no status line, or headers without an end")
    body = _read(block, response, limit)
    if isinstance(body, bytes) and not _digests_hold(block, response):
        return _failed(block, "the digest does not match: the record has changed since it was written")
    return body


def parsed_response(message: bytes) -> Response | None:
    """Take a response apart (RFC 9112 §2), as leniently as archives need: LF line ends, folded headers, latin-1."""
    end = _HEADER_END.search(message, 0, MAX_HEADER)
    head = message[: end.start()] if end else message.rstrip(b"\r\n")
    if len(head) > MAX_HEADER or not message.startswith(b"HTTP/"):
        return None
    first, *lines = _NEWLINE.split(_FOLD.sub(" ", head.decode("latin-1")))
    status = _STATUS.match(first)
    if status is None:
        return None
    return Response(int(status[1]), _headers(lines), message[end.end() :] if end else b"")


def percent_encoded(url: str) -> str:
    """Return a URL without spaces and control characters in it, as browsers write them."""
    return re.sub(r"[\x00-\x20\x7f]", lambda match: f"%{ord(match[0]):02X}", url)


def checked_digest(labelled: str | None) -> tuple[str, bytes] | None:
    """Read `sha1:BASE32`, or the same in hexadecimal or base64; None where it is not one that can be checked."""
    algorithm, colon, value = (labelled or "").strip().partition(":")
    name = algorithm.lower().replace("-", "")
    length = _DIGEST_LENGTHS.get(name)
    if not colon or length is None:
        return None
    for decode in _DECODERS.get((length, len(value)), ()):
        try:
            raw = decode(value)
        except ValueError:
            continue
        if len(raw) == length:
            return name, raw
    return None


def _headers(lines: list[str]) -> dict[str, str]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            values[name.strip().lower()].append(value.strip())
    return {name: ", ".join(several) for name, several in values.items()}


def _page(block: Block, response: Response, limit: int) -> Page | Skipped | Failed:
    if response.status != 200:
        return Skipped(origin=block.origin, url=block.url, reason=Reason.HTTP_STATUS, detail=str(response.status))
    media_type = response.headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()
    if media_type and media_type not in HTML_TYPES:
        return Skipped(origin=block.origin, url=block.url, reason=Reason.NOT_HTML, detail=media_type[:100])
    body = _read(block, response, limit)
    if not isinstance(body, bytes):
        return body
    if not media_type and not _looks_like_html(body):
        return Skipped(origin=block.origin, url=block.url, reason=Reason.NOT_HTML, detail="no Content-Type")
    content_type = response.headers.get("content-type") or None
    return Page(form=Form.HTML, body=body, origin=block.origin, url=block.url, content_type=content_type)


def _read(block: Block, response: Response, limit: int) -> bytes | Skipped | Failed:
    try:
        return _body(block, response, limit)
    except BodyTooLargeError as error:
        return Skipped(origin=block.origin, url=block.url, reason=Reason.TOO_LARGE, detail=str(error))
    except BodyError as error:
        cause = f" (the crawler kept only a part of it: {block.truncated[:40]})" if block.truncated else ""
        return _failed(block, f"{error}{cause}")


def _body(block: Block, response: Response, limit: int) -> bytes:
    if block.length > len(block.body):
        raise BodyTooLargeError(f"a record of {block.length} bytes")
    payload = response.payload
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        try:
            payload = dechunked(payload)
        except BodyError:
            # Several crawlers store the body with the chunks already undone and the header as it was.
            if re.match(rb"[0-9a-fA-F]{1,8}\s*[;\r\n]", payload):
                raise
    codings = response.headers.get("content-encoding", "").split(",")
    try:
        return decoded(payload, codings, limit=limit)
    except BodyTooLargeError:
        raise
    except BodyError:
        # The same for content codings, and for words in that header that are none (`utf-8`): it is plain to see.
        if payload[:1024].lstrip(_BLANK).startswith(b"<"):
            return decoded(payload, (), limit=limit)
        raise


def _looks_like_html(body: bytes) -> bool:
    start = body[:1024].lstrip(_BLANK).lower()
    return start.startswith((b"<!doctype html", b"<head", b"<body")) or b"<html" in start


def _digests_hold(block: Block, response: Response) -> bool:
    """Say whether one of the record's digests matches; true where it has none that we know how to check.

    Tools disagree about what a payload is (with or without its transfer coding), so any reading of it will do.
    """
    digests = [checked_digest(digest) for digest in block.digests]
    wanted = [digest for digest in digests if digest is not None]
    # What most tools mean comes first: hashing takes as long as all else together.
    likely = zip(digests, (block.body, response.payload), strict=False)
    return (
        not wanted
        or any(_is_of(digest, reading) for digest, reading in likely if digest is not None)
        or any(_is_of(digest, reading) for reading in _readings(block, response) for digest in wanted)
    )


def _is_of(digest: tuple[str, bytes], reading: bytes) -> bool:
    name, value = digest
    return hashlib.new(name, reading, usedforsecurity=False).digest() == value


def _readings(block: Block, response: Response) -> Iterator[bytes]:
    yield block.body
    yield response.payload
    with suppress(BodyError):  # not chunked: there is no third reading
        yield dechunked(response.payload)


def _failed(block: Block, error: str, page: Page | None = None) -> Failed:
    """Return a dead letter; without a decoded page, its place in the archive has to do for its input."""
    where = block.origin.archive
    place = f"{where.file}: at byte {where.offset}: " if where else ""
    return Failed(origin=block.origin, url=block.url, step=Step.READ, error=place + error, page=page)
