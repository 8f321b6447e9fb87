"""What comes as a feed's body, and is none, or is not what it says (behaviours 47 to 55)."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import zlib
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.live.feedcodec import Parsed, Refused
from ingest.live.parsers import Parsers
from ingest.schedule import ErrorClass
from tests.ingest.newsroom import begun
from tests.live.running import Running, item, rss
from tests.live.states import errors, known
from tests.site import Site, answer, gzipped, looped

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.site import Act

MEGABYTE = 1_000_000
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def bomb(megabytes: int) -> bytes:
    """Return so many megabytes of nothing as a gzip file of a thousandth of that size, without its end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (megabytes - 1)


def costly() -> str:
    """Return a feed that is nothing but rich, and takes feedparser more than a second to read."""
    return rss(*(item(n, description="&amp; so on " * 80) for n in range(4_900)))


def large() -> str:
    """Return a feed of 10 MB, of which feedparser makes several copies."""
    return rss(*(item(n, description="so on and on " * 800) for n in range(1_000)))


@looped
async def test_content_codings_make_no_difference(tmp_path: Path):
    """47: gzip, deflate with and without zlib's header, and no coding at all."""
    body = rss(item(1), item(2)).encode()
    bare = zlib.compressobj(wbits=-15)
    async with Site() as site:
        urls = [
            site.on("/identity", answer(body)),
            site.on("/gzip", gzipped(body)),
            site.on("/deflate", answer(zlib.compress(body), Content_Encoding="deflate")),
            site.on("/bare", answer(bare.compress(body) + bare.flush(), Content_Encoding="deflate")),
        ]
        async with Running(tmp_path, *urls) as service:
            await service.until(lambda: len(service.records) == 8)

    assert Counter(service.titles) == {"Bridge report 1": 4, "Bridge report 2": 4}
    assert {asked.header("accept-encoding") for asked in site.asked} == {"gzip, deflate"}


@looped
async def test_a_compression_bomb_is_refused_without_being_unpacked(tmp_path: Path):
    """47: 600 KB that stand for 600 MB cost the service less than 64 MiB."""
    body = bomb(600)
    assert len(body) < MEGABYTE
    async with Site() as site:
        feeds = [site.on("/feed", answer(rss(item(1)))), site.on("/bomb", answer(status=404))]
        config = Running(tmp_path, *feeds).file
        with begun("run", "--config", config, cwd=tmp_path) as process:
            try:
                await until(lambda: errors(tmp_path), process)
                before = memory(process.pid, "VmRSS")
                site.on("/bomb", answer(body, Content_Encoding="gzip"))
                await until(lambda: ErrorClass.TOO_LARGE in errors(tmp_path).values(), process)
                after = memory(process.pid, "VmHWM")
            finally:
                process.terminate()
                await asyncio.to_thread(process.communicate, timeout=40)

    assert after - before < 64 * 1024 * 1024
    assert process.returncode == 0


@looped
async def test_a_truncated_document_leaves_no_validators(tmp_path: Path):
    """47: what ends early is an error, and its ETag is never sent; the whole document then comes."""
    short = gzip.compress(rss(*(item(n) for n in range(50))).encode())[:-100]
    async with Site() as site:
        broken = answer(short, Content_Encoding="gzip", ETag='"cut"')
        url = site.on("/feed", broken, broken, broken, broken, answer(rss(item(1)), ETag='"whole"'))
        async with Running(tmp_path, url) as service:
            await service.until(lambda: service.records and len(site.asked) > 6)

    sent = [asked.header("if-none-match") for asked in site.asked]
    assert sent[:5] == [None] * 5
    assert set(sent[5:]) <= {None, '"whole"'}
    assert '"whole"' in sent
    assert service.titles == ["Bridge report 1"]


@looped
async def test_a_body_over_the_limit_is_left_where_it_is(tmp_path: Path):
    """48: announced, or without end: reading stops at the limit, and other feeds go on."""
    sent = Counter[str]()

    def endless(name: str, start: bytes, part: bytes) -> Act:
        async def act(writer: asyncio.StreamWriter) -> None:
            writer.write(start)
            for _ in range(5_000):
                writer.write(part)
                await writer.drain()
                sent[name] += 10_000

        return act

    plain, piece = b"x" * 10_000, b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    length = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n"
    async with Site() as site:
        urls = [
            site.on("/length", endless("length", length, plain)),
            site.on("/chunks", endless("chunks", ENDLESS, piece)),
        ]
        good = site.on("/feed", answer(rss(item(1))))
        fetch = {"max_feed_bytes": MEGABYTE}
        slowly = {"backoff_seconds": 60, "max_interval_seconds": 60}
        async with Running(tmp_path, *urls, good, fetch=fetch, schedule=slowly) as service:
            await service.until(lambda: errors(tmp_path).keys() == set(urls) and service.records)
            found = errors(tmp_path)

    assert set(found.values()) == {ErrorClass.TOO_LARGE}
    assert sent["length"] < 25 * MEGABYTE, "what the sockets between us held"
    assert sent["chunks"] < 25 * MEGABYTE


@looped
async def test_a_wrong_content_coding_is_survived(tmp_path: Path):
    """49: plain text that says it is gzip: where the server can do without, at once, else at a later poll."""
    wrong, right = answer(rss(item(1)), Content_Encoding="gzip"), answer(rss(item(1)))
    async with Site() as site:
        urls = [site.on("/once", wrong, right), site.on("/twice", wrong, wrong, right)]
        async with Running(tmp_path, *urls) as service:
            await service.until(lambda: len(service.records) == 2)

    codings = [asked.header("accept-encoding") for asked in site.asked if asked.target == "/twice"]
    assert codings[:3] == ["gzip, deflate", "identity", "gzip, deflate"]


@looped
async def test_titles_are_right_whatever_the_encoding(tmp_path: Path):
    """50: declared by the header, by the document, by both or wrongly, by a byte order mark, or not at all."""
    german, russian, korean = "Brücke für Köln", "Мост в Твери", "강변의 다리"

    def feed(title: str, declared: str | None = None) -> str:
        prolog = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
        return prolog + rss(item(title, title=title)).partition("?>")[2]

    xml = "application/rss+xml"
    cases = [
        (german, feed(german).encode("iso-8859-1"), f"{xml}; charset=iso-8859-1"),
        (german, feed(german, "iso-8859-1").encode("iso-8859-1"), xml),
        (german, feed(german, "utf-8").encode(), f"{xml}; charset=iso-8859-1"),
        (russian, feed(russian, "windows-1251").encode("windows-1251"), f"{xml}; charset=utf-8"),
        (russian, feed(russian).encode("windows-1251"), f"{xml}; charset=windows-1251"),
        (russian, feed(russian, "utf-16").encode("utf-16"), xml),
        (korean, feed(korean, "utf-16").encode(), xml),
        (korean, feed(korean, "euc-kr").encode("euc-kr"), xml),
        (korean, b"\xef\xbb\xbf" + feed(korean, "iso-8859-1").encode(), xml),
        (korean, feed(korean).encode("utf-16-be"), f"{xml}; charset=utf-16be"),
    ]
    async with Site() as site:
        urls = [site.on(f"/{n}", answer(body, Content_Type=kind)) for n, (_, body, kind) in enumerate(cases)]
        async with Running(tmp_path, *urls) as service:
            await service.until(lambda: len(service.records) == len(cases))

    came = {record.origin.feed: record.article.title for record in service.records}
    assert came == {url: title for url, (title, _, _) in zip(urls, cases, strict=True)}


@looped
async def test_a_feed_that_is_not_well_formed_is_read_and_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """51: names of HTML, bare ampersands, junk after the root, control characters, crossed tags, no end."""
    caplog.set_level(logging.INFO, "ingest.live.polling")
    documents = [
        rss(item(1, description="caf&eacute;&nbsp;&unknown; open")),
        rss(item(1, description="AT&T & others")),
        rss(item(1)) + "\n<!-- cached --><script>x</script> and more",
        rss(item(1, description="a \x01\x08\x0b\x1f b")),
        rss(item(1, description="<b><i>crossed</b></i>")),
        rss(item(1), item(2, description="not there to its en")).partition("</description></item></channel>")[0],
    ]
    async with Site() as site:
        urls = [site.on(f"/{n}", answer(document)) for n, document in enumerate(documents)]
        async with Running(tmp_path, *urls) as service:
            await service.until(lambda: len({record.origin.feed for record in service.records}) == len(urls))

    assert {record.article.title for record in service.records} >= {"Bridge report 1"}
    told = {record.feed for record in caplog.records if record.getMessage() == "feed degraded"}
    assert told == set(urls) - {urls[3]}, "control characters alone are no more than dropped"


@looped
async def test_what_is_no_feed_costs_none_of_its_items(tmp_path: Path):
    """52, 53: a web page under the feed's type, no bytes, white space, a feed without entries: nothing comes out of
    them, nothing is forgotten for them, and the polls go on."""
    page = f"<!doctype html><html><head><title>Sign in</title></head><body><item>{item(9)}</item></body></html>"
    strange = {
        "/page": answer(page, Content_Type="application/rss+xml", ETag='"page"'),
        "/nothing": answer(b"", ETag='"nothing"'),
        "/blank": answer(b" \n\n ", ETag='"blank"'),
        "/empty": answer(rss(), ETag='"empty"'),
    }
    async with Site() as site:
        urls = [site.on(path, answer(rss(item(1)))) for path in strange]
        async with Running(tmp_path, *urls) as service:
            await service.until(lambda: len(service.records) == 4)
            for path, reply in strange.items():
                site.on(path, reply)
            await service.until(lambda: len(errors(tmp_path)) == 3)
            await service.until(lambda: known(tmp_path)[urls[3]].state.entries == 0)
            found = errors(tmp_path)
            for path in strange:
                site.on(path, answer(rss(item(2), item(1))))
            await service.until(lambda: len(service.records) == 8)

    assert found == dict.fromkeys(urls[:3], ErrorClass.NOT_A_FEED)
    assert Counter(service.titles) == {"Bridge report 1": 4, "Bridge report 2": 4}
    assert {record.revision.n for record in service.records} == {1}
    assert {asked.header("if-none-match") for asked in site.asked} <= {None, '"empty"'}


@looped
async def test_what_a_document_type_declares_is_never_fetched_or_shown(tmp_path: Path):
    """54: entities of other files and hosts, external document types, XInclude, entities that grow."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the combination is 7345")
    async with Site() as site:
        inside, outside = secret.as_uri(), site.url("/secret")
        growing = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
        declared = {
            "file": f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{inside}">]>',
            "http": f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{outside}">]>',
            "parameter": f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "{outside}"> %p;]>',
            "external": f'<!DOCTYPE rss SYSTEM "{outside}">',
            "laughs": f'<!DOCTYPE rss [<!ENTITY e0 "ha">{growing}]>',
        }
        entries = item(1, description="see &e; and &e11; there")
        documents = {name: rss(entries).replace("?>", f"?>{dtd}", 1) for name, dtd in declared.items()}
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{inside}" parse="text"/>'
        documents["include"] = rss(item(1, description=f"see {include} there"))
        news = "http://www.google.com/schemas/sitemap-news/0.9"
        documents["sitemap"] = (
            f'<?xml version="1.0"?>{declared["file"]}<urlset xmlns:news="{news}"><url><loc>http://a.example/1</loc>'
            f"<news:news><news:title>see &e; there</news:title></news:news></url></urlset>"
        )
        urls = [site.on(f"/{name}", answer(document)) for name, document in documents.items()]
        good = site.on("/good", answer(rss(item(2))))
        async with Running(tmp_path, *urls, good) as service:
            await service.until(lambda: all(site.targets().count(f"/{name}") for name in documents))
            await service.until(lambda: "Bridge report 2" in service.titles)
            await service.until(lambda: {Path(url).name for url in errors(tmp_path)} == {"laughs", "sitemap"})
            await service.until(lambda: len(service.records) == len(documents) - 1)

    assert "/secret" not in site.targets()
    written = "".join(file.read_text() for file in (tmp_path / "var" / "out").rglob("*.jsonl"))
    assert "Bridge report 1" in written
    assert "7345" not in written
    assert "haha" not in written


@looped
async def test_a_feed_that_takes_too_long_to_read_is_given_up_and_others_go_on(tmp_path: Path):
    """55: its parser is killed at the time limit, it waits like any feed with an error, and is not read each time."""
    async with Site() as site:
        slow = site.on("/slow", answer(costly()))
        good = site.on("/good", *(answer(rss(*(item(n) for n in range(count)))) for count in range(1, 6)))
        limits = {"worker_timeout_seconds": 0.8}
        backoff = {"backoff_seconds": 60, "max_interval_seconds": 60}
        async with Running(tmp_path, slow, good, extraction=limits, schedule=backoff) as service:
            await service.until(lambda: slow in errors(tmp_path) and len(service.records) == 5)
            found = known(tmp_path)[slow].state

    assert found.error is ErrorClass.CRASHED
    assert (found.last_success, found.validators, found.body_hash) == (None, None, None)
    assert site.targets().count("/slow") == 1
    assert len(set(service.titles)) == 5


@looped
async def test_a_parser_that_dies_costs_one_document():
    """55: by time or by memory; the next document is read by its successor."""
    seen = datetime(2026, 11, 24, tzinfo=UTC)
    about = {"url": "http://a.example/feed", "content_type": None, "seen": seen}
    cases = (({"seconds": 0.3}, costly(), "time limit"), ({"memory_mb": 15}, large(), "memory"))
    for limits, document, reason in cases:
        with closing(Parsers(**limits)) as parsers:
            refused = await parsers.parse(document.encode(), **about)
            assert isinstance(refused, Refused)
            assert reason in refused.detail
            parsed = await parsers.parse(rss(item(1)).encode(), **about)
            assert isinstance(parsed, Parsed)
            assert [entry.title for entry in parsed.feed.entries] == ["Bridge report 1"]


async def until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for something that a process does."""
    async with asyncio.timeout(40):
        while not condition():
            assert process.poll() is None, process.communicate()
            await asyncio.sleep(0.02)


def memory(pid: int, name: str) -> int:
    """Return a value of the kernel's about a process, in bytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
