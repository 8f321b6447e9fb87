"""The service in a thread of its own, reading a scripted server (`tests.site`), with every time shrunk."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ingest.config import load
from ingest.live.serving import serve
from processors.records import Failed, Record, Skipped
from tests.commands import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from processors.records import Outcome

SECTIONS: dict[str, dict[str, Any]] = {
    "schedule": {
        "interval_seconds": 0.4,
        "min_interval_seconds": 0.2,
        "max_interval_seconds": 2,
        "backoff_seconds": 0.2,
    },
    "fetch": {
        "user_agent": "newstap/VERSION (+https://example.org/contact)",
        "timeout_seconds": 5,
        "host_delay_seconds": 0,
        "host_connections": 2,
        "allow_networks": ["127.0.0.0/8"],
        "pages": False,
    },
    "topics": {"enabled": []},
    "extraction": {"workers": 1},
    "dashboard": {"listen": ""},
}
"""Times a thousand times shorter than in earnest, no pages, no topics: a test says where it wants something else."""


class Running:
    """An async context manager: the service runs within it.

    Args:
        folder: for configuration, state and output; the same folder again is a restart.
        feeds: URLs, or whole `[[feeds]]` tables.
        sections: keys that replace those of `SECTIONS`, by section.
    """

    def __init__(self, folder: Path, *feeds: str | dict[str, Any], **sections: dict[str, Any]) -> None:
        self.folder = folder
        self.file = folder / "newstap.toml"
        self.environ: dict[str, str] = {}
        self.outcomes: list[Outcome] = []
        self.code: int | None = None
        self.error: BaseException | None = None
        self.idle = threading.Event()
        self.stop = threading.Event()
        self.reload = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="service")
        self.configure(*feeds, **sections)

    def configure(self, *feeds: str | dict[str, Any], **sections: dict[str, Any]) -> None:
        """Write the configuration, at first or anew."""
        merged = {name: {**SECTIONS.get(name, {}), **sections.get(name, {})} for name in (*SECTIONS, *sections)}
        tables = [feed if isinstance(feed, dict) else {"url": feed} for feed in feeds]
        text = "".join(f"[{name}]\n{_lines(keys)}\n" for name, keys in merged.items())
        beside = self.folder / "newstap.toml.new"  # the service may look at any moment
        beside.write_text(text + "".join(f"[[feeds]]\n{_lines(table)}\n" for table in tables))
        beside.replace(self.file)

    @property
    def records(self) -> list[Record]:
        """The records so far, in order."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Record)]

    @property
    def skipped(self) -> list[Skipped]:
        """What was skipped so far."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Skipped)]

    @property
    def letters(self) -> list[Failed]:
        """The dead letters so far."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Failed)]

    @property
    def titles(self) -> list[str]:
        """The titles of the records so far."""
        return [record.article.title for record in self.records]

    def written(self, name: str = "records") -> list[dict[str, Any]]:
        """What a folder of the output holds."""
        return rows(self.folder / "var" / "out" / name)

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait for something; fail after so many seconds, or when the service ends."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s; so far: {self.titles}, {self.skipped}"
            assert self._thread.is_alive(), f"the service ended with {self.code}: {self.error!r}"
            await asyncio.sleep(0.01)

    async def __aenter__(self) -> Running:
        self._thread.start()
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        self.stop.set()
        await asyncio.to_thread(self._thread.join, 60)
        assert not self._thread.is_alive(), "the service did not end"
        if kind is None and self.error is not None:
            raise self.error

    def _serve(self) -> None:
        try:
            config = load(self.file, self.environ)
            self.code = serve(config, self.stop, on_outcome=self.outcomes.append, idle=self.idle, reload=self.reload)
        except BaseException as error:  # noqa: BLE001 - the test's to raise
            self.error = error


def item(n: int | str, *, link: str | None = None, guid: str | None = "", title: str | None = None, **more: str) -> str:
    """An item of RSS; its guid is `g-N` unless another, or None, is given."""
    guid = f"g-{n}" if guid == "" else guid
    parts = {"title": title or f"Bridge report {n}", "link": link, "guid": guid, **more}
    parts.setdefault("description", f"The council of Little Wickham counted {n} stones of the bridge this week.")
    return f"<item>{''.join(f'<{name}>{value}</{name}>' for name, value in parts.items() if value is not None)}</item>"


def rss(*items: str, head: str = "") -> str:
    """A feed of RSS 2.0."""
    head = f"<title>The Wickham Courier</title><link>http://courier.example/</link>{head}"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'


def gaps(times: Sequence[float]) -> list[float]:
    """The seconds between one time and the next."""
    return [later - earlier for earlier, later in pairwise(times)]


def _lines(table: dict[str, Any]) -> str:
    return "".join(f"{name} = {_toml(value)}\n" for name, value in table.items())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{name}" = {_toml(each)}' for name, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
