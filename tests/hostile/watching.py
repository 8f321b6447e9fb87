"""Watches a command while it runs: the memory of all its processes, and how long `/healthz` takes."""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ingest.newsroom import descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20
_EVERY = 0.1
"""Seconds between two looks."""


class Watch:
    """A context manager; figures are those since `restart`.

    Args:
        pid: of the command.
        url: of `/healthz`; None where there is none.
    """

    def __init__(self, pid: int, url: str | None = None) -> None:
        self._pid = pid
        self._ended = threading.Event()
        looks: list[Callable[[], None]] = [self._weigh]
        if url is not None:
            looks.append(lambda: self._ask(url))
        self._threads = [threading.Thread(target=self._repeat, args=(look,)) for look in looks]
        self.restart()

    def restart(self) -> None:
        """Begin to measure anew."""
        self.memory = 0.0
        """MiB resident, of all processes together, at the peak."""
        self.wait = 0.0
        """Seconds, of the slowest answer; a refusal to connect counts as ten."""

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, look: Callable[[], None]) -> None:
        while not self._ended.wait(_EVERY):
            look()

    def _weigh(self) -> None:
        self.memory = max(self.memory, sum(map(_resident, (self._pid, *descendants(self._pid)))))

    def _ask(self, url: str) -> None:
        began = time.monotonic()
        try:
            with suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
        except OSError:
            if not self._ended.is_set():
                self.wait = max(self.wait, 10.0)
        self.wait = max(self.wait, time.monotonic() - began)


def _resident(pid: int) -> float:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0.0
