"""The budget of a host, by a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from ingest.fetch.errors import PausedError
from ingest.fetch.hosts import Hosts
from tests.ingest.fetch.fetchers import Time
from tests.site import looped

A = "a.example:80"


def budget(time: Time, *, connections: int = 2, delay: float = 1.0) -> Hosts:
    return Hosts(connections=connections, delay=delay, clock=time.clock, sleep=time.sleep)


async def starts(hosts: Hosts, time: Time, count: int, host: str = A) -> list[float]:
    """When each of so many requests started, in order of asking."""
    found: dict[int, float] = {}

    async def one(number: int) -> None:
        async with hosts.turn(host, url=f"http://{host}/"):
            found[number] = time.now

    await asyncio.gather(*(one(number) for number in range(count)))
    return [found[number] - 1000.0 for number in range(count)]


@looped
async def test_starts_are_spaced_in_the_order_of_asking():
    time = Time()

    assert await starts(budget(time), time, 4) == [0, 1, 2, 3]


@looped
async def test_the_distance_counts_from_when_a_request_was_sent():
    """One that had to connect first reaches the host later than its turn came, and so does the next one."""
    time = Time()
    hosts = budget(time)
    async with hosts.turn(A, url="http://a.example/") as turn:
        time.now += 0.75
        turn.sent()

    assert await starts(hosts, time, 2) == [1.75, 2.75]


@looped
async def test_a_new_request_keeps_its_distance_to_one_that_is_over():
    time = Time()
    hosts = budget(time)

    assert await starts(hosts, time, 1) == [0]
    assert await starts(hosts, time, 1) == [1]


@looped
async def test_no_more_connections_than_allowed():
    time = Time()
    hosts = budget(time, delay=0)
    release = asyncio.Event()
    running: list[int] = []

    async def hold(number: int) -> None:
        async with hosts.turn(A, url="http://a.example/"):
            running.append(number)
            await release.wait()

    tasks = [asyncio.create_task(hold(number)) for number in range(5)]
    await asyncio.sleep(0.01)
    assert running == [0, 1]
    tasks[0].cancel()
    await asyncio.sleep(0.01)
    assert running == [0, 1, 2]
    release.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert running == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("asked", "kept"), [(3.0, 3), (0.1, 1), (None, 1), (86_400.0, 120), (float("inf"), 120)])
def test_the_longer_of_crawl_delay_and_our_own_is_kept_up_to_two_minutes(asked: float | None, kept: int):
    async def found() -> list[float]:
        time = Time()
        hosts = budget(time)
        hosts.slow_down(A, asked)
        return await starts(hosts, time, 3)

    assert asyncio.run(found()) == [0, kept, 2 * kept]


@looped
async def test_a_crawl_delay_counts_from_the_request_that_told_of_it():
    time = Time()
    hosts = budget(time)

    await starts(hosts, time, 1)
    hosts.slow_down(A, 3)

    assert await starts(hosts, time, 1) == [3]


@looped
async def test_a_pause_stops_the_whole_host_and_no_other():
    time = Time()
    hosts = budget(time)
    hosts.pause(A, 60)
    hosts.pause(A, 5)

    assert hosts.paused_for(A) == 60
    with pytest.raises(PausedError) as caught:
        await starts(hosts, time, 1)
    assert caught.value.seconds == 60
    assert await starts(hosts, time, 1, "a.example:8080") == [0]
    time.now += 60
    assert await starts(hosts, time, 1) == [60]


@looped
async def test_who_has_patience_waits_for_the_end_of_a_pause():
    time = Time()
    hosts = budget(time)
    hosts.pause(A, 5)

    async with hosts.turn(A, url="http://a.example/", patience=10):
        assert time.now == 1005


@looped
async def test_those_already_waiting_learn_of_a_pause():
    time = Time()
    hosts = budget(time, connections=1)

    async def second() -> None:
        async with hosts.turn(A, url="http://a.example/"):
            pytest.fail("it started within the pause")

    async with hosts.turn(A, url="http://a.example/"):
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0)
        hosts.pause(A, 3600)
    with pytest.raises(PausedError):
        await waiting


@looped
async def test_idle_hosts_are_forgotten_and_paused_ones_are_not():
    time = Time()
    hosts = budget(time)
    hosts.pause(A, 86_400)
    for number in range(20_000):
        async with hosts.turn(f"{number}.example:80", url="http://a.example/"):
            time.now += 1

    assert hosts.known < 2_000
    assert hosts.paused_for(A) > 60_000


@looped
async def test_while_all_is_held_up_nothing_starts_and_nothing_goes_out() -> None:
    """A fetcher that may have lost its feeds asks no host, though it waited for its turn, or was connecting."""
    seconds = 0.0
    hosts = Hosts(connections=2, delay=0.0, held_up=lambda: seconds)
    async with hosts.turn(A, url="http://a.example/") as turn:
        turn.sending()
        seconds = 5.0
        with pytest.raises(PausedError) as caught:
            turn.sending()
    assert caught.value.seconds == 5.0
    with pytest.raises(PausedError):
        async with hosts.turn(A, url="http://a.example/"):
            pass
