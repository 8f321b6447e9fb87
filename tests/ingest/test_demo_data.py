"""The bundled archive is what `expected.json` says, is well-formed, and names no real host."""

from __future__ import annotations

import io
import json
import re
import zlib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from ingest.demo import Expectation, archive, expected
from ingest.demo.build import Exchange, build, exchanges
from processors.records import Reason

CRAWL = "crawl/demo-00000.warc.gz"
EXPECTED = expected()
RECORDS = [each for each in EXPECTED if each.outcome == "record"]
SKIPPED = [each for each in EXPECTED if each.outcome == "skipped"]
NAMES = {
    "north-korea": re.compile("North Korea|북한"),
    "russia": re.compile("Russia|Soviet|russisch|Russland|Soviética|Росси|совет|Russie|소련|苏联"),
    "china": re.compile("China|Chine|chino|中国|중국|Кита"),
}
VOCABULARIES = {"schema.org"}  # an identifier inside JSON-LD and microdata, which nobody fetches


def label(each: Expectation) -> str:
    return "-".join(str(part) for part in (Path(each.file).stem, each.line, each.url) if part)


def read(file: str) -> bytes:
    with archive() as folder:
        return (folder / file).read_bytes()


def crawled() -> list[tuple[str, str, bytes]]:
    """The WARC's records as (type, URL, body with transfer and content coding undone)."""
    records = ArchiveIterator(io.BytesIO(read(CRAWL)), check_digests="raise")
    return [
        (each.rec_type, each.rec_headers.get_header("WARC-Target-URI") or "", each.content_stream().read())
        for each in records
    ]


def sources() -> dict[str, Exchange]:
    return {each.url: each for each in exchanges() if each.source}


def page(each: Expectation) -> str:
    """The document as characters, markup and all."""
    if each.file == CRAWL:
        body = next(body for kind, url, body in crawled() if (kind, url) == ("response", each.url))
        return body.decode(sources()[each.url or ""].encoding)
    text = read(each.file).decode("utf-8")
    if each.line:
        row = json.loads(text.splitlines()[each.line - 1])
        return str(row["html"]) if "html" in row else "\n".join(map(str, row.values()))
    return text


class Visible(HTMLParser):
    """Collects what a reader sees; attributes, scripts and styles are not."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def visible(each: Expectation) -> str:
    text = page(each)
    if "</" in text:
        parser = Visible()
        parser.feed(text)
        text = "".join(parser.parts)
    return " ".join(text.split())


def test_every_document_is_expected_once() -> None:
    with archive() as folder:
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    documents = Counter(
        {file: 1 for file in files if Path(file).suffix in {".html", ".txt"}}
        | {file: read(file).count(b"\n") for file in files if file.endswith(".jsonl")}
        | {CRAWL: sum(kind in {"response", "revisit"} for kind, _, _ in crawled())}
    )
    assert Counter(each.file for each in EXPECTED) == documents
    assert set(files) == set(documents)


def test_expectations_are_in_the_order_of_a_replay() -> None:
    assert [(each.file, each.line or 0) for each in EXPECTED] == sorted(
        (each.file, each.line or 0) for each in EXPECTED
    )
    assert [each.url for each in EXPECTED if each.file == CRAWL] == [each.url for each in exchanges()]


@pytest.mark.parametrize("each", RECORDS, ids=label)
def test_expected_phrases_are_in_the_document(each: Expectation) -> None:
    """What must be in the text, removed or left out is really on the page, so that no expectation holds for nothing."""
    seen = visible(each)
    phrases = [each.title, *each.present, *each.removed, *each.absent]
    assert [phrase for phrase in phrases if phrase and phrase not in seen] == []
    assert each.title, "a record has a title"
    assert len(each.present) == 2
    assert [kept for kept in each.present for gone in (*each.removed, *each.absent) if gone in kept] == []


@pytest.mark.parametrize("each", RECORDS, ids=label)
def test_metadata_stands_on_the_page(each: Expectation) -> None:
    html = page(each)
    wanted = [*(each.authors or ()), each.summary]
    if not each.file.startswith("copied/"):  # there, dates are written for people
        wanted.append(each.published)
    assert [value for value in wanted if value and value not in html] == []


@pytest.mark.parametrize("each", RECORDS, ids=label)
def test_topics_and_mentions_are_named_and_differ(each: Expectation) -> None:
    """A subject is named at least twice, a mention once or twice; a topic in neither list is not named at all."""
    text = visible(each)
    for topic, name in NAMES.items():
        count = len(name.findall(text))
        if topic in each.topics:
            assert count >= 2, topic
        elif topic in each.mentions:
            assert 1 <= count <= 2, topic
        else:
            assert count == 0, topic
    assert not set(each.topics) & set(each.mentions)


def test_every_kind_of_document_is_there() -> None:
    assert {each.language for each in RECORDS} == {"de", "en", "es", "fr", "ja", "ko", "ru", "zh"}
    assert Counter(topic for each in RECORDS for topic in each.topics).keys() == NAMES.keys()
    assert Counter(topic for each in RECORDS for topic in each.mentions).keys() == NAMES.keys()
    assert all(each.removed for each in RECORDS)


def test_skips_have_documented_reasons() -> None:
    assert sorted(each.reason or "" for each in SKIPPED) == sorted(
        [Reason.DUPLICATE, Reason.HTTP_STATUS, Reason.NO_TEXT, Reason.NOT_HTML, Reason.REVISIT]
    )


def test_hosts_are_reserved_names() -> None:
    """RFC 2606: nothing in the archive points at somebody's real site, or could be fetched."""
    texts = [page(each) for each in EXPECTED if each.reason not in {Reason.NOT_HTML, Reason.REVISIT}]
    text = "\n".join([*texts, *(url for _, url, _ in crawled())])
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s\"'<>]+", text)}
    hosts |= set(re.findall(r"[\w.]+@([\w.-]+\w)", text))
    assert len(hosts) >= 8
    assert {host for host in hosts if not host.endswith((".example", ".test"))} == VOCABULARIES


def test_the_duplicate_is_exact() -> None:
    lines = read("wire/newsroom-export.jsonl").splitlines()
    (duplicate,) = [each for each in SKIPPED if each.reason == Reason.DUPLICATE]
    assert duplicate.line is not None
    assert lines[duplicate.line - 1] in lines[: duplicate.line - 1]


def test_one_page_lies_about_its_charset() -> None:
    body = read("pages/minato-shinpo-seijoka.html")
    assert b"charset=iso-8859-1" in body
    assert "国交正常化" in body.decode("utf-8")


def test_warc_records_are_members_with_right_digests() -> None:
    """Each record is one gzip member; warcio raises at the first wrong digest."""
    rest, members = read(CRAWL), 0
    while rest:
        member = zlib.decompressobj(wbits=31)
        assert member.decompress(rest).startswith(b"WARC/1.1\r\n")
        assert member.eof
        rest, members = member.unused_data, members + 1
    records = list(ArchiveIterator(io.BytesIO(read(CRAWL)), check_digests="raise"))
    assert members == len(crawled()) == len(records)
    assert all(each.rec_headers.get_header("WARC-Block-Digest") for each in records)
    assert Counter(kind for kind, _, _ in crawled()) == {"warcinfo": 1, "request": 9, "response": 8, "revisit": 1}


def test_warc_bodies_are_their_sources() -> None:
    """Through chunks, gzip and legacy charsets, the bodies come back as `sources/` has them."""
    bodies = {url: body for kind, url, body in crawled() if kind == "response"}
    assert bodies == {url: each.entity() for url, each in sources().items()}
    assert sum(each.chunked_gzip for each in exchanges()) == 1
    assert sum(body.startswith(b"%PDF-1.4") and body.endswith(b"%%EOF\n") for body in bodies.values()) == 1


def test_warc_build_is_reproducible() -> None:
    """Two builds are equal byte for byte, and hold the records of the file that is shipped."""
    first, second = io.BytesIO(), io.BytesIO()
    build(first)
    build(second)
    assert first.getvalue() == second.getvalue()
    built = ArchiveIterator(io.BytesIO(first.getvalue()))
    assert [
        (each.rec_type, each.rec_headers.get_header("WARC-Target-URI") or "", each.content_stream().read())
        for each in built
    ] == crawled()
    assert len(read(CRAWL)) < 60_000
