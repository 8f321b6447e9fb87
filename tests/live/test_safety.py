"""Redirects lead nowhere that a feed's owner could not have meant (behaviours 34 and 35 of the service)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ingest.schedule import ErrorClass
from processors.records import Reason
from tests.live.running import Running, item, rss
from tests.live.states import errors
from tests.site import Site, answer, looped, moved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

INNER = "127.0.0.2"
"""An address that the service may not reach, where somebody listens all the same."""


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[object]]]:
    """A port of `INNER`, and the peers that connected to it."""
    peers: list[object] = []

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(connected, INNER, 0)
    async with server:
        yield server.sockets[0].getsockname()[1], peers


@looped
async def test_a_redirect_to_no_web_address_or_into_a_private_network_is_refused(tmp_path: Path):
    """34: of a feed or of a page, by whatever spelling: it is an error of that feed, and nothing is connected to."""
    async with Site() as site, listening() as (port, peers):
        inner = [f"http://{INNER}:{port}/", f"http://2130706434:{port}/", f"http://[::ffff:{INNER}]:{port}/"]
        strange = ["file:///etc/hostname", "javascript:alert(1)", "ftp://127.0.0.1/", "http://[bad/", "data:text/xml,a"]
        metadata = ["http://169.254.169.254/latest/meta-data/"]
        refused = [site.on(f"/in/{n}", moved(to)) for n, to in enumerate(inner + metadata)]
        strays = [site.on(f"/out/{n}", moved(to, 301)) for n, to in enumerate(strange)]
        page = site.on("/page", moved(inner[0]))
        site.on("/feed", answer(rss(item(1, link=page))))
        fetch = {"pages": True, "allow_networks": ["127.0.0.1/32"]}
        async with Running(tmp_path, *refused, *strays, site.url("/feed"), fetch=fetch) as service:
            await service.until(lambda: errors(tmp_path).keys() >= {*refused, *strays})
            await service.until(lambda: service.records)
            found = errors(tmp_path)

    assert {found[url] for url in refused} == {ErrorClass.REFUSED}
    assert {found[url] for url in strays} == {ErrorClass.REDIRECTS}
    assert [record.origin.fallback for record in service.records] == [Reason.UNREACHABLE]
    assert peers == []


@looped
async def test_a_redirect_to_another_origin_carries_no_credentials(tmp_path: Path):
    """35: the feed's own headers stay within its scheme, host and port, also where a later hop leads back."""
    async with Site() as site, Site() as other:
        site.on("/feed", moved("/inside"))
        site.on("/inside", answer(status=302, Location=other.url("/outside"), Set_Cookie="id=1; Path=/"))
        other.on("/outside", answer(status=302, Location=site.url("/back"), Set_Cookie="id=2; Path=/"))
        site.on("/back", answer(rss(item(1)), Set_Cookie="id=3; Path=/"))
        feed = {"url": site.url("/feed"), "headers": {"Authorization": "Bearer ${FEED_TOKEN}"}}
        service = Running(tmp_path, feed)
        service.environ["FEED_TOKEN"] = "of-the-feed"
        async with service:
            await service.until(lambda: site.targets().count("/back") >= 2)

    sent = {(asked.target, asked.header("authorization")) for asked in site.asked + other.asked}
    token = "Bearer of-the-feed"
    assert sent == {("/feed", token), ("/inside", token), ("/outside", None), ("/back", None)}
    assert {asked.header("cookie") for asked in site.asked + other.asked} == {None}
    assert service.titles == ["Bridge report 1"]
