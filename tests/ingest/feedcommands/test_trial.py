"""`newstap feeds test`, and discovery: over real sockets, one look each, nothing kept."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from ingest.feedcommands import changes, trial
from ingest.feedcommands.errors import FeedsError
from ingest.feedcommands.visit import WELL_KNOWN
from tests.ingest.feedcommands.settings import configuration
from tests.ingest.feeds.samples import item, rss
from tests.site import Site, answer, looped, moved, reset

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.config import Config
    from ingest.feedstore import Feed

DATED = "<pubDate>Tue, 24 Nov 2026 08:00:00 +0100</pubDate>"
WHOLE = f"<content:encoded><![CDATA[<p>{'The ferry sails twice a day. ' * 30}</p>]]></content:encoded>"
FEED = rss(item("1", more=DATED), item("2", more=WHOLE), item("3", link=None), head="<ttl>60</ttl>")


def page(*links: str) -> str:
    named = "".join(f'<link rel="alternate" type="application/rss+xml" title="T {n}" href="{n}">' for n in links)
    return f"<!doctype html><html><head>{named}</head><body><p>News of the harbour.</p></body></html>"


async def tried(config: Config, url: str) -> tuple[int, dict[str, list[str]]]:
    """The exit code, and what was printed under each label."""
    out = io.StringIO()
    code = await trial.try_out(config, url, out)
    told: dict[str, list[str]] = {}
    for line in out.getvalue().splitlines():
        told.setdefault(line[:12].strip(), []).append(line[13:])
    return code, told


def wanted(*urls: str) -> list[Feed]:
    return changes.described(urls, name=None, tags=["t"])


def test_a_feed_is_told_with_all_that_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            site.on("/old", moved("/feed", 301))
            site.on("/feed", answer(FEED, Content_Type="text/xml", ETag='"1"', Cache_Control="max-age=300"))
            site.on("/robots.txt", answer("User-agent: *\nCrawl-delay: 5"))
            code, told = await tried(configuration(tmp_path), site.url("/old"))

            assert code == 0
            assert told["redirect"] == [f"301 from {site.url('/old')}"]
            assert told["final url"] == [site.url("/feed")]
            assert told["answer"] == [f"status 200, {len(FEED)} bytes, text/xml, from 127.0.0.1"]
            assert (told["validators"], told["fresh for"]) == (["etag"], ["300 s"])
            assert (told["format"], told["title"], told["ttl"]) == (["rss20"], ["Harbour News"], ["3600 s"])
            assert (told["entries"], told["whole text"], told["with a link"]) == (["3"], ["1"], ["2"])
            assert told["with a date"] == ["1, 2026-11-24T08:00:00+01:00 to 2026-11-24T08:00:00+01:00"]
            assert told["entry"][0] == f"Ferry returns | {site.url('/1')}"
            assert told["robots.txt"] == ["allows it, asks for 5 s between requests"]
            assert site.targets() == ["/old", "/feed", "/robots.txt"]

    check()
    assert not (tmp_path / "var").exists()
    assert capsys.readouterr() == ("", "")


def test_robots_are_told_and_not_enforced(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/feed", answer(FEED))
            site.on("/robots.txt", answer("User-agent: newstap\nDisallow: /"))
            code, told = await tried(configuration(tmp_path), url)

            assert code == 0
            assert told["robots.txt"][0].startswith("disallowed by robots.txt; ")

    check()


def test_the_configured_headers_and_user_agent_are_sent(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/feed", answer(FEED))
            config = configuration(tmp_path, url, more='headers = { Authorization = "Bearer ${TOKEN}" }\n')
            await tried(config, url)

            assert site.asked[0].header("authorization") == "Bearer s3cret"
            assert site.asked[0].header("user-agent") == "newstap/1 (+https://example.org/contact)"
            assert site.asked[1].header("authorization") is None  # robots.txt

    check()


def test_of_a_page_the_feeds_are_listed_that_it_names_and_that_lie_where_feeds_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/news", answer(page("/feed.xml", "/comments"), Content_Type="text/html"))
            site.on("/feed.xml", answer(FEED))
            site.on("/atom.xml", answer(rss(item())))
            site.on("/rss.xml", answer(page(), 200))
            code, told = await tried(configuration(tmp_path), url)

            assert code == 1
            assert told["named there"] == [
                f"{site.url('/feed.xml')} (application/rss+xml, T /feed.xml)",
                f"{site.url('/comments')} (application/rss+xml, T /comments)",
            ]
            assert told["found at"] == [f"{site.url('/atom.xml')} (rss20, Harbour News)"]
            assert sorted(site.targets()) == sorted(["/news", "/robots.txt", *WELL_KNOWN])
            assert capsys.readouterr().err == f"{url}: not a feed: a web page\n"

    check()


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (answer("gone", 410), "status 410"),
        (answer("", 200), "not a feed: "),
        (answer('{"a": 1}', 200), "not a feed: "),
        (reset, "reset: "),
    ],
)
def test_what_gives_no_feed_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reply: bytes, problem: str
) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/feed?token=s3cret", reply)
            code, told = await tried(configuration(tmp_path), url)

            assert code == 1
            assert "format" not in told
            assert capsys.readouterr().err.startswith(f"{site.url('/feed?token=***')}: {problem}")

    check()


def test_private_addresses_are_not_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/feed", answer(FEED))
            (tmp_path / "newstap.toml").write_text("")
            config = configuration(tmp_path)
            refusing = type(config)(fetch=type(config.fetch)(user_agent="newstap/1"))

            assert (await tried(refusing, url))[0] == 1
            assert site.asked == []
            assert "blocked_ssrf: 127.0.0.1 is loopback" in capsys.readouterr().err

    check()


def test_what_is_no_url_is_not_asked(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        with pytest.raises(FeedsError, match=r"^feeds test: 'a\.example' is not an http"):
            await tried(configuration(tmp_path), "a.example")

    check()


def test_what_a_feed_says_cannot_move_the_cursor(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/feed", answer(rss(item(title="Har\u202ebour"), head="<language>\u2028en</language>")))
            out = io.StringIO()
            await trial.try_out(configuration(tmp_path), url, out)

            assert all(line.isprintable() for line in out.getvalue().split("\n"))

    check()


def test_discovery_takes_a_feed_as_it_is_and_of_a_page_the_one_it_names(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            feed, front = site.on("/feed", answer(FEED)), site.on("/", answer(page("/news.xml")))
            found = await trial.discovered(configuration(tmp_path), wanted(feed, front))

            assert found is not None
            assert [(one.url, one.tags) for one in found] == [(feed, ("t",)), (site.url("/news.xml"), ("t",))]

    check()


def test_discovery_looks_where_feeds_lie_if_a_page_names_none(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            front, lies = site.on("/", answer(page())), site.on("/index.xml", answer(FEED))
            found = await trial.discovered(configuration(tmp_path), wanted(front))

            assert found is not None
            assert [one.url for one in found] == [lies]

    check()


def test_discovery_does_not_guess_among_several(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            front = site.on("/", answer(page("/a", "/b")))

            with pytest.raises(FeedsError, match=rf"names 2 feeds; add what you want of {site.url('/a')} "):
                await trial.discovered(configuration(tmp_path), wanted(front))

    check()


def test_discovery_gives_nothing_where_one_address_gives_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            feed, absent = site.on("/feed", answer(FEED)), site.on("/none", answer(page()))
            site.on("/feed", answer("", 404))

            assert await trial.discovered(configuration(tmp_path), wanted(feed, absent)) is None
            assert capsys.readouterr().err.splitlines() == [
                f"{feed}: status 404; nothing was added",
                f"{absent}: not a feed: a web page; nothing was added",
            ]

    check()
