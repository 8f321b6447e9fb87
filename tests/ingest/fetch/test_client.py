"""What is sent and what comes back, over real sockets."""

from __future__ import annotations

import gzip
import logging
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.fetch.errors import EncodingError, TooLargeError
from ingest.fetch.messages import FEED_TYPES, Validators
from ingest.secret import Secret
from tests.ingest.fetch.fetchers import AGENT, Names, fetcher, get
from tests.site import Site, answer, gzipped, looped, moved

if TYPE_CHECKING:
    from pathlib import Path


@looped
async def test_a_request_says_who_we_are_and_nothing_more():
    async with Site() as site:
        await get(site.on("/feed?a=b%7C|c", answer("hello")))

        assert site.asked[0].headers == [
            ("host", f"127.0.0.1:{site.port}"),
            ("user-agent", AGENT),
            ("accept", FEED_TYPES),
            ("accept-encoding", "gzip, deflate"),
        ]


@looped
async def test_an_answer_has_all_that_was_received():
    now = datetime(2026, 11, 24, tzinfo=UTC)
    async with Site() as site, fetcher(now=lambda: now) as using:
        url = site.on("/feed", answer("hello", X_One="a", x_one="b", ETag='"\xff"'))
        response = await get(url + "#part", using=using)

    assert (response.status, response.body, response.final_url, response.hops) == (200, b"hello", url, ())
    assert (response.fetched, response.remote) == (now, "127.0.0.1")
    assert response.headers["X-ONE"] == "a, b"
    assert response.headers.all("x-one") == ("a", "b")
    assert response.headers["etag"].encode("latin-1") == b'"\xff"'


@looped
async def test_every_status_is_an_answer_and_only_good_ones_have_a_body():
    async with Site() as site:
        found = [await get(site.on("/", answer("text", status))) for status in (200, 206, 404, 410, 500)]

    assert [(each.status, each.body) for each in found] == [
        (200, b"text"),
        (206, b"text"),
        (404, b""),
        (410, b""),
        (500, b""),
    ]


@pytest.mark.parametrize(
    "etag", ['W/"a,b"', "abc", '"ü"', '"\xff\xe9"', '"two  spaces"'], ids=["weak", "bare", "latin-1", "bytes", "spaces"]
)
def test_validators_come_back_byte_for_byte(etag: str):
    modified = "Thu, 01 Jan 1970 00:00:00 GMT"

    @looped
    async def check() -> None:
        async with Site() as site:
            url = site.on("/feed", answer("a", ETag=etag, Last_Modified=modified), b"HTTP/1.1 304 Same\r\n\r\n")
            first = await get(url)
            second = await get(url, validators=first.validators)

            assert second.status == 304
            assert site.asked[0].header("if-none-match") is site.asked[0].header("if-modified-since") is None
            assert site.asked[1].header("if-none-match") == etag
            assert site.asked[1].header("if-modified-since") == modified

    check()


@looped
async def test_only_what_was_given_and_can_be_sent_is_sent_back():
    async with Site() as site:
        url = site.on("/feed", answer("a", Last_Modified="yesterday"), answer("a"))
        first = await get(url)
        second = await get(url, validators=first.validators)
        await get(url, validators=Validators(url=url, etag='"a\r\nX-Evil: 1"', last_modified="ok"))

        assert first.validators == Validators(url=url, last_modified="yesterday")
        assert second.validators is None
        assert [each.header("if-none-match") for each in site.asked] == [None, None, None]
        assert [each.header("if-modified-since") for each in site.asked] == [None, "yesterday", "ok"]
        assert site.asked[2].header("x-evil") is None


@looped
async def test_validators_are_sent_to_the_url_they_came_from_only():
    async with Site() as site:
        url = site.on("/old", moved("/new"))
        final = site.on("/new", answer("a", ETag='"1"'))
        first = await get(url)
        await get(url, validators=first.validators)

        assert first.validators == Validators(url=final, etag='"1"')
        assert [each.header("if-none-match") for each in site.asked] == [None, None, None, '"1"']


@looped
async def test_cookies_are_neither_kept_nor_sent():
    async with Site() as site, fetcher() as using:
        url = site.on("/feed", answer("a", Set_Cookie="a=b; Path=/"))
        await get(url, using=using)
        await get(url, using=using)

        assert [each.header("cookie") for each in site.asked] == [None, None]


@looped
async def test_a_connection_is_used_again_after_a_body_and_after_a_304():
    async with Site() as site, fetcher() as using:
        site.on("/feed", answer("a"), b'HTTP/1.1 304 Same\r\nETag: "1"\r\n\r\n', answer("b"))
        for _ in range(3):
            await get(site.url("/feed"), using=using)

        assert [each.connection for each in site.asked] == [1, 1, 1]


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """No proxy, and no password from .netrc."""
    tmp_path.joinpath("netrc").write_text("machine 127.0.0.1 login a password b\n", "ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    @looped
    async def check() -> None:
        async with Site() as proxy, Site() as site:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url(""))
            await get(site.on("/feed", answer("a")))

            assert proxy.asked == []
            assert site.asked[0].header("authorization") is None

    check()


@looped
async def test_secrets_are_sent_and_logged_nowhere(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with Site() as site:
        url = site.on("/feed?token=hidden", answer("a"))
        await get(url, headers={"Authorization": Secret("Bearer hidden"), "Accept": Secret("text/x")})

        assert site.asked[0].header("authorization") == "Bearer hidden"
        assert site.asked[0].header("accept") == "text/x"
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate", "identity"])
def test_codings_are_undone(coding: str):
    raw = zlib.compressobj(wbits=-15)
    body = {
        "gzip": gzip.compress(b"text"),
        "deflate": zlib.compress(b"text"),
        "raw deflate": raw.compress(b"text") + raw.flush(),
        "identity": b"text",
    }[coding]

    @looped
    async def check() -> None:
        async with Site() as site:
            response = await get(site.on("/", answer(body, Content_Encoding=coding.removeprefix("raw "))))

        assert response.body == b"text"

    check()


@looped
async def test_a_body_that_cannot_be_decoded_is_asked_for_once_more_without_coding():
    async with Site() as site:
        response = await get(site.on("/", answer("plain", Content_Encoding="gzip"), answer("plain")))

        assert response.body == b"plain"
        assert [each.header("accept-encoding") for each in site.asked] == ["gzip, deflate", "identity"]


@pytest.mark.parametrize(
    "reply",
    [
        answer("plain", Content_Encoding="gzip"),
        answer(gzip.compress(b"text" * 100)[:-9], Content_Encoding="gzip"),
        answer("?", Content_Encoding="magic"),
        answer(b"x", Content_Encoding="gzip, gzip, gzip"),
    ],
    ids=["mislabelled", "cut", "unknown", "layers"],
)
def test_damage_is_an_error_after_one_more_try(reply: bytes):
    @looped
    async def check() -> None:
        async with Site() as site:
            with pytest.raises(EncodingError):
                await get(site.on("/", reply))

            assert len(site.asked) == 2

    check()


BOMB = gzip.compress(bytes(20_000_000))


@pytest.mark.parametrize(
    "reply",
    [
        answer(BOMB, Content_Encoding="gzip"),
        answer(gzip.compress(BOMB), Content_Encoding="gzip, gzip"),
        answer(bytes(1_000_000)),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1_000_000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n" + bytes(65_535) + b"\r\n" + b"fffff\r\n"
        b"" + bytes(200_000),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ],
    ids=["bomb", "bomb in a bomb", "plain", "without length", "chunked", "announced"],
)
def test_too_large_is_an_error_at_once(reply: bytes):
    @looped
    async def check() -> None:
        async with Site() as site:
            with pytest.raises(TooLargeError):
                await get(site.on("/", reply), limit=100_000)

            assert len(site.asked) == 1

    check()


@looped
async def test_a_body_of_exactly_the_limit_is_taken():
    async with Site() as site:
        assert len((await get(site.on("/", answer(bytes(1000))), limit=1000)).body) == 1000
        assert len((await get(site.on("/", gzipped(bytes(200_000))), limit=200_000)).body) == 200_000
        with pytest.raises(TooLargeError):
            await get(site.on("/", answer(bytes(1001))), limit=1000)


@pytest.mark.parametrize(
    "reply", [answer(b"ab" * 700), gzipped(b"ab" * 700), b"HTTP/1.1 200 OK\r\n\r\n" + b"ab" * 9999]
)
def test_a_body_is_cut_where_that_is_wanted(reply: bytes):
    @looped
    async def check() -> None:
        async with Site() as site:
            assert (await get(site.on("/", reply), limit=100, cut=True)).body == b"ab" * 50
            assert site.asked[0].header("accept-encoding") == "identity"

    check()


@looped
async def test_the_name_goes_on_in_the_host_header():
    async with Site() as site, fetcher(resolver=Names({"gazette.example": [("127.0.0.1",)]})) as using:
        site.on("/", answer("a"))
        await get(site.url("/", "Gazette.example"), using=using)

        assert site.asked[0].header("host") == f"gazette.example:{site.port}"
