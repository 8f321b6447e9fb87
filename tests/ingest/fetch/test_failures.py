"""Each way to fail has its own error, over real sockets, and none keeps the next request from working."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import shutil
import socket
import ssl
import subprocess
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ingest.fetch.errors import (
    LONGEST_DETAIL,
    BlockedAddressError,
    CutShortError,
    DnsError,
    FetchError,
    FetchTimeoutError,
    InvalidUrlError,
    PausedError,
    ProtocolError,
    RefusedError,
    ResetError,
    TlsError,
)
from ingest.secret import MASK
from tests.ingest.fetch.fetchers import Names, fetcher, get
from tests.site import Site, answer, cut_short, drip, hang, looped, reset, slow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site import Reply


async def cut_by_reset(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    await writer.drain()
    await asyncio.sleep(0.05)
    await reset(writer)


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(reset, ResetError, id="reset"),
        pytest.param(leave, ResetError, id="closed"),
        pytest.param(cut_short, CutShortError, id="cut"),
        pytest.param(cut_by_reset, CutShortError, id="cut by a reset"),
        pytest.param(b"220 mail.example ESMTP\r\n\r\n", ProtocolError, id="no HTTP"),
        pytest.param(b"HTTP/1.1 999 Nope\r\nContent-Length: 0\r\n\r\n", ProtocolError, id="status"),
        pytest.param(answer(X="a" * 200_000), ProtocolError, id="header too large"),
        pytest.param(hang, FetchTimeoutError, id="silence"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX: ", 0.1), FetchTimeoutError, id="dripping head"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n\r\n", 0.1), FetchTimeoutError, id="dripping body"),
    ],
)
def test_answers_that_are_none(reply: Reply, error: type[FetchError]):
    @looped
    async def check() -> None:
        timeout = 2.0 if error is FetchTimeoutError else 60.0  # a good answer has to come in time, too
        async with Site() as site, fetcher(timeout=timeout) as using:
            started = time.monotonic()
            with pytest.raises(error) as caught:
                await get(site.on("/bad?token=hidden", reply), using=using)

            assert type(caught.value) is error
            assert caught.value.url == site.url(f"/bad?token={MASK}")
            assert "hidden" not in str(caught.value)
            assert time.monotonic() - started < 30
            assert (await get(site.on("/good", answer("a")), using=using)).body == b"a"

    check()


@looped
async def test_a_connection_that_was_reset_is_tried_once_more():
    async with Site() as site:
        assert (await get(site.on("/", reset, answer("a")))).body == b"a"
        site.asked.clear()
        with pytest.raises(ResetError):
            await get(site.on("/", reset))
        assert len(site.asked) == 2


@looped
async def test_nobody_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # not listening
        with pytest.raises(RefusedError):
            await get(f"http://127.0.0.1:{bound.getsockname()[1]}/")


@looped
async def test_a_name_without_address():
    class Nothing:
        async def addresses(self, host: str) -> tuple[str, ...]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with fetcher(resolver=Nothing()) as using:
        with pytest.raises(DnsError, match="not known"):
            await get("http://nowhere.example/", using=using)
    async with fetcher(resolver=Names({"empty.example": [()]})) as using:
        with pytest.raises(DnsError):
            await get("http://empty.example/", using=using)


@looped
async def test_the_next_address_is_tried_where_one_does_not_answer():
    names = Names({"two.example": [("127.0.0.9", "127.0.0.1")]})
    async with Site() as site, fetcher(resolver=names, allowed=(ipaddress.ip_network("127.0.0.0/8"),)) as using:
        site.on("/", answer("a"))

        assert (await get(site.url("/", "two.example"), using=using)).remote == "127.0.0.1"


@looped
async def test_one_bad_answer_refuses_the_name():
    names = Names({"two.example": [("127.0.0.1", "10.0.0.1")]})
    async with Site() as site, fetcher(resolver=names) as using:
        with pytest.raises(BlockedAddressError, match=r"10\.0\.0\.1 is private"):
            await get(site.url("/", "two.example"), using=using)

        assert site.asked == []


@looped
async def test_a_name_that_changes_its_address_after_the_check_gains_nothing():
    """One look-up a connection: what was judged is what is connected to."""
    names = Names({"rebound.example": [("127.0.0.1",), ("127.0.0.2",)]})
    async with Site() as site, Site("127.0.0.2") as inner, fetcher(resolver=names) as using:
        site.on("/", answer("a", Connection="close"))
        response = await get(site.url("/", "rebound.example"), using=using)
        assert (response.remote, names.asked) == ("127.0.0.1", ["rebound.example"])
        with pytest.raises(BlockedAddressError):
            await get(site.url("/", "rebound.example"), using=using)

        assert inner.asked == []


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "feed", "", "http://user:hidden@127.0.0.1/", "http://a b.example/"]
)
def test_what_is_no_url_is_not_tried(url: str):
    @looped
    async def check() -> None:
        with pytest.raises(InvalidUrlError) as caught:
            await get(url)

        assert "hidden" not in str(caught.value)

    check()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for gazette.example that nobody has signed, with its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: no certificate to test with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(path), "-out", f"{path}.crt"]
    command += ["-subj", "/CN=gazette.example", "-addext", "subjectAltName=DNS:gazette.example", "-days", "2"]
    subprocess.run(command, check=True, capture_output=True)
    with path.open("ab") as both:
        both.write(path.with_suffix(".pem.crt").read_bytes())
    return path


def test_certificates_are_verified_for_the_name(certificate: Path):
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    asked: list[str | None] = []
    serving.sni_callback = lambda _, name, __: asked.append(name)
    names = Names({"gazette.example": [("127.0.0.1",)], "other.example": [("127.0.0.1",)]})
    trusting = ssl.create_default_context(cafile=f"{certificate}.crt")

    @looped
    async def check() -> None:
        async with Site(tls=serving) as site:
            site.on("/", answer("a"))
            async with fetcher(resolver=names) as using:
                with pytest.raises(TlsError, match="self-signed"):
                    await get(site.url("/", "gazette.example"), using=using)
            async with fetcher(resolver=names, tls=trusting) as using:
                with pytest.raises(TlsError, match="not valid for"):
                    await get(site.url("/", "other.example"), using=using)
                assert (await get(site.url("/", "gazette.example"), using=using)).body == b"a"

    check()
    assert asked == ["gazette.example", "other.example", "gazette.example"]


@looped
async def test_a_handshake_that_never_ends_is_given_up_and_its_socket_closed():
    async with Site() as site, fetcher(timeout=0.3) as using:
        with pytest.raises(FetchTimeoutError):
            await get(site.url("/").replace("http:", "https:"), using=using)
    gc.collect()  # an open socket would warn here, and fail the test


@looped
async def test_a_hundred_hosts_that_hang_do_not_delay_a_healthy_one():
    names = Names({f"{number}.example": [("127.0.0.1",)] for number in range(101)})
    async with Site() as site, fetcher(resolver=names, connections=1, delay=1.0, timeout=300) as using:
        site.on("/hang", hang)
        site.on("/good", answer("a"))
        hanging = [asyncio.create_task(get(site.url("/hang", f"{n}.example"), using=using)) for n in range(100)]
        while len(site.asked) < 100:
            await asyncio.sleep(0.01)
        started = time.monotonic()
        await get(site.url("/good", "100.example"), using=using)

        assert time.monotonic() - started < 60
        for task in hanging:
            task.cancel()
        assert {type(each) for each in await asyncio.gather(*hanging, return_exceptions=True)} == {
            asyncio.CancelledError
        }


@looped
async def test_time_spent_waiting_for_a_turn_is_no_time_of_the_request():
    async with Site() as site, fetcher(connections=1, timeout=3.0) as using:
        url = site.on("/", slow(answer("a"), 0.3))
        found = await asyncio.gather(*(get(url, using=using) for _ in range(11)))

        assert [each.body for each in found] == [b"a"] * 11
        assert site.most_at_once == 1


@looped
async def test_a_hosts_budget_holds_for_all_its_urls():
    async with Site() as site, fetcher(connections=2, delay=0.1) as using:
        for number in range(8):
            site.on(f"/{number}", slow(answer("a"), 0.25))
        await asyncio.gather(*(get(site.url(f"/{number}"), using=using) for number in range(8)))

        times = [each.at for each in site.asked]
        assert site.most_at_once == 2
        assert min(later - sooner for sooner, later in pairwise(times)) >= 0.05  # as they arrive, not as they start
        assert times[-1] - times[0] >= 0.65


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_pushes_back_is_left_alone(status: int):
    @looped
    async def check() -> None:
        async with Site() as site, Site() as other, fetcher() as using:
            await get(site.on("/a", answer(status=status, Retry_After="1")), using=using)
            with pytest.raises(PausedError):
                await get(site.on("/b", answer("b")), using=using)
            assert (await get(other.on("/", answer("c")), using=using)).body == b"c"
            assert (await get(site.url("/b"), using=using, patience=5)).body == b"b"

            assert site.targets() == ["/a", "/b"]
            assert site.asked[1].at - site.asked[0].at >= 0.95

    check()


@looped
async def test_what_a_server_makes_up_does_not_fill_logs_and_state():
    async with Site() as site, fetcher() as using:
        with pytest.raises(ProtocolError) as caught:
            await get(site.on("/feed", b"no HTTP, " * 4_000 + b"\r\n\r\n"), using=using)

    assert len(caught.value.detail) == LONGEST_DETAIL
