"""What a service archives: as other tools read it, as our locators say, and through kill -9."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import shutil
import signal
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastwarc.warc import ArchiveIterator

from ingest import state
from ingest.archive.records import Group
from ingest.archives import get, verify
from ingest.config import Archive, load
from ingest.knowledge import Fingerprint, Knowledge
from ingest.live.archiving import archiving_of
from ingest.recipe import Recipe
from ingest.worker import chain_of, outcome_of
from processors.records import Record
from sinks.codec import decode_page, decode_whole_page, encode_record
from sinks.outbox import Outbox
from tests.commands import newstap, rows
from tests.ingest.newsroom import configured, html
from tests.live import archives
from tests.live.processes import Process
from tests.live.running import Running, item, rss
from tests.site import Site, answer, gzipped, looped, moved

if TYPE_CHECKING:
    from ingest.config import Config
    from processors.records import Page


def chunked(body: bytes, **headers: str) -> bytes:
    lines = [
        "HTTP/1.1 200 OK",
        "Transfer-Encoding: chunked",
        *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", f"{len(body):x}", ""]).encode() + body + b"\r\n0\r\n\r\n"


def archiving(folder: Path, **keys: Any) -> dict[str, Any]:
    return {"archive": {"path": str(folder / "archive"), **keys}}


def written(folder: Path) -> list[dict[str, Any]]:
    return rows(folder / "var" / "out" / "records")


@dataclass(frozen=True)
class Ran:
    """A service that has read pages that came in every way, and a feed that stayed as it was; it has ended."""

    folder: Path
    base: str
    service: Running

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def config(self) -> Config:
        return load(self.service.file, self.service.environ)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return asyncio.run(served(tmp_path_factory.mktemp("ran")))


async def served(folder: Path) -> Ran:
    async with Site() as site:
        links = [
            site.on("/a/1", gzipped(html(1).encode(), Content_Type="text/html")),
            site.on("/a/2", chunked(html(2).encode(), Content_Type="text/html; charset=utf-8")),
            site.on("/old", moved("/a/3", 301)),
            site.url("/a/4"),
        ]
        site.on("/a/3", answer(html(3), Content_Type="text/html"))
        feed = rss(*(item(n, link=link) for n, link in enumerate(links, 1)))
        site.on("/feed", gzipped(feed.encode(), ETag='"1"'), answer(status=304, ETag='"1"'))
        table = {"url": site.url("/feed"), "headers": {"X-Key": "${KEY}"}}
        service = Running(folder, table, fetch={"pages": True}, **archiving(folder))
        service.environ["KEY"] = "open-sesame"
        async with service:
            await service.until(lambda: len(service.records) == 4, seconds=60)
            await service.until(lambda: sum(asked.target == "/feed" for asked in site.asked) >= 3, seconds=60)
        assert service.code == 0
        return Ran(folder, site.url(""), service)


def test_other_tools_read_it_and_find_every_digest_right(ran: Ran) -> None:
    found = archives.seen(ran.archive)
    kinds = [one.kind for one in found]
    assert kinds[0] == "warcinfo"
    assert kinds.count("response") == 4, "a feed and three pages"
    assert kinds.count("request") == 4
    assert kinds.count("revisit") >= 1
    by_url = {one.headers["WARC-Target-URI"]: one for one in found if one.kind == "response"}
    assert gzip.decompress(by_url[f"{ran.base}/a/1"].block.partition(b"\r\n\r\n")[2]) == html(1).encode()
    assert b"X-Archive-Orig-Transfer-Encoding: chunked" in by_url[f"{ran.base}/a/2"].block
    assert f"{ran.base}/a/3" in by_url, "the last of a chain of redirects"
    assert not any(b"open-sesame" in one.block for one in found), "a secret is archived"
    revisit = next(one for one in found if one.kind == "revisit")
    original = by_url[f"{ran.base}/feed"]
    assert revisit.headers["WARC-Refers-To"] == original.headers["WARC-Record-ID"]
    assert revisit.headers["WARC-Payload-Digest"] == original.headers["WARC-Payload-Digest"]
    assert revisit.headers["WARC-Profile"].endswith("server-not-modified")


def test_each_record_says_where_its_page_lies(ran: Ran) -> None:
    """At the offset another tool finds the answer it was made from; where there was no page, what the feed said."""
    for row in ran.service.written():
        place = row["origin"]["archive"]
        with Path(place["file"]).open("rb") as stream:
            stream.seek(place["offset"])
            record = next(iter(ArchiveIterator(stream, parse_http=False)))
            block = record.reader.read()
        if row["text_source"] == "page":
            assert record.headers["WARC-Type"] == "response"
            assert record.headers["WARC-Target-URI"] == row["url"]
            assert record.headers["WARC-Payload-Digest"] == place["digest"]
        else:
            assert json.loads(block)["became"] == {"record": row["id"]}
            assert record.headers["WARC-Block-Digest"] == place["digest"]


def test_the_index_says_what_another_tools_scan_says(ran: Ran) -> None:
    found = archives.seen(ran.archive)
    (file,) = archives.files(ran.archive)
    text = file.with_name(file.name.replace(".warc.gz", ".cdxj")).read_text().splitlines()
    assert text == sorted(text)
    lines = [line.split(" ", 2) for line in text]
    indexed = {int(row["offset"]): (key, row) for key, _, last in lines for row in [json.loads(last)]}
    starts = [*(one.offset for one in found), file.stat().st_size]
    wanted = {one.offset: one for one in found if one.kind in {"response", "revisit"}}
    entries = {one.offset: one for one in found if one.kind == "metadata" and one.told["kind"] == "entry"}
    assert indexed.keys() == wanted.keys() | entries.keys()
    for offset, (key, row) in indexed.items():
        assert int(row["length"]) == starts[starts.index(offset) + 1] - offset
        assert row["filename"] == file.name
        if offset in wanted:
            assert row["url"] == wanted[offset].headers["WARC-Target-URI"]
            assert row["digest"] == wanted[offset].headers["WARC-Payload-Digest"]
            assert key.startswith("1,0,0,127:")
        else:
            assert key == f"urn:newstap:{row['id']}"


def test_every_record_can_be_made_again_from_the_archive_alone(ran: Ran) -> None:
    """The page that processors saw, and what they went by, give the same record, but for its origin and its neighbours.

    Its story, and what it is a copy of, are told by the documents that came before it, not by its page.
    """
    knowledge = Knowledge(ran.archive / "knowledge")
    told = pages(ran.archive)
    (fingerprint,) = {json.dumps(row["fingerprint"]) for row, _ in told}
    chain = chain_of(knowledge.recalled(Fingerprint.of(json.loads(fingerprint)), Recipe(config=ran.config)))
    made = [outcome_of(chain, page) for _, page in told]
    alone = [replace(record, dup=None, story=None) for record in ran.service.records]
    run = [replace(record, origin=replace(record.origin, archive=None)) for record in alone]
    assert [encode_record(record) for record in made if isinstance(record, Record)] == list(map(encode_record, run))


def pages(path: Path) -> list[tuple[dict[str, Any], Page]]:
    """Put pages together again as docs/archive-format.md says."""
    found: list[tuple[dict[str, Any], Page]] = []
    told: dict[str, Any] = {}
    for one in archives.seen(path):
        if one.kind == "metadata":
            told = one.told
            if told["kind"] == "entry":
                found.append((told, decode_whole_page(json.dumps(told["page"]).encode())))
        elif one.kind == "response" and told["kind"] == "page":
            head, _, body = one.block.partition(b"\r\n\r\n")
            plain = gzip.decompress(body) if b"Content-Encoding: gzip" in head else body
            found.append((told, decode_page(json.dumps(told["page"]).encode(), plain)))
    return found


def test_a_page_comes_back_as_it_was(ran: Ran) -> None:
    """By its id, by its URL, as a page or as it was received; and what the feed said where there was no page."""
    records = {row["title"]: row for row in ran.service.written()}
    first, last = records["Bridge report 1"], records["Bridge report 4"]

    assert got(ran, first["id"]) == got(ran, first["url"]) == html(1).encode()
    head, _, body = got(ran, first["id"], raw=True).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert gzip.decompress(body) == html(1).encode()
    assert got(ran, last["id"]) == got(ran, f"{ran.base}/a/4")
    assert b"counted 4 stones" in got(ran, last["id"])
    assert b"<rss" in got(ran, f"{ran.base}/feed")
    assert get(ran.config, "0" * 32, path=None, raw=False, out=io.BytesIO()) == 1


def got(ran: Ran, wanted: str, *, raw: bool = False) -> bytes:
    out = io.BytesIO()
    assert get(ran.config, wanted, path=None, raw=raw, out=out) == 0
    return out.getvalue()


def test_verify_finds_what_is_wrong_and_says_where(
    ran: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole archive passes; a changed byte, a wrong index, and rules that are gone are each told by their place."""

    def problems(path: Path) -> list[str]:
        code = verify(ran.config, path)
        told = capsys.readouterr().err.splitlines()
        assert code == (1 if told else 0)
        return told

    assert problems(ran.archive) == []
    copy = tmp_path / "copy"
    shutil.copytree(ran.archive, copy)
    (file,) = archives.files(copy)
    third = archives.seen(copy)[3].offset

    data = bytearray(file.read_bytes())
    data[third + 40] ^= 1
    file.write_bytes(data)
    assert any(f"{file.name}: at byte {third}: " in problem for problem in problems(copy))
    shutil.copytree(ran.archive, copy, dirs_exist_ok=True)
    (cdxj,) = (copy / "warc").glob("*.cdxj")
    cdxj.write_text("".join(cdxj.read_text().splitlines(keepends=True)[1:]))
    assert [cdxj.name in problem for problem in problems(copy)] == [True]
    shutil.copytree(ran.archive, copy, dirs_exist_ok=True)
    next((copy / "knowledge").glob("rules-*")).unlink()
    assert ["lacks rules-" in problem for problem in problems(copy)] == [True]


@looped
async def test_files_are_finished_when_full_and_the_oldest_go(tmp_path: Path):
    """Of many small files, only as many stay as may; what feeds refer to goes with them."""
    async with Site() as site:
        feeds = [answer(rss(*(item(n) for n in range(k, 0, -1)))) for k in range(1, 6)]
        site.on("/feed", *feeds)
        keys = {"rotate_bytes": 1, "keep_bytes": 2_500}
        async with Running(tmp_path, site.url("/feed"), **archiving(tmp_path, **keys)) as service:
            await service.until(lambda: len(service.records) == 5)

    left = archives.files(tmp_path / "archive")
    assert 0 < sum(file.stat().st_size for file in left) <= 2_500
    assert left[0].name[8:16] > "00000001", "the oldest went"
    indexes = sorted((tmp_path / "archive" / "warc").glob("*.cdxj"))
    assert [each.stem for each in indexes] == [file.name.removesuffix(".warc.gz") for file in left]
    archives.seen(tmp_path / "archive")


@looped
async def test_what_is_skipped_at_once_is_archived_and_located_too(tmp_path: Path):
    """The backlog of a feed is counted in a replay as it was in the run."""
    async with Site() as site:
        site.on("/feed", answer(rss(item(2), item(1))), answer(rss(item(3), item(2), item(1))))
        schedule = {
            "first_fetch": "new",
            "interval_seconds": 0.4,
            "min_interval_seconds": 0.2,
            "max_interval_seconds": 2,
        }
        async with Running(tmp_path, site.url("/feed"), schedule=schedule, **archiving(tmp_path)) as service:
            await service.until(lambda: len(service.records) == 1)

        told = archives.documents(tmp_path / "archive")
    assert [row["kind"] for row in told] == ["skipped", "skipped", "entry"]
    assert [row["skipped"]["reason"] for row in told[:2]] == ["backlog", "backlog"]
    places = [row["origin"]["archive"]["offset"] for row in service.written("skipped")]
    offsets = [one.offset for one in archives.seen(tmp_path / "archive") if one.kind == "metadata"]
    assert set(places) < set(offsets)


@pytest.mark.slow
@pytest.mark.timeout(300)
@looped
async def test_killed_at_any_moment_each_outcome_has_one_entry(tmp_path: Path):
    """Killed while pages come in: as many entries as outcomes, in their order, each where it says."""
    async with Site() as site:
        links = [site.on(f"/a/{n}", answer(html(n), Content_Type="text/html")) for n in range(24)]
        feed = rss(*(item(n, link=link) for n, link in enumerate(links)))
        site.on("/feed", answer(feed))
        sections = {"fetch": {"pages": True, "host_delay_seconds": 0.05}, **archiving(tmp_path, rotate_bytes=20_000)}
        async with Process(tmp_path, site.url("/feed"), **sections) as process:
            await process.until(lambda: written(tmp_path))
            process.signal(signal.SIGKILL)
            await process.ended(30)
        async with Process(tmp_path, site.url("/feed"), **sections) as process:
            await process.until(lambda: len(written(tmp_path)) == 24)
            await process.ask_to_end()
            assert await process.ended(60) == 0

    records = written(tmp_path)
    told = archives.documents(tmp_path / "archive")
    assert [row["became"]["record"] for row in told] == [row["id"] for row in records]
    responses = [one for one in archives.seen(tmp_path / "archive") if one.kind == "response"]
    pages = [(str(one.file), one.offset) for one in responses if "/a/" in one.headers["WARC-Target-URI"]]
    assert pages == [(row["origin"]["archive"]["file"], row["origin"]["archive"]["offset"]) for row in records]


def test_an_archive_that_lost_bytes_ends_the_service_at_its_start(tmp_path: Path) -> None:
    config = configured(tmp_path, '[archive]\n[dashboard]\nlisten = ""\n')
    with closing(state.owned(tmp_path / "var" / "state")) as store:
        box = Outbox(store, job="run")
        with ExitStack() as stack, store.transaction() as connection:
            files = archiving_of(load(config, {}).archive or Archive(), box, stack).files
            refs, _ = files.append(connection, [Group(members=(b"x" * 100,), main=0, digest="")])
            files.sync()
    file = Path(refs[0].file)
    file.write_bytes(file.read_bytes()[:-1])

    done = newstap("run", "--config", config, cwd=tmp_path)
    assert done.returncode == 1
    assert file.name in done.stderr
    assert "Traceback" not in done.stderr
