"""Redirects, over real sockets."""

from __future__ import annotations

import pytest

from ingest.fetch.errors import BlockedAddressError, DisallowedError, RedirectError
from ingest.fetch.messages import Headers, Hop
from ingest.fetch.redirects import following
from ingest.fetch.urls import target
from ingest.secret import Secret
from tests.ingest.fetch.fetchers import Names, fetcher, get
from tests.site import Site, answer, looped, moved


@pytest.mark.parametrize(
    ("statuses", "for_good"),
    [((301,), True), ((308, 301), True), ((301, 302), False), ((307,), False), ((303,), False), ((302, 301), False)],
)
def test_every_hop_is_told_so_that_permanent_moves_can_be_remembered(statuses: tuple[int, ...], for_good: bool):
    @looped
    async def check() -> None:
        async with Site() as site:
            for number, status in enumerate(statuses):
                site.on(f"/{number}", moved(f"/{number + 1}", status))
            final = site.on(f"/{len(statuses)}", answer("a"))
            response = await get(site.url("/0"))

            assert (response.status, response.body, response.final_url) == (200, b"a", final)
            assert response.hops == tuple(Hop(site.url(f"/{n}"), status) for n, status in enumerate(statuses))
            assert response.moved is for_good

    check()


@looped
async def test_five_redirects_are_followed_and_no_more():
    async with Site() as site:
        for number in range(30):
            site.on(f"/{number}", moved(f"/{number + 1}"))
        site.on("/30", answer("a"))

        assert len((await get(site.url("/25"))).hops) == 5
        site.asked.clear()
        with pytest.raises(RedirectError, match="more than 5"):
            await get(site.url("/0"))
        assert len(site.asked) == 6


@looped
async def test_a_circle_is_noticed():
    async with Site() as site:
        site.on("/a", moved("/b"))
        site.on("/b", moved("/a#again"))
        with pytest.raises(RedirectError, match="circle"):
            await get(site.url("/a"))

        assert site.targets() == ["/a", "/b"]


@pytest.mark.parametrize(
    "location",
    ["file:///etc/hostname", "javascript:alert(1)", "ftp://127.0.0.1/", "http://[bad/", "//user@127.0.0.1/", ""],
)
def test_what_is_no_web_address_is_not_followed(location: str):
    @looped
    async def check() -> None:
        async with Site() as site:
            with pytest.raises(RedirectError):
                await get(site.on("/", moved(location)))

            assert len(site.asked) == 1

    check()


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/", "http://127.0.0.2:{port}/", "http://[::ffff:127.0.0.3]:{port}/"]
)
def test_every_hop_is_checked_for_its_address(location: str):
    @looped
    async def check() -> None:
        async with Site() as site, Site("127.0.0.2") as inner:
            with pytest.raises(BlockedAddressError):
                await get(site.on("/", moved(location.format(port=inner.port))))

            assert inner.asked == []

    check()


@looped
async def test_every_hop_is_checked_by_the_caller_before_it_is_asked():
    seen = []

    async def check(url: str) -> None:
        seen.append(url)
        if url.endswith("/private"):
            raise DisallowedError(url, "no")

    async with Site() as site, fetcher() as using:
        url = site.on("/", moved("/private"))
        with pytest.raises(DisallowedError):
            await get(url, using=using, check=check)

        assert seen == [url, site.url("/private")]
        assert site.targets() == ["/"]


@looped
async def test_secrets_stay_with_their_origin():
    secrets = {"Authorization": Secret("Bearer a"), "X-Key": Secret("b")}
    async with Site() as site, Site() as other:
        site.on("/same", moved("/start"))
        site.on("/start", moved(other.url("/there")))
        other.on("/there", moved(site.url("/back")))
        site.on("/back", answer("a"))
        await get(site.url("/same"), headers=secrets)

        assert [each.header("authorization") for each in site.asked] == ["Bearer a", "Bearer a", None]
        assert [each.header("x-key") for each in site.asked + other.asked] == ["b", "b", None, None]
        assert other.asked[0].header("authorization") is None


@looped
async def test_a_target_in_raw_utf8_with_spaces_is_understood():
    async with Site() as site:
        site.on("/", moved(" /für alle ".encode().decode("latin-1")))
        site.on("/f%C3%BCr%20alle", answer("a"))

        assert (await get(site.url("/"))).body == b"a"


def test_https_is_not_left_for_the_http_of_another_host():
    headers = Headers([(b"Location", b"http://b.example/")])

    with pytest.raises(RedirectError, match="from https"):
        following(target("https://a.example/"), headers, [])


@pytest.mark.parametrize(
    ("here", "there", "text"),
    [
        ("https://a.example/", "http://a.example/x", "http://a.example/x"),
        ("https://a.example/", "//b.example/", "https://b.example/"),
        ("http://a.example/", "http://b.example/", "http://b.example/"),
        ("http://a.example/b/c", "../d#e", "http://a.example/d"),
    ],
)
def test_other_changes_are_followed(here: str, there: str, text: str):
    assert following(target(here), Headers([(b"Location", there.encode())]), []).text == text


@looped
async def test_each_hop_takes_its_turn_at_its_own_host():
    names = Names({"a.example": [("127.0.0.1",)], "b.example": [("127.0.0.1",)]})
    async with Site() as site, fetcher(resolver=names, delay=0.6) as using:
        site.on("/1", moved("/2"))
        site.on("/2", moved(site.url("/3", "b.example")))
        site.on("/3", answer("a"))
        await get(site.url("/1", "a.example"), using=using)

        first, second, third = (each.at for each in site.asked)
        assert second - first >= 0.45
        assert third - second < 0.45
