"""Pushback and errors, behaviours 16 to 27: who is left alone, for how long, and who is not affected."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import AsyncExitStack, asynccontextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ingest.schedule import ErrorClass, Health
from tests.live.behaviours import (
    EARLY,
    Process,
    asked_often,
    at,
    between,
    feeds,
    growing,
    pauses,
    sent,
    times,
)
from tests.live.running import item, rss
from tests.site import Site, answer, drip, hang

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ingest.feedstore import Listed
    from tests.site import Act

INTERVAL, BACKOFF, LONGEST, CONFIRM, TIMEOUT, PAUSE = 0.3, 0.25, 6.0, 1.0, 2.0, 3.0
"""Seconds; the last one is what hosts ask for."""
SCHEDULE = {
    "interval_seconds": INTERVAL,
    "min_interval_seconds": 0.2,
    "max_interval_seconds": LONGEST,
    "backoff_seconds": BACKOFF,
    "gone_confirm_seconds": CONFIRM,
}
FETCH = {"timeout_seconds": TIMEOUT, "host_connections": 1}
"""One connection, so that nothing can be on its way to a host at the moment that it asks for a pause."""
SENSELESS = {"/soon": "soon", "/minus": "-5", "/huge": "1000000000000", "/yesterday": "Sat, 01 Nov 2025 10:00:00 GMT"}
CHALLENGE = answer("<title>Just a moment...</title>", 403, Content_Type="text/html", cf_mitigated="challenge")
ERROR = answer(status=500)

pytestmark = pytest.mark.timeout(300)


class Host(NamedTuple):
    """A host with two feeds, one of which is refused once; when that was, and until when the host asked to be left."""

    site: Site
    refused: list[float]
    until: list[float]


class Met(NamedTuple):
    """What a service met with, and what came of it."""

    hosts: dict[str, Host]
    odd: Site
    healthy: Site
    known: dict[str, Listed]
    classes: dict[str, set[str]]
    metrics: dict[str, float]
    notes: list[str]
    titles: list[str]
    elsewhere: dict[str, str]


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Met:
    return asyncio.run(_met(tmp_path_factory.mktemp("pushback")))


async def _met(folder: Path) -> Met:
    async with AsyncExitStack() as stack:
        healthy, odd = [await stack.enter_async_context(Site()) for _ in range(2)]
        hosts = {name: await stack.enter_async_context(_host(status, name)) for name, status in ASKING.items()}
        elsewhere = {
            "deaf": (await stack.enter_async_context(Site())).on("/feed", hang),
            "slow": (await stack.enter_async_context(Site())).on("/feed", drip(_begun(100_000), 0.3)),
            "cut": (await stack.enter_async_context(Site())).on("/feed", _reset_within),
            "closed": f"http://127.0.0.1:{await stack.enter_async_context(_bound())}/feed",
            "tls": f"https://127.0.0.1:{await stack.enter_async_context(_plain())}/feed",
            "unknown": "http://feeds.invalid/feed",
        }
        urls = [healthy.on("/feed", growing("healthy")), *_odd(odd), *elsewhere.values()]
        urls += [host.site.url(path) for host in hosts.values() for path in ("/limited", "/beside")]
        async with Process(folder, *urls, schedule=SCHEDULE, fetch=FETCH) as service:
            await service.until(lambda: all(service.classes(url) for url in elsewhere.values()))
            await service.until(lambda: all(_over(host) for host in hosts.values()))
            await service.until(lambda: asked_often(odd, ODD))
            await service.until(lambda: at(odd, "/missing") and "Bridge report found" in _titles(service))
            metrics = await service.metrics()
        classes = {name: service.classes(url) for name, url in (elsewhere | {"blocked": odd.url("/blocked")}).items()}
        notes = [f"{line['message']} {line['feed']}" for line in service.lines() if line["message"].startswith("feed ")]
        return Met(hosts, odd, healthy, feeds(folder), classes, metrics, notes, _titles(service), elsewhere)


def _titles(service: Process) -> list[str]:
    return [row["title"] for row in service.written()]


# 429 and 503

ASKING = {"seconds": 429, "date": 429, "unavailable": 503}


@asynccontextmanager
async def _host(status: int, name: str) -> AsyncIterator[Host]:
    async with Site() as site:
        host = Host(site, [], [])
        feed = growing(name)

        async def limited(writer: asyncio.StreamWriter) -> None:
            if host.refused or len(at(site, "/beside")) < 2:
                await feed(writer)
                return
            now = time.time()
            date = formatdate(int(now + PAUSE + 1), usegmt=True)
            host.refused.append(site.asked[-1].at)
            host.until.append(time.monotonic() + (int(now + PAUSE + 1) - now if name == "date" else PAUSE))
            writer.write(answer(status=status, Retry_After=date if name == "date" else f"{PAUSE:g}"))

        site.on("/limited", limited)
        site.on("/beside", growing(f"beside {name}"))
        yield host


def _over(host: Host) -> bool:
    """Whether both feeds of the host were asked for after its pause."""
    last = {path: (times(host.site, path) or [0.0])[-1] for path in ("/limited", "/beside")}
    return bool(host.until) and min(last.values()) > host.until[0]


@pytest.mark.parametrize("name", ASKING)
def test_retry_after_keeps_every_feed_of_the_host_away_and_no_other_host(met: Met, name: str):
    """Behaviours 16 (429, seconds), 17 (a date) and 18 (503)."""
    site, (refused,), (until,) = met.hosts[name]

    assert between(site, refused, until) == []
    assert len(between(met.healthy, refused, until)) >= 2, "a host that asked for nothing goes on"
    assert met.known[site.url("/limited")].state.errors == 0


@pytest.mark.parametrize("path", SENSELESS)
def test_a_senseless_retry_after_counts_as_none(met: Met, path: str):
    """Behaviour 19: the feed backs off as after any error, and its host is not left alone."""
    waits = pauses(met.odd, path)

    assert waits[0] >= BACKOFF - EARLY
    assert waits[1] >= BACKOFF * 2 - EARLY
    assert min(waits) < LONGEST / 2
    assert max(pauses(met.odd, "/beside")) < LONGEST / 2


# Errors that a server tells

ODD = [
    ("/broken", 5),
    ("/mended", 7),
    ("/missing", 5),
    ("/gone", 2),
    ("/blocked", 2),
    ("/beside", 8),
    *((path, 3) for path in SENSELESS),
]


def _odd(site: Site) -> list[str]:
    """Set up the host of most errors, and return its feeds."""
    news = [answer(rss(item(f"mended {n}"))) for n in (1, 2)]
    return [
        site.on("/broken", ERROR),
        site.on("/mended", ERROR, ERROR, ERROR, *news, ERROR, answer(rss(item("mended 3")))),
        site.on("/missing", *[answer(status=404)] * 3, answer(rss(item("found")))),
        site.on("/gone", answer(status=410)),
        site.on("/blocked", CHALLENGE),
        site.on("/beside", growing("beside odd")),
        *(site.on(path, answer(status=429, Retry_After=value)) for path, value in SENSELESS.items()),
    ]


def test_each_wait_after_an_error_is_twice_the_one_before(met: Met):
    """Behaviour 20."""
    waits = pauses(met.odd, "/broken")

    assert len(waits) >= 4
    assert all(wait >= min(BACKOFF * 2**n, LONGEST) - EARLY for n, wait in enumerate(waits)), waits


def test_a_good_answer_ends_the_back_off(met: Met):
    """Behaviour 20: the interval holds again, and the next error begins with the first wait."""
    waits = pauses(met.odd, "/mended")

    assert [wait >= BACKOFF * 2**n - EARLY for n, wait in enumerate(waits[:3])] == [True] * 3
    assert waits[5] < BACKOFF * 2**3, "what a fourth error in a row would wait for"
    assert {f"Bridge report mended {n}" for n in (1, 2, 3)} <= set(met.titles)


def test_a_404_is_waited_out_and_costs_no_feed(met: Met):
    """Behaviour 21."""
    waits = pauses(met.odd, "/missing")

    assert [wait >= BACKOFF * 2**n - EARLY for n, wait in enumerate(waits[:3])] == [True] * 3
    assert met.titles.count("Bridge report found") == 1
    assert met.known[met.odd.url("/missing")].state.errors == 0


def test_a_410_is_confirmed_once_and_then_reported(met: Met):
    """Behaviour 22."""
    first, second = times(met.odd, "/gone")
    url = met.odd.url("/gone")

    assert second - first >= CONFIRM - EARLY
    assert met.odd.asked[-1].at - second > CONFIRM, "there was time for a third"
    assert met.known[url].state.health is Health.GONE
    assert [note for note in met.notes if note.endswith(f" {url}") and " gone" in note] == [
        f"feed gone_once {url}",
        f"feed gone {url}",
    ]
    assert met.metrics['newstap_feed_notes_total{note="gone"}'] == 1


def test_a_challenge_blocks_the_feed_and_changes_nothing_of_what_is_sent(met: Met):
    """Behaviour 23."""
    first, *others = sent(met.odd, "/blocked", "user-agent", "accept", "accept-encoding")

    assert set(others) == {first}
    assert min(pauses(met.odd, "/blocked")) >= BACKOFF * 4 - EARLY, "longer than after errors that pass"
    assert met.known[met.odd.url("/blocked")].state.error is ErrorClass.BLOCKED
    assert met.classes["blocked"] == {"blocked"}
    assert met.metrics['newstap_poll_errors_total{error="blocked"}'] >= 2


# Errors of the connection

CLASSES = {
    "closed": ErrorClass.UNREACHABLE,
    "cut": ErrorClass.UNDECODABLE,
    "tls": ErrorClass.TLS,
    "unknown": ErrorClass.UNRESOLVED,
    "deaf": ErrorClass.TIMEOUT,
    "slow": ErrorClass.TIMEOUT,
}


@pytest.mark.parametrize("name", CLASSES)
def test_errors_of_the_connection_are_told_apart(met: Met, name: str):
    """Behaviours 24 to 26: in the log, in the state and in the metrics; two of them, by the total timeout."""
    error = CLASSES[name]

    assert met.classes[name] == {error}
    assert met.known[met.elsewhere[name]].state.error is error
    assert met.metrics[f'newstap_poll_errors_total{{error="{error}"}}'] >= 1


def test_others_go_on_beside_errors_of_every_kind(met: Met):
    """Behaviour 24."""
    assert len(pauses(met.healthy, "/feed")) >= 8
    assert max(pauses(met.healthy, "/feed")) < TIMEOUT * 2
    assert met.known[met.healthy.url("/feed")].state.errors == 0


def _begun(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


async def _reset_within(writer: asyncio.StreamWriter) -> None:
    """Reset the connection when part of the body has arrived."""
    writer.write(_begun(100) + b"short")
    await writer.drain()
    await asyncio.sleep(0.5)  # a reset discards what the other side has not read yet
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def _bound() -> AsyncIterator[int]:
    """Yield a port that is taken and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@asynccontextmanager
async def _plain() -> AsyncIterator[int]:
    """Yield the port of a server that answers a TLS handshake in plain HTTP."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer(status=400))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


# Hosts that hang

HANGING = 100


@asynccontextmanager
async def _hanging(connections: set[int]) -> AsyncIterator[list[str]]:
    """Yield feeds, each on a host of its own, that accept and never answer; and note who was connected to."""

    def act(n: int) -> Act:
        async def waiting(writer: asyncio.StreamWriter) -> None:
            connections.add(n)
            await hang(writer)

        return waiting

    async with AsyncExitStack() as stack:
        yield [(await stack.enter_async_context(Site())).on("/feed", act(n)) for n in range(HANGING)]


def test_a_hundred_hosts_that_hang_do_not_slow_a_healthy_one(tmp_path: Path):
    """Behaviour 27: while all of them are waited for, another host's feed is polled as often as before."""
    asyncio.run(_beside_hanging_hosts(tmp_path))


async def _beside_hanging_hosts(folder: Path) -> None:
    connections: set[int] = set()
    schedule = {**SCHEDULE, "dead_after_errors": 1000}
    async with Site() as site, _hanging(connections) as urls:
        healthy = site.on("/feed", growing("healthy"))
        async with Process(folder, *urls, healthy, schedule=schedule, fetch={"timeout_seconds": 60}) as service:
            await service.until(lambda: len(connections) == HANGING)
            n = len(site.asked)
            await service.until(lambda: len(site.asked) >= n + 7)
            await service.kill()
        waits = pauses(site, "/feed")[n:]

    assert sorted(waits)[len(waits) // 2] < INTERVAL * 5
    assert max(waits) < INTERVAL * 20
