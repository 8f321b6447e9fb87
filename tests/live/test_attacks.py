"""What a stranger's feed or page could try, against the service over real sockets, and what must have come of it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from html import escape
from typing import TYPE_CHECKING

import pytest

from ingest import state
from ingest.schedule import ErrorClass
from processors.records import Reason
from tests.hostile import serving
from tests.hostile.kit import Input
from tests.hostile.verdict import judged
from tests.ingest.newsroom import newstap
from tests.live.processes import Process
from tests.live.running import Running, item, rss
from tests.live.states import errors, known
from tests.live.test_safety import INNER, listening
from tests.processors.extract.pages import PROSE, html, paragraphs
from tests.site import Site, answer, looped, moved

if TYPE_CHECKING:
    from pathlib import Path

GUIDS = (
    "../../../../tmp/evil",
    "/etc/cron.d/evil",
    "'); DROP TABLE feed; --",
    'a" OR "1"="1',
    "nul\x00in",
    "..\\..\\evil",
)
LINES = "quiet\r\n2026-01-01T00:00:00Z ERROR live: forged"
TITLES = {
    "bidi": "pay \u202eemag\u202c now",
    "escape": "red \x1b[31malert\x1b[0m",
    "bell": "ding\x07dong",
    "lines": LINES,
    "script": "<script>alert(1)</script>bold",
    "formula": '=HYPERLINK("http://127.0.0.1/?"&A1)',
}


@looped
async def test_a_permanent_redirect_to_a_forbidden_address_is_never_kept(tmp_path: Path):
    """However long it stays, and however often it is answered, the feed keeps its own address."""
    async with Site() as site, listening() as (port, peers):
        goals = [f"http://{INNER}:{port}/", "http://169.254.169.254/latest/meta-data/"]
        urls = [site.on(f"/{status}/{n}", moved(goal, status)) for n, goal in enumerate(goals) for status in (301, 308)]
        schedule = {"interval_seconds": 0.2, "backoff_seconds": 0.1, "redirect_stable_seconds": 0.1}
        fetch = {"allow_networks": ["127.0.0.1/32"]}
        schedule |= {"min_interval_seconds": 0.1, "max_interval_seconds": 0.3}
        async with Running(tmp_path, *urls, schedule=schedule, fetch=fetch) as service:
            await service.until(lambda: all(site.targets().count(f"/{code}/{n}") >= 4 for code, n in _pairs(goals)))
            found = errors(tmp_path)

    assert found == dict.fromkeys(urls, ErrorClass.REFUSED)
    assert list(known(tmp_path)) == urls
    assert {listed.state.redirect for listed in known(tmp_path).values()} == {None}
    assert peers == []


def _pairs(goals: list[str]) -> list[tuple[int, int]]:
    return [(status, n) for n in range(len(goals)) for status in (301, 308)]


@looped
async def test_ids_and_titles_made_to_harm_are_text_and_nothing_else(tmp_path: Path):
    """Each is a record; none writes a file, a line of the log, or a statement."""
    bodies = [item(n, guid=escape(guid).replace("\x00", "&#0;")) for n, guid in enumerate(GUIDS)]
    bodies += [item(name, title="".join(f"&#{ord(c)};" for c in title)) for name, title in TITLES.items()]
    lone = item("lone", title="half").encode().replace(b"half", b"ha\xed\xa0\x80lf")
    feed = rss(*bodies, "<x/>").encode().replace(b"<x/>", lone)
    async with Site() as site:
        url = site.on("/feed", answer(feed, Content_Type="application/rss+xml"))
        async with Process(tmp_path, url, logging={"level": "debug"}) as service:
            await service.until(lambda: len(service.titles) >= len(GUIDS) + len(TITLES) + 1)
            await service.ask_to_end()
            assert await service.ended(60) == 0
            log = service.log
        records = service.files.written()

    assert len({record["id"] for record in records}) == len(records) == len(GUIDS) + len(TITLES) + 1
    kept = "".join(f"{record['title']}{record['text']}" for record in records)
    assert not set(kept) & {*map(chr, range(9)), "\x1b", "\x07", "\r", "\u202e", "\u202c", "\ud800"}
    assert not any(line.startswith("2026-01-01T00:00:00Z") for line in log.split("\n"))
    assert "\x1b" not in log
    assert {path.name for path in tmp_path.iterdir()} == {"newstap.toml", "log", "var"}
    with closing(sqlite3.connect(tmp_path / "var" / "state" / state.FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM feed").fetchone() == (1,)


@looped
async def test_a_part_that_nobody_asked_for_is_no_document(tmp_path: Path):
    """Kept as the whole, with its ETag, a later 304 would lose what it leaves out; so would a page."""
    async with Site() as site:
        part = site.on("/part", answer(rss(item(1)), 206, ETag='"1"', Content_Range="bytes 0-400/900"))
        page = site.on("/page", answer(html(paragraphs(*PROSE)), 206, Content_Type="text/html"))
        whole = site.on("/whole", answer(rss(item(2, link=page))))
        async with Running(tmp_path, part, whole, fetch={"pages": True}) as service:
            await service.until(lambda: service.records and part in errors(tmp_path))
            found = errors(tmp_path)

    assert found == {part: ErrorClass.PROTOCOL}
    assert [record.origin.fallback for record in service.records] == [Reason.HTTP_STATUS]
    assert {asked.header("if-none-match") for asked in site.asked if asked.target == "/part"} == {None}


def _hostile(folder: Path, name: str, body: str) -> Input:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(body)
    kind, expected = ("page", "accepted") if name.endswith(".html") else ("feed", "rejected-with-error")
    return Input(name, kind, expected, "", either_ok=False, path=path)


@pytest.mark.slow
@looped
async def test_nesting_and_endless_tags_hold_nobody_up(tmp_path: Path):
    """In time, in memory, beside good neighbours, each counted once, and `/healthz` answers all the while."""
    (tmp_path / "run").mkdir()
    story = f"<article>{paragraphs(*PROSE)}</article>"
    endless = " ".join(f'a{n}="1"' for n in range(100_000))
    inputs = [
        _hostile(tmp_path / "in", "nested.html", html("<section>" * 10_000 + story + "</section>" * 10_000)),
        _hostile(tmp_path / "in", "attributes.xml", rss(item(1)).replace("<channel>", f"<channel {endless}>")),
    ]
    rows = [judged(one, came, slack=4) async for one, came in serving.serve(inputs, tmp_path / "run")]

    assert [(row.input.file, row.problems) for row in rows] == [(one.file, ()) for one in inputs]


@looped
async def test_a_replay_of_what_names_other_places_opens_none(tmp_path: Path):
    """Neither document types nor links, frames, pictures, refreshes or feeds of an archive are ever asked for."""
    async with Site() as site:
        there = site.url("/x")
        head = f'<base href="{there}"><link rel="stylesheet" href="{there}">'
        head += f'<meta http-equiv="refresh" content="0;{there}">'
        story = paragraphs(*PROSE) + f'<img src="{there}"><iframe src="{there}"></iframe><a href="{there}">on</a>'
        page = f'<!DOCTYPE html SYSTEM "{there}" [<!ENTITY x SYSTEM "{there}">]>{html(story, head)}'
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "page.html").write_text(page)
        http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nLink: <{there}>; rel=preload\r\n\r\n{page}".encode()
        warc = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <{there}>\r\nWARC-Target-URI: {there}\r\n"
        warc += f"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: application/http\r\nContent-Length: {len(http)}\r\n"
        (tmp_path / "in" / "one.warc").write_bytes(f"{warc}\r\n".encode() + http + b"\r\n\r\n")
        done = await asyncio.to_thread(newstap, "replay", "in", "--to", "out", "--topics", "russia", cwd=tmp_path)

    assert "2 documents read" in done.stderr
    assert site.asked == []
