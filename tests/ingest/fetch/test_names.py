"""Names to addresses, and work that is shared."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from ingest.fetch.names import CachedResolver, SystemResolver
from ingest.fetch.once import Once
from tests.ingest.fetch.fetchers import Names
from tests.site import looped


@looped
async def test_a_name_is_remembered_for_a_minute():
    now = [0.0]
    names = Names({"a.example": [("192.0.2.1",), ("192.0.2.2",)]})
    cached = CachedResolver(names, clock=lambda: now[0])

    assert await asyncio.gather(*(cached.addresses("a.example") for _ in range(3))) == [("192.0.2.1",)] * 3
    now[0] = 59.9
    assert await cached.addresses("a.example") == ("192.0.2.1",)
    now[0] = 60.0
    assert await cached.addresses("a.example") == ("192.0.2.2",)
    assert names.asked == ["a.example"] * 2


@looped
async def test_a_failure_is_not_remembered():
    names = Names()
    cached = CachedResolver(names)
    for _ in range(2):
        with pytest.raises(OSError, match="not known"):
            await cached.addresses("nowhere.invalid")

    assert len(names.asked) == 2


@looped
async def test_names_are_not_remembered_without_end():
    names = Names()
    cached = CachedResolver(names)
    for number in range(10_001):
        await cached.addresses(f"10.0.{number // 256}.{number % 256}")
    await cached.addresses("10.0.39.16")
    assert len(names.asked) == 10_001
    await cached.addresses("10.0.0.0")
    assert len(names.asked) == 10_002


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001"])
def test_the_system_sees_through_spellings(spelling: str):
    async def found() -> tuple[str, ...]:
        resolver = SystemResolver()
        try:
            return await resolver.addresses(spelling)
        finally:
            resolver.close()

    assert asyncio.run(found()) == ("127.0.0.1",)


@looped
async def test_a_label_that_is_too_long_is_no_name():
    resolver = SystemResolver()
    with pytest.raises(OSError, match="label"):
        await resolver.addresses("a" * 64 + ".example")
    resolver.close()


@looped
async def test_more_names_than_threads_are_looked_up_one_after_the_other():
    resolver = SystemResolver(threads=2)
    given_up = asyncio.create_task(resolver.addresses("127.0.0.99"))
    found = asyncio.gather(*(resolver.addresses(f"127.0.0.{n}") for n in range(1, 9)))
    await asyncio.sleep(0)
    given_up.cancel()

    assert await found == [(f"127.0.0.{n}",) for n in range(1, 9)]
    resolver.close()


@looped
async def test_look_ups_that_wait_end_with_the_resolver():
    resolver = SystemResolver(threads=0)
    waiting = asyncio.create_task(resolver.addresses("127.0.0.1"))
    await asyncio.sleep(0)
    resolver.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


_DEAD_SERVERS = """
import asyncio, socket, time
from ingest.fetch.names import SystemResolver

socket.getaddrinfo = lambda *_, **__: time.sleep(300)

async def main():
    resolver = SystemResolver()
    try:
        await asyncio.wait_for(resolver.addresses("gazette.example"), 0.1)
    except TimeoutError:
        print("given up", flush=True)
    resolver.close()

asyncio.run(main())
"""


def test_a_look_up_at_dead_name_servers_does_not_keep_the_process_from_ending():
    done = subprocess.run(
        [sys.executable, "-c", _DEAD_SERVERS], capture_output=True, text=True, timeout=40, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\n", "")


@looped
async def test_shared_work_ends_when_nobody_waits_for_it_any_more():
    ended = []
    once: Once[int] = Once()

    async def work() -> int:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)
        return 1

    tasks = [asyncio.create_task(once.run("key", work)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0.01)
    assert ended == []
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert ended == [True]


@looped
async def test_shared_work_that_fails_fails_for_all_and_is_then_tried_anew():
    once: Once[int] = Once()
    runs = []

    async def work() -> int:
        runs.append(True)
        await asyncio.sleep(0)
        raise ValueError("no")

    found = await asyncio.gather(*(once.run("key", work) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError, ValueError]
    with pytest.raises(ValueError, match="no"):
        await once.run("key", work)
    assert len(runs) == 2
