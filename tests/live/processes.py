"""`newstap run` as a process, to be signalled, and to be asked how it is."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.ingest.newsroom import asked_to_end, begun, descendants, gone
from tests.live.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Process:
    """An async context manager: the service runs within it, and nothing of it may stay behind.

    Args:
        folder: for configuration, state and output; the same folder again is a restart.
        feeds: as of `Running`.
        sections: as of `Running`.
    """

    def __init__(self, folder: Path, *feeds: str | dict[str, Any], **sections: dict[str, Any]) -> None:
        self.files = Running(folder, *feeds, **{"dashboard": {"listen": "127.0.0.1:0"}, **sections})
        self._log = folder / "log"

    @property
    def pid(self) -> int:
        """Of the main process."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text("utf-8")

    @property
    def titles(self) -> list[str]:
        """Of the records that were written."""
        return [row["title"] for row in self.files.written()]

    def configure(self, *feeds: str | dict[str, Any], **sections: dict[str, Any]) -> None:
        """Write the configuration anew."""
        self.files.configure(*feeds, **{"dashboard": {"listen": "127.0.0.1:0"}, **sections})

    def signal(self, number: int) -> None:
        """Send a signal to the main process."""
        self._process.send_signal(number)

    async def ask_to_end(self) -> None:
        """Send SIGTERM, once it listens."""
        await asyncio.to_thread(asked_to_end, self._process)

    async def ended(self, seconds: float) -> int:
        """Return the exit code."""
        return await asyncio.to_thread(self._process.wait, seconds)

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait for something; fail after so many seconds, or when the service ends."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self._process.poll() is None, f"the service ended with {self._process.returncode}: {self.log}"
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.log}"
            await asyncio.sleep(0.05)

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return status and content of `/healthz`."""
        found = re.search(r"listening on (\S+)", self.log)
        assert found is not None, self.log
        try:
            with urllib.request.urlopen(f"{found[1]}/healthz", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    async def __aenter__(self) -> Process:
        arguments = ("run", "--config", self.files.file)
        with self._log.open("a") as log:
            self._process = begun(*arguments, cwd=self.files.folder, stdout=subprocess.DEVNULL, stderr=log)
        return self

    async def __aexit__(self, *_: object) -> None:
        below = descendants(self.pid) if self._process.poll() is None else set()
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        assert not gone(below, within=60), "processes stayed behind"
        assert "Traceback" not in self.log, self.log
