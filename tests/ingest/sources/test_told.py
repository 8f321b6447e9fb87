"""Archives that the service wrote: only what they tell of is a document, and it is the page that was read before."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.sources.base import Position
from ingest.sources.warc import read_warc
from processors.records import ArchiveRef, Failed, Form, Hint, Mode, Origin, Page, Reason, Skipped, TextSource
from sinks.codec import encode_page_header, encode_skipped, encode_whole_page
from tests.ingest.sources.samples import LIMIT, WARCINFO, html, record, response, told, told_page

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FINGERPRINT = {"newstap": "1", "rules": "aa", "topics": "bb", "profiles": None}
FED = Page(
    form=Form.HTML,
    body=html(1),
    origin=Origin(
        mode=Mode.RUN,
        document_id="entry-1",
        feed="https://news.example/feed",
        fetched=NOON,
        reserved=("noai",),
    ),
    url="https://news.example/1?page=2",
    content_type="text/html; charset=latin-1",
    hint=Hint(title="Bridge 1", summary="A bridge.", authors=("A. Mason",), published=NOON, url="https://t.example/1"),
)
CARRIED = replace(
    FED,
    form=Form.CARRIED,
    body="<p>Brück</p>".encode(),
    origin=replace(FED.origin, fallback=Reason.ROBOTS),
    content_type=None,
    text_source=TextSource.FEED,
)
SKIPPED = Skipped(origin=FED.origin, url="https://news.example/9", reason=Reason.BACKLOG)


def entry(n: int, page: Page) -> bytes:
    row = json.loads(encode_whole_page(page))
    return told("entry", n, page={name: row[name] for name in ("attempt", "origin", "input")}, fingerprint=FINGERPRINT)


def read(*records: bytes, start: Position = Position()) -> list[Any]:  # noqa: B008 - frozen
    data = b"".join(map(gzip.compress, records))
    return list(read_warc(io.BytesIO(data), "a.warc.gz", start, max_bytes=LIMIT))


def replayed(page: Page, found: Page | Skipped, *, as_of: bool = True) -> Page:
    archive = found.origin.archive
    origin = replace(page.origin, mode=Mode.REPLAY, archive=archive)
    return replace(page, origin=origin, as_of=json.dumps(FINGERPRINT) if as_of else None)


def test_the_very_page_comes_back_whatever_the_response_says_of_it() -> None:
    """With what its feed said, when it was fetched, what reserves it; its body with the codings undone."""
    packed = gzip.compress(FED.body)
    group = told_page(1, FED, FINGERPRINT)[: -len(record(1, response(FED.body)))]
    coded = record(1, response(packed, "203 Non-Authoritative Information", Content_Encoding="gzip", Content_Type=""))
    ((page, _),) = read(WARCINFO, group + coded)
    assert page == replayed(FED, page)
    assert isinstance(page.origin.archive, ArchiveRef)


def test_the_locator_is_where_the_response_begins() -> None:
    first, second = told("page", 1, page=json.loads(encode_page_header(FED))), record(1, response(FED.body))
    ((page, _),) = read(WARCINFO, first, second)
    assert page.origin.archive.offset == len(gzip.compress(WARCINFO)) + len(gzip.compress(first))
    assert page.as_of is None, "a fetcher does not know what its page is read with"


def test_an_entry_without_a_page_and_one_that_was_skipped_come_back_too() -> None:
    skipped = told("skipped", 3, skipped=json.loads(encode_skipped(SKIPPED)))
    (carried, _), (left, _) = read(WARCINFO, entry(2, CARRIED), skipped)
    assert carried == replayed(CARRIED, carried)
    assert left == replace(SKIPPED, origin=replace(SKIPPED.origin, mode=Mode.REPLAY, archive=left.origin.archive))


def test_feeds_are_no_documents() -> None:
    feed = told("feed", 1) + record(1, response(b"<rss/>", Content_Type="application/rss+xml"))
    unchanged = record(5, response(b"", "304 Not Modified"), WARC_Type="revisit")
    stray = record(6)
    assert read(WARCINFO, feed, unchanged, stray) == []
    assert len(read(feed, unchanged, stray)) == 3, "where the file is not ours, all of them are told"


def test_every_position_gives_the_rest() -> None:
    pages = [told_page(n, replace(FED, body=html(n)), FINGERPRINT) for n in range(1, 4)]
    whole = read(WARCINFO, *pages, entry(4, CARRIED))
    assert len(whole) == 4
    for index, (_, position) in enumerate(whole):
        assert read(WARCINFO, *pages, entry(4, CARRIED), start=position) == whole[index + 1 :]


def test_damage_costs_one_document_and_not_its_neighbours() -> None:
    pages = [gzip.compress(told_page(n, replace(FED, body=html(n)), FINGERPRINT)) for n in range(1, 4)]
    torn = bytearray(pages[1])
    torn[len(torn) // 2 :] = b"\0" * (len(torn) - len(torn) // 2)
    data = gzip.compress(WARCINFO) + pages[0] + bytes(torn) + pages[2]
    found = [one for one, _ in read_warc(io.BytesIO(data), "a.warc.gz", Position(), max_bytes=LIMIT)]
    assert [type(one) for one in found] == [Page, Failed, Page]
    assert [one.body for one in found if isinstance(one, Page)] == [html(1), html(3)]


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"{", "metadata that cannot be read"),
        (b'{"schema": 1}', "metadata that cannot be read"),
        (b'{"schema": 1, "kind": "entry", "page": {}}', "metadata that cannot be read"),
        (b'{"schema": 1, "kind": "skipped", "skipped": 5}', "metadata that cannot be read"),
        (b'{"schema": 1, "kind": "page", "page": 5}', "metadata that cannot be read"),
        (b'{"schema": 1, "kind": "feed", "fill": "%s"}' % (b"x" * 3 * LIMIT), "metadata of "),
    ],
)
def test_metadata_that_is_none_is_a_dead_letter(block: bytes, why: str) -> None:
    beside = f"<urn:uuid:00000000-0000-4000-8000-{1:012d}>"
    bad = record(7, block, WARC_Type="metadata", Content_Type="application/json", WARC_Concurrent_To=beside)
    found = [one for one, _ in read(WARCINFO, bad, record(1), told_page(2, FED, FINGERPRINT))]
    assert [type(one) for one in found] == [Failed, Page]
    assert why in found[0].error


def test_a_body_that_is_not_what_was_written_is_a_dead_letter() -> None:
    whole = told_page(1, FED, FINGERPRINT)
    changed = whole.replace(b"WARC-Date", b"WARC-Payload-Digest: sha256:" + b"0" * 64 + b"\r\nWARC-Date")
    ((failed, _),) = read(WARCINFO, changed)
    assert isinstance(failed, Failed)
    assert "the digest does not match" in failed.error


def test_a_kind_that_came_later_is_passed_over() -> None:
    assert read(WARCINFO, told("weather", 1)) == []


def test_damage_between_what_is_told_of_a_page_and_its_response_costs_the_page_nothing_on_resuming():
    """Killed behind the dead letter, a replay would not know any more what was told."""
    parts = [WARCINFO, *told_page(1, FED).split(b"WARC/1.0\r\n")[1:]]
    told_of, request, answer = (b"WARC/1.0\r\n" + part for part in parts[1:])
    broken = [WARCINFO, told_of, request.replace(b"Content-Length: ", b"Content-Length: 9"), answer, entry(2, CARRIED)]
    found = read(*broken)

    assert [type(one) for one, _ in found] == [Page, Failed, Page]
    for number, (_, position) in enumerate(found, 1):
        rest = read(*broken, start=position)
        assert [(one, place.ordinal) for one, place in rest] == [(one, place.ordinal) for one, place in found[number:]]
