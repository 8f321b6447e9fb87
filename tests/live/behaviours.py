"""`newstap run` as a process of its own, and replies of a scripted server that look at the request."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from ingest import feedstore, state
from tests.commands import rows
from tests.ingest.newsroom import descendants, gone, settings
from tests.live.running import Running, gaps, item, rss
from tests.site import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ingest.feedstore import Listed
    from tests.site import Act, Asked, Site

FAST = {"interval_seconds": 0.3, "min_interval_seconds": 0.2, "max_interval_seconds": 2, "backoff_seconds": 0.25}
EARLY = 0.02
"""Seconds by which two clocks may differ: the schedule's is the time of day, the server's log a monotonic one."""


class Process:
    """An async context manager: the service runs as a process, and ends by SIGTERM; see `Running` for the arguments."""

    def __init__(self, folder: Path, *feeds: str | dict[str, Any], **sections: dict[str, Any]) -> None:
        ours: dict[str, Any] = {"logging": {"format": "json"}, "dashboard": {"listen": "127.0.0.1:0"}}
        self.folder = folder
        self._config = Running(folder, *feeds, **(ours | sections)).file
        self._errors = folder / "stderr"

    async def __aenter__(self) -> Process:
        environment = settings(RES_OPTIONS="timeout:1 attempts:1")  # no name server, no long wait
        with self._errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ingest", "run", "--config", str(self._config)), stderr=errors, env=environment
            )
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if self._process.returncode is not None:
            return
        if kind is not None:
            self._process.kill()
        else:
            self._process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self._process.wait(), 60)
        assert kind is not None or code == 0, self.said()

    async def kill(self) -> None:
        """End it as by `kill -9`, and see that no process of it stays."""
        below = descendants(self._process.pid)
        self._process.kill()
        await self._process.wait()
        assert not await asyncio.to_thread(gone, below, within=60), "a process outlived the one that started it"

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait for something; fail after so many seconds, or when the process ends."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.said()}"
            assert self._process.returncode is None, self.said()
            await asyncio.sleep(0.01)

    def said(self) -> str:
        """What it wrote to standard error."""
        return self._errors.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def classes(self, url: str) -> set[str]:
        """The classes of errors that its log names for a feed."""
        return {line["class"] for line in self.lines() if line.get("feed") == url and "class" in line}

    def written(self, name: str = "records") -> list[dict[str, Any]]:
        """What a folder of the output holds."""
        return rows(self.folder / "var" / "out" / name)

    async def metrics(self) -> dict[str, float]:
        """The metrics, by name and labels as they are exposed."""
        found = re.findall(r"listening on (\S+)", self.said())
        text = await asyncio.to_thread(_got, f"{found[-1]}/metrics")
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def _got(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return str(reply.read().decode())


def feeds(folder: Path) -> dict[str, Listed]:
    """What the state in a folder knows of each feed, by its present address."""
    with contextlib.closing(state.beside(folder / "var" / "state")) as store, store.reading() as connection:
        return {listed.feed.url: listed for listed in feedstore.listed(connection)}


def wait_of(listed: Listed) -> float:
    """The seconds from a feed's last success to its next poll."""
    assert listed.state.last_success is not None
    return listed.state.next_due - listed.state.last_success


def at(site: Site, path: str) -> list[Asked]:
    """The requests for a path."""
    return [asked for asked in site.asked if asked.target == path]


def times(site: Site, path: str) -> list[float]:
    """When they came."""
    return [asked.at for asked in at(site, path)]


def pauses(site: Site, path: str) -> list[float]:
    """The seconds between them."""
    return gaps(times(site, path))


def between(site: Site, start: float, end: float) -> list[str]:
    """What was asked for after one time and before another."""
    return [asked.target for asked in site.asked if start < asked.at < end - EARLY]


def sent(site: Site, path: str, *names: str) -> list[tuple[str | None, ...]]:
    """The values of these headers in each request for a path."""
    return [tuple(asked.header(name) for name in names) for asked in at(site, path)]


def asked_often(site: Site, wanted: Iterable[tuple[str, int]]) -> bool:
    """Whether each path was asked for so many times."""
    targets = site.targets()
    return all(targets.count(path) >= n for path, n in wanted)


def growing(name: str, **headers: str) -> Act:
    """A feed with one more item each time, the last three of which it shows: its interval stays what it was."""
    n = 0

    async def act(writer: asyncio.StreamWriter) -> None:
        nonlocal n
        n += 1
        shown = [item(f"{name} {k}") for k in range(n, max(n - 3, 0), -1)]
        writer.write(answer(rss(*shown), **headers))

    return act
