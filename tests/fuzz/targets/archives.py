"""Archives: any bytes, damage to good ones, and our own with their metadata and indexes."""

from __future__ import annotations

import gzip
import io
import tempfile
from contextlib import redirect_stderr, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.archive import index
from ingest.archive.checking import Checked
from ingest.archive.redaction import redact
from ingest.archive.surt import surt
from ingest.archived import ArchiveError
from ingest.archives import get
from ingest.config import Config
from ingest.sources.arc import read_arc
from ingest.sources.base import Position
from ingest.sources.warc import read_warc
from processors.records import Page
from tests.builders import make_page
from tests.fuzz.target import Drawn, Target
from tests.ingest.sources.samples import (
    FILEDESC,
    PACKINGS,
    WARCINFO,
    document,
    each,
    each_lz4,
    html,
    record,
    told,
    told_page,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.sources.lines import Read

LIMIT = 10_000
MARK = b"\x00\x00"
"""Between the records of an archive of ours that is not compressed yet."""
RECORDS = tuple(record(n, None) for n in range(4))
OURS = (
    WARCINFO,
    told_page(1, make_page(body=html(1))),
    told("skipped", 2, skipped={"schema": 1}),
    told("entry", 3, page={}, became={"record": "x"}),
)
WORDS = (
    *(
        b"WARC/1.0\r\n",
        b"WARC-Type: response\r\n",
        b"Content-Length: ",
        b"Content-Length: 999999999999\r\n",
        b"\r\n\r\n",
    ),
    *(b"HTTP/1.1 200 OK\r\n", b"Content-Encoding: gzip\r\n", b"Transfer-Encoding: chunked\r\n", b"\x1f\x8b\x08"),
    *(
        b"WARC-Segment-Number: 2\r\n",
        b"WARC-Truncated: length\r\n",
        b"software: newstap",
        b'"kind":"page"',
        b'"page":{',
    ),
)
HIT = (b"\x00", b"\xff", b"WARC/1.0\r\nWARC-Type: response\r\n", b"\x1f\x8b\x08", b"\r\n\r\n", b"Content-Length: 7\r\n")


def _any_warc(data: bytes) -> None:
    _resumes(read_warc, data)


def _any_arc(data: bytes) -> None:
    _resumes(read_arc, data)


def _resumes(reader: Callable[..., Iterator[Read]], data: bytes) -> None:
    """Hold that a reader never fails, moves on, and goes on from any of its positions."""
    read = list(reader(io.BytesIO(data), "x", Position(), max_bytes=LIMIT))
    places = [position for _, position in read]
    assert [place.ordinal for place in places] == list(range(1, len(read) + 1))
    assert len(read) <= len(data)
    for number in {1, len(read)} if read else ():
        rest = list(reader(io.BytesIO(data), "x", places[number - 1], max_bytes=LIMIT))
        assert [(one, place.ordinal) for one, place in rest] == [(one, place.ordinal) for one, place in read[number:]]


def _damaged(data: bytes) -> None:
    """Cut an archive, or overwrite a part of it: what lies wholly before that is read as ever."""
    drawn = Drawn(data)
    pack = drawn.one_of((b"".join, each, each_lz4))
    parts = [record(n, None) for n in range(1 + drawn.number(6))]
    packed = [pack([part]) for part in parts]
    whole = b"".join(packed)
    at, hit = drawn.number(1 << 16) % (len(whole) + 1), drawn.one_of((b"", *HIT, drawn.rest()))
    broken = whole[:at] + hit + whole[at + len(hit) :] if hit else whole[:at]
    ends = [sum(map(len, packed[: n + 1])) for n in range(len(packed))]
    pages = [one for one, _ in read_warc(io.BytesIO(broken), "x", Position(), max_bytes=LIMIT) if isinstance(one, Page)]
    # A record that is not compressed is proved by what stands behind it, which may be what was hit.
    safe = sum(end <= at - (4 if pack is b"".join else 0) for end in ends) - (
        pack is b"".join and at < len(whole) and bool(hit)
    )
    assert [page.url for page in pages][: max(safe, 0)] == [f"https://news.example/{n}" for n in range(max(safe, 0))]
    assert all(page.body == html(n) for n, page in enumerate(pages[: max(safe, 0)]))


def _own(data: bytes) -> None:
    """Look through an archive of ours that somebody else had in hand."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "warc", "newstap-00000001-20261126T000000Z.warc.gz")
        file.parent.mkdir()
        file.write_bytes(data if data.startswith(b"\x1f\x8b") else _members(data))
        lines = index.lines(file)
        assert lines == sorted(lines)
        index.write(file)
        for problem in Checked(Path(folder), _config(), None).problems():
            assert problem.what
        for wanted in ("https://news.example/1", "x"):
            with suppress(ArchiveError), redirect_stderr(io.StringIO()):
                get(_config(), wanted, path=Path(folder), raw=False, out=io.BytesIO())
        list(_replayed(file))
        with suppress(ArchiveError):
            redact(Path(folder), {"x"})


def _replayed(file: Path) -> Iterator[Read]:
    with file.open("rb") as stream:
        yield from read_warc(stream, file.name, Position(), max_bytes=LIMIT)


def _members(data: bytes) -> bytes:
    """Return the parts between marks as gzip members, as our archives have them."""
    return b"".join(gzip.compress(part, 1, mtime=0) for part in data.split(MARK) if part)


@cache
def _config() -> Config:
    return Config()


def _keys(data: bytes) -> None:
    url = data.decode("utf-8", "surrogateescape")
    assert surt(url) == surt(url).lower()
    assert "\n" not in surt(url) or "\n" in url


TARGETS = (
    Target(
        name="warc",
        holds="any bytes: pages, skips and dead letters; reading goes on from any position with what is left",
        run=_any_warc,
        seeds=(*(PACKINGS[name](RECORDS[:2]) for name in PACKINGS), b"".join(OURS)),
        words=WORDS,
    ),
    Target(
        name="arc",
        holds="any bytes: pages, skips and dead letters; reading goes on from any position with what is left",
        run=_any_arc,
        seeds=(FILEDESC + document(1) + document(2), each([FILEDESC, document(1)])),
        words=(*WORDS, b"http://news.example/9 192.0.2.1 19370527060000 text/html 12\n"),
    ),
    Target(
        name="damaged",
        holds="an archive cut or overwritten at any byte: every record that lies before it is read",
        run=_damaged,
        seeds=tuple(bytes([pack, 4, 200, place, hit]) for pack in range(3) for place in (0, 3) for hit in range(4)),
        words=HIT,
    ),
    Target(
        name="own-archive",
        holds="an archive of ours in any state: index, verify, get and replay tell what is wrong, none fails",
        run=_own,
        seeds=(each(OURS), MARK.join(OURS)),
        words=(*WORDS, MARK, b'"became":', b'"fingerprint":', b"[" * 2000),
    ),
    Target(
        name="surt",
        holds="any text: a key in small letters",
        run=_keys,
        seeds=(b"https://www.Gazette.example:443/a//b/?z=1&a=2#x", b"http://[::1]:80/", b"urn:x:Y"),
        words=(b"http://", b"www1.", b"[", b"]", b":99999", b"//", b"?", b"&"),
    ),
)
