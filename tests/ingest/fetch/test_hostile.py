"""URLs and responses that somebody else made up to do harm."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from ingest.fetch.errors import FetchError
from tests.ingest.fetch.fetchers import Names, fetcher, get
from tests.site import Site, looped

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus


class OneAddress(Names):
    """Addresses in any spelling are themselves, as with the system's resolver; every other name is a public host."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        try:
            return await super().addresses(host)
        except socket.gaierror:
            local = "localhost" in host.lower() or host.startswith("ip6-")
            return ("127.0.0.1",) if local else ("192.0.2.1",)


def test_no_url_made_for_it_reaches_anything(corpus: Path):
    urls = [json.loads(line) for line in (corpus / "hostile/urls/ssrf_urls.jsonl").read_text("utf-8").splitlines()]
    assert len(urls) >= 60

    @looped
    async def kinds() -> None:
        async with fetcher(allowed=(), resolver=OneAddress()) as using:
            for url in urls:
                with pytest.raises(FetchError) as caught:
                    await get(url, using=using)
                assert caught.value.kind in {"blocked_ssrf", "invalid_url"}, url

    kinds()


def test_no_response_made_for_it_breaks_the_fetcher(corpus: Path):
    listed = [json.loads(line) for line in (corpus / "hostile/index.jsonl").read_text("utf-8").splitlines()]
    cases = [case for case in listed if case["kind"] == "http-response"]
    assert len(cases) >= 13

    @looped
    async def check() -> None:
        async with Site() as site, fetcher() as using:
            for case in cases:
                url = site.on("/feed", (corpus / "hostile" / case["file"]).read_bytes())
                try:
                    found = "accepted" if (await get(url, using=using, limit=10_000_000)).status == 200 else "status"
                except FetchError:
                    found = "rejected-with-error"
                assert found == case["expected"] or (case["either_ok"] and found == "accepted"), case

    check()
