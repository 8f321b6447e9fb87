"""The service as its operator meets it: signals, a second one, a configuration that changes, a disk that is full."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

from tests.commands import rows
from tests.ingest.newsroom import begun, descendants, gone, newstap
from tests.live.processes import Process
from tests.live.running import item, rss
from tests.sinks.disks import mounted
from tests.site import Site, answer, drip, hang, looped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = pytest.mark.timeout(
    180
)  # each starts the service, some twice: seconds, but half a minute on a busy machine


def _report(*numbers: int) -> bytes:
    return answer(rss(*(item(n) for n in numbers)))


def _count(site: Site, path: str) -> int:
    return site.targets().count(path)


@looped
async def test_a_second_service_on_the_same_state_refuses_in_one_line(tmp_path: Path):
    """It ends with 2 and names the other process, which goes on."""
    async with Site() as site:
        site.on("/feed", _report(1))
        async with Process(tmp_path, site.url("/feed")) as service:
            await service.until(lambda: site.asked)
            second = await asyncio.to_thread(newstap, "run", "--config", service.files.file, cwd=tmp_path)
            asked = len(site.asked)
            await service.until(lambda: len(site.asked) > asked)

            assert second.returncode == 2
            assert second.stderr.count("\n") == 1
            assert f"in use by another newstap process (pid {service.pid})" in second.stderr


@looped
async def test_sigterm_ends_in_time_whatever_servers_do(tmp_path: Path):
    """Servers that hang or drip are given up; what was read before is delivered, and the exit code is 0."""
    dripping = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", 0.1)
    async with Site() as site:
        pages = [site.on(f"/page/{n}", dripping if n % 2 else hang) for n in range(4)]
        feeds = [site.on("/hang", hang), site.on("/drip", dripping), site.on("/good", _report(1, 2))]
        feeds.append(site.on("/pages", answer(rss(*(item(n + 10, link=page) for n, page in enumerate(pages))))))
        fetch = {"timeout_seconds": 300, "host_connections": 8, "pages": True}
        async with Process(tmp_path, *feeds, fetch=fetch) as service:
            await service.until(lambda: len(service.titles) >= 2 and _count(site, "/page/3"))
            began = time.monotonic()
            service.signal(signal.SIGTERM)

            assert await service.ended(60) == 0, service.log
            assert time.monotonic() - began < 60
            assert sorted(service.titles) == ["Bridge report 1", "Bridge report 2"]


@looped
async def test_sigterm_at_the_first_sign_of_life_ends_it_in_order(tmp_path: Path):
    async with Site() as site:
        site.on("/feed", _report(1))
        async with Process(tmp_path, site.url("/feed")) as service:
            await service.until(lambda: "listening on" in service.log)
            service.signal(signal.SIGTERM)

            assert await service.ended(60) == 0, service.log


@looped
async def test_a_second_sigterm_ends_it_at_once_and_loses_nothing(tmp_path: Path):
    """The exit code is 1; no process stays behind, and the next start goes on as if nothing had happened."""
    async with Site() as site:
        link = site.on("/page", hang, answer("<p>Nothing here.</p>", Content_Type="text/html"))
        site.on("/feed", answer(rss(item(1), item(2, link=link))))
        fetch = {"timeout_seconds": 300, "pages": True}
        async with Process(tmp_path, site.url("/feed"), fetch=fetch) as service:
            await service.until(lambda: service.titles and _count(site, "/page"))
            below = descendants(service.pid)
            service.signal(signal.SIGTERM)
            await asyncio.sleep(0.5)  # it waits for the page now, for five seconds
            service.signal(signal.SIGTERM)

            assert await service.ended(60) == 1, service.log
            assert "ended by a second SIGTERM" in service.log
            assert not gone(below, within=60)
        async with Process(tmp_path, site.url("/feed"), fetch=fetch) as service:
            await service.until(lambda: len(service.titles) == 2)
        assert sorted(service.titles) == ["Bridge report 1", "Bridge report 2"]


@looped
async def test_a_broken_configuration_leaves_the_one_before_in_force(tmp_path: Path):
    """SIGHUP says what is wrong and changes nothing; the mended file is taken up when it is there, without a signal."""
    async with Site() as site:
        old, new = site.on("/old", _report(1)), site.on("/new", _report(2))
        async with Process(tmp_path, old) as service:
            await service.until(lambda: site.asked)
            service.files.file.write_text("[schedule]\ninterval_seconds = 'soon'\n[[feeds]]\nurl = 5\n")
            service.signal(signal.SIGHUP)
            await service.until(lambda: "the one before stays in force" in service.log)
            asked = _count(site, "/old")
            await service.until(lambda: _count(site, "/old") > asked + 1)
            assert "interval_seconds" in service.log
            assert not _count(site, "/new")

            service.configure(new)
            await service.until(lambda: _count(site, "/new"))
            asked = _count(site, "/old")
            await asyncio.sleep(1.5)
            assert _count(site, "/old") <= asked + 1, "it left the file; one poll may have been under way"


@looped
async def test_the_store_of_feeds_takes_effect_while_the_service_runs(tmp_path: Path):
    """A feed that is added is polled soon; one that is paused or removed is not, two seconds later at the latest."""
    async with Site() as site:
        first, *others = (site.on(f"/{n}", _report(n)) for n in range(3))
        async with Process(tmp_path, first) as service:
            await service.until(lambda: site.asked)
            for url in others:
                await _feeds(service, "add", url)
            await service.until(lambda: _count(site, "/1") and _count(site, "/2"))
            await _feeds(service, "pause", others[0])
            await _feeds(service, "remove", others[1])
            await asyncio.sleep(2)
            asked, before = len(site.asked), _count(site, "/0")
            await service.until(lambda: _count(site, "/0") >= before + 2)
            assert set(site.targets()[asked:]) == {"/0"}
            await _feeds(service, "resume", others[0])
            asked = _count(site, "/1")
            await service.until(lambda: _count(site, "/1") > asked)
            await service.until(lambda: sorted(service.titles) == [f"Bridge report {n}" for n in range(3)])


async def _feeds(service: Process, action: str, url: str) -> None:
    """Run `newstap feeds`."""
    done = await asyncio.to_thread(
        newstap, "feeds", action, url, "--config", service.files.file, cwd=service.files.folder
    )
    assert done.returncode == 0, done.stderr


@looped
async def test_a_full_disk_under_the_state_is_waited_for(tmp_path: Path):
    """The service stays up and says why it waits; with room again it goes on, and nothing is lost or there twice."""

    @contextmanager
    def full(service: Process) -> Iterator[None]:
        """Let no file of the service grow beyond its log of changes: the state cannot be written then."""
        _, hard = limits = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
        size = (tmp_path / "var" / "state" / "state.sqlite-wal").stat().st_size
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, limits)

    await _disk_full(tmp_path, tmp_path / "var" / "out", full)


def test_a_start_on_a_full_disk_is_no_mistake_of_the_configuration(tmp_path: Path):
    """The exit code is 1, so that a service manager tries again."""
    with mounted() as disk:
        file = Process(tmp_path, state={"path": str(disk.path / "x")}).files.file
        with disk.full():
            done = newstap("run", "--config", file, cwd=tmp_path)

    assert done.returncode == 1
    assert "state.sqlite: " in done.stderr
    assert "full" in done.stderr or "No space left" in done.stderr


def test_a_full_disk_under_the_output_is_waited_for(tmp_path: Path):
    """The same with a real one, where only the files are."""
    with mounted() as disk:
        files = {"path": str(disk.path / "out")}
        looped(_disk_full)(tmp_path, disk.path / "out", lambda _: disk.full(), **{"sinks.files": files})


async def _disk_full(
    folder: Path, out: Path, full: Callable[[Process], AbstractContextManager[None]], **sections: dict[str, str]
) -> None:
    last = 6
    async with Site() as site:
        url = site.on("/feed", *(_report(*range(n, 0, -1)) for n in range(1, last + 1)))
        async with Process(folder, url, **sections) as service:
            await service.until(lambda: rows(out / "records"))
            with full(service):
                await service.until(lambda: service.health()[0] == 503)
                told = service.health()[1]
                reasons = [part["why"] for part in told["parts"].values() if "why" in part]
                assert reasons, told
                for reason in reasons:  # the state's, and that of a sink which could not keep its place in it
                    assert any(word in reason for word in ("is full", "No space left", "disk I/O error")), reasons
            await service.until(lambda: len(rows(out / "records")) == last, 50)
            await service.until(lambda: service.health()[0] == 200)
            service.signal(signal.SIGTERM)
            assert await service.ended(60) == 0, service.log
    assert Counter(row["title"] for row in rows(out / "records")) == {
        f"Bridge report {n}": 1 for n in range(1, last + 1)
    }


def test_a_default_address_that_is_taken_costs_the_listener_and_not_the_service(tmp_path: Path):
    """Two services on one machine need no configuration; an address that was asked for is another matter."""
    with socket.create_server(("127.0.0.1", 8080)) if _is_free(8080) else nullcontext():
        done = _ended_soon(tmp_path, "[fetch]\npages = false\n")
        asked = _ended_soon(tmp_path, '[dashboard]\nlisten = "127.0.0.1:8080"\n')

    assert done.returncode == 0, done.stderr
    assert "no dashboard, no health and no metrics: " in done.stderr
    assert asked.returncode == 2
    assert "127.0.0.1:8080" in asked.stderr


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _ended_soon(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a service without feeds until it says that it is there, then have it end."""
    file = folder / "plain.toml"
    file.write_text(text)
    with begun("run", "--config", file, cwd=folder) as process:
        assert process.stderr is not None
        told = []
        for line in process.stderr:
            told.append(line)
            if "no feeds yet" in line:
                process.terminate()
        return subprocess.CompletedProcess(process.args, process.wait(40), "", "".join(told))
