"""Writes the demo's WARC file from `sources/`: for us, when a source changes; never part of a run.

`python -m ingest.demo.build` gives the same bytes every time: record ids are UUIDv5, times come from
`sources/crawl.toml` and gzip headers carry no clock. (Another zlib may compress to other bytes; what the records
hold stays the same.)
"""

from __future__ import annotations

import tomllib
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

if TYPE_CHECKING:
    from datetime import datetime

    from warcio.recordloader import ArcWarcRecord

HERE = Path(__file__).parent
TARGET = HERE / "archive" / "crawl" / "demo-00000.warc.gz"
CHUNK_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer: a `[[exchange]]` table of `sources/crawl.toml`."""

    url: str
    fetched: datetime
    content_type: str
    source: str | None = None
    """None: a revisit of the same URL, identical payload."""
    encoding: str = "utf-8"
    status: str = "200 OK"
    chunked_gzip: bool = False

    @property
    def date(self) -> str:
        """The time as WARC 1.1 writes it."""
        return self.fetched.strftime("%Y-%m-%dT%H:%M:%SZ")

    def entity(self) -> bytes:
        """The body before any transfer or content coding."""
        if self.source is None:
            return b""
        text = (HERE / "sources" / self.source).read_text(encoding="utf-8")
        return one_page_pdf(text) if self.source.endswith(".txt") else text.encode(self.encoding)


def exchanges() -> list[Exchange]:
    """Read `sources/crawl.toml`."""
    tables = tomllib.loads((HERE / "sources" / "crawl.toml").read_text(encoding="utf-8"))["exchange"]
    return [Exchange(**table) for table in tables]


def chunked(body: bytes) -> bytes:
    """Frame a body as HTTP/1.1 chunks (RFC 9112, section 7.1)."""
    parts = [body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])


def one_page_pdf(text: str) -> bytes:
    """Set plain ASCII lines on one page, as a PDF 1.4 file with a right cross-reference table."""
    lines = "".join(f"({line}) Tj T*\n" for line in text.replace("(", "\\(").replace(")", "\\)").splitlines())
    content = f"BT /F 11 Tf 14 TL 72 720 Td\n{lines}ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    body, table = "%PDF-1.4\n", "0000000000 65535 f \n"
    for number, each in enumerate(objects, start=1):
        table += f"{len(body):010} 00000 n \n"
        body += f"{number} 0 obj\n{each}\nendobj\n"
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n{table}{trailer}".encode("ascii")


def record_id(kind: str, exchange: Exchange) -> str:
    """A `WARC-Record-ID` that is the same in every build."""
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, f'{kind} {exchange.date} {exchange.url}')}>"


def response_headers(exchange: Exchange, length: int) -> StatusAndHeaders:
    """The HTTP status line and headers of the answer."""
    headers = [("Server", "demo"), ("Content-Type", exchange.content_type)]
    if exchange.chunked_gzip:
        headers += [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    else:
        headers += [("Content-Length", str(length))]
    return StatusAndHeaders(exchange.status, headers, protocol="HTTP/1.1")


class Writer:
    """Writes exchanges one after the other, and remembers them for revisits."""

    def __init__(self, out: BinaryIO) -> None:
        self._warc = WARCWriter(out, gzip=True, warc_version="1.1")
        self._seen: dict[str, ArcWarcRecord] = {}

    def write_info(self, first: Exchange) -> None:
        """Write the `warcinfo` record, dated like the first exchange."""
        info = "software: python -m ingest.demo.build\r\nformat: WARC File Format 1.1\r\n"
        info += "description: invented outlets, for the demo of newstap\r\n"
        headers = {**self._identity("warcinfo", first), "WARC-Filename": TARGET.name}
        payload = info.encode("ascii")
        self._warc.write_record(
            self._warc.create_warc_record(
                "", "warcinfo", payload=BytesIO(payload), length=len(payload), warc_headers_dict=headers
            )
        )

    def write(self, exchange: Exchange) -> None:
        """Write the answer (response or revisit), then its request."""
        answer = self._response(exchange) if exchange.source else self._revisit(exchange)
        path, host = urlsplit(exchange.url).path, urlsplit(exchange.url).hostname or ""
        asked = StatusAndHeaders(
            f"GET {path} HTTP/1.1", [("Host", host), ("Accept-Encoding", "gzip")], is_http_request=True
        )
        request = self._warc.create_warc_record(
            exchange.url, "request", http_headers=asked, warc_headers_dict=self._identity("request", exchange)
        )
        self._warc.write_request_response_pair(request, answer)

    def _response(self, exchange: Exchange) -> ArcWarcRecord:
        body = exchange.entity()
        if exchange.chunked_gzip:
            body = chunked(zlib.compress(body, 9, wbits=31))  # 31: gzip framing with a fixed header
        record = self._warc.create_warc_record(
            exchange.url,
            "response",
            payload=BytesIO(body),
            length=len(body),
            http_headers=response_headers(exchange, len(body)),
            warc_headers_dict=self._identity("response", exchange),
        )
        self._seen[exchange.url] = record
        return record

    def _revisit(self, exchange: Exchange) -> ArcWarcRecord:
        original = self._seen[exchange.url]
        headers = original.rec_headers
        return self._warc.create_revisit_record(
            exchange.url,
            headers.get_header("WARC-Payload-Digest"),
            exchange.url,
            headers.get_header("WARC-Date"),
            http_headers=response_headers(exchange, original.payload_length),
            warc_headers_dict={
                **self._identity("revisit", exchange),
                "WARC-Refers-To": headers.get_header("WARC-Record-ID"),
            },
        )

    @staticmethod
    def _identity(kind: str, exchange: Exchange) -> dict[str, str]:
        return {"WARC-Record-ID": record_id(kind, exchange), "WARC-Date": exchange.date}


def build(out: BinaryIO) -> None:
    """Write the whole file, one gzip member per record."""
    listed = exchanges()
    writer = Writer(out)
    writer.write_info(listed[0])
    for exchange in listed:
        writer.write(exchange)


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with TARGET.open("wb") as target:
        build(target)
