"""Feeds, pages and raw answers through one `newstap run`, one after another, each beside a good one of its own."""

from __future__ import annotations

import asyncio
import html
import json
import re
import signal
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from processors.extract.text import paragraphs
from tests.hostile.verdict import JUDGED, Happened
from tests.hostile.watching import Watch
from tests.ingest import newsroom
from tests.live.processes import Process
from tests.live.running import item, rss
from tests.live.states import known
from tests.site import Site, answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from tests.hostile.kit import Input

KINDS = frozenset(("feed", "page", "http-response", "body"))
_ONCE = dict.fromkeys(("interval_seconds", "min_interval_seconds", "max_interval_seconds", "backoff_seconds"), 3600)
_HOST = "127.0.0.9"
"""The only address that may be reached: what leads elsewhere on loopback leads nowhere."""
_FETCH = {"pages": True, "allow_networks": [f"{_HOST}/32"]}
_PATIENCE = 60.0
"""Seconds for one input, after which it counts as lost."""
_FRESH = 0.3
"""Seconds, after which `/metrics` gathers its figures anew."""
_FOLDERS = ("records", "skipped", "dead-letters")
_SENTENCE = re.compile(rb"<p>([^<>&\x00\r\n]{80,400})</p>")
_TYPES = {"page": "text/html", "feed": "application/rss+xml"}


async def serve(inputs: Sequence[Input], folder: Path) -> AsyncIterator[tuple[Input, Happened]]:
    """Serve inputs to a service; yield what each became, in order, then end the service.

    Raises:
        AssertionError: the service ended, or left processes behind.
    """
    service = Process(folder, schedule=_ONCE, fetch=_FETCH)
    async with service:
        await service.until(lambda: re.search(r"listening on \S+", service.log))
        url = str(re.findall(r"listening on (\S+)", service.log)[0])
        with Watch(service.pid, f"{url}/healthz") as watch:
            room = _Room(service, folder, url, watch)
            for number, one in enumerate(inputs, 1):
                yield one, await room.show(one, number)
        await service.ask_to_end()
        assert await service.ended(60) == 0, service.log


@dataclass
class _Room:
    """The newsroom: sites with something hostile, and good ones beside them."""

    service: Process
    folder: Path
    url: str
    watch: Watch
    feeds: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Folder and row of all that was delivered."""
    read: dict[str, int] = field(default_factory=dict)
    """Bytes read of each folder's file."""

    async def show(self, one: Input, number: int) -> Happened:
        body = one.path.read_bytes()
        async with Site(_HOST) as site, Site(_HOST) as good:
            name = f"/page?{number}" if one.kind == "page" else f"/feed?{number}"
            path = site.on(name, _reply(one, body))
            site.on("/feed", _reply(one, body))  # what a redirect of the kit leads to: itself
            beside = good.on(f"/good?{number}", answer(rss(item(f"good-{number}", link=None))))
            hostile = path
            if one.kind == "page":
                article = site.on(f"/article?{number}", answer(newsroom.html(number), Content_Type="text/html"))
                carried = [item(f"page-{number}", link=path), item(f"article-{number}", link=article)]
                hostile = site.on(f"/carrier?{number}", answer(rss(*carried)))
            self.watch.restart()
            seen = len(self.rows)
            told = len(self.service.log)
            self.feeds += [{"url": hostile, "pages": one.kind == "page"}, {"url": beside, "pages": False}]
            self.service.configure(*self.feeds, schedule=_ONCE, fetch=_FETCH)
            self.service.signal(signal.SIGHUP)
            ended = await self._settled(hostile, beside, path if one.kind == "page" else None)
            began = next((asked.at for asked in site.asked if path.endswith(asked.target)), ended or 0.0)
            asked = sum(path.endswith(each.target) for each in site.asked)
        shown = _Shown(one, body, self.rows[seen:], path, beside, asked, ended)
        return Happened(
            *self._became(one, hostile, path, shown.rows, told),
            seconds=(ended or time.monotonic()) - began,
            memory=self.watch.memory,
            wait=self.watch.wait,
            faults=tuple(shown.faults()),
        )

    async def _settled(self, hostile: str, beside: str, page: str | None) -> float | None:
        """Wait until everything is delivered; return when, or None where that took too long."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            self._read()
            states = known(self.folder)
            polled = all(
                url in states and (states[url].state.error or states[url].state.last_success)
                for url in (hostile, beside)
            )
            near = any(row["origin"]["feed"] == beside for _, row in self.rows)
            urls = {row["url"] for _, row in self.rows}
            if polled and near and (page is None or page in urls) and await asyncio.to_thread(self._is_idle):
                settled = time.monotonic()
                await asyncio.sleep(_FRESH)
                if await asyncio.to_thread(self._is_idle):
                    self._read()
                    return settled
            assert re.search(r"Traceback", self.service.log) is None, self.service.log
            await asyncio.sleep(0.05)
        return None

    def _is_idle(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=60) as got:
            figures = dict(line.rsplit(" ", 1) for line in got.read().decode().splitlines() if line[:1] != "#")
        return float(figures["newstap_pending_pages"]) == float(figures["newstap_outbox_rows"]) == 0

    def _read(self) -> None:
        for kind in _FOLDERS:
            file = self.folder / "var" / "out" / kind / "active.jsonl"
            if file.exists():
                with file.open("rb") as stream:
                    stream.seek(self.read.get(kind, 0))
                    fresh = stream.read()
                whole = fresh[: fresh.rfind(b"\n") + 1]
                self.read[kind] = self.read.get(kind, 0) + len(whole)
                self.rows += [(kind, json.loads(line)) for line in whole.split(b"\n") if line]

    def _became(
        self, one: Input, hostile: str, path: str, mine: list[tuple[str, dict[str, Any]]], told: int
    ) -> tuple[str, str]:
        if one.kind == "page":
            return _page(next(((kind, row) for kind, row in mine if row["url"] == path), None))
        said = self.service.log[told:]
        count = sum(row["origin"]["feed"] == hostile for _, row in mine)
        if refused := re.search(rf"no feed .*feed={re.escape(hostile)} (.*)", said):
            return "rejected", refused[1]
        noted = re.search(rf"feed degraded(.*) feed={re.escape(hostile)}", said)
        cut = noted is not None and "left out" in noted[1]
        return ("truncated" if cut else "accepted"), f"{count} entries{noted[1] if noted else ''}"


def _reply(one: Input, body: bytes) -> Any:
    if one.kind == "body":
        return answer(body, Content_Type="application/rss+xml", Content_Encoding="gzip")
    if one.kind != "http-response":
        return answer(body, Content_Type=_TYPES[one.kind])

    async def raw(writer: asyncio.StreamWriter) -> None:
        writer.write(body)
        await writer.drain()
        writer.close()

    return raw


def _page(found: tuple[str, dict[str, Any]] | None) -> tuple[str, str]:
    """Return what a page became, and what was said of it."""
    if found is None:
        return "lost", "neither record nor skip nor dead letter"
    kind, row = found
    if kind == "dead-letters":
        return "rejected", f"{row['step']}: {row['error']}"
    reason = row.get("reason") or row["origin"]["fallback"]
    if reason is None:
        return "accepted", f"{len(row['text'])} characters"
    return ("skipped" if reason in JUDGED else "rejected"), f"the feed's text instead: {reason}"


class _Shown(NamedTuple):
    """What the service made of an input and its neighbours."""

    input: Input
    body: bytes
    rows: list[tuple[str, dict[str, Any]]]
    path: str
    """Its URL."""
    beside: str
    """That of the good feed."""
    asked: int
    """How often it was asked for."""
    ended: float | None

    def faults(self) -> list[str]:
        """Return what must never happen, and did."""
        found = [] if self.ended is not None else [f"no outcome within {_PATIENCE:g} s"]
        # Once more without compression, where a body could not be decoded.
        if self.asked not in ({1} if self.input.kind in _TYPES else {1, 2}):
            found.append(f"asked for {self.asked} times")
        if not any(row["origin"]["feed"] == self.beside and kind == "records" for kind, row in self.rows):
            found.append("the feed beside it is lost")
        urls = [row["url"] for _, row in self.rows if row["url"] is not None]
        found += [f"a document at {url!r}" for url in urls if not re.fullmatch(r"https?://[^\s\x00-\x1f]+", url)]
        records = [row for kind, row in self.rows if kind == "records"]
        if len({(row["id"], row["revision"]["n"]) for row in records}) != len(records):
            found.append("delivered twice")
        return found + (self._page_faults() if self.input.kind == "page" else [])

    def _page_faults(self) -> list[str]:
        found = []
        good = [row for _, row in self.rows if "/article" in str(row["url"])]
        if [row.get("text_source") for row in good] != ["page"]:
            found.append("the page beside it is lost")
        texts = [row["text"] for _, row in self.rows if row["url"] == self.path and row.get("text_source") == "page"]
        if texts and self.input.expected == "accepted" and not _holds(texts[0], self.body):
            found.append("the text is lost")
        return found


def _holds(text: str, body: bytes) -> bool:
    """Tell whether a text holds the first plain paragraph of its page; one that is not UTF-8 tells nothing."""
    sentence = _SENTENCE.search(body)
    try:
        return sentence is None or paragraphs(html.unescape(sentence[1].decode())) in text
    except UnicodeDecodeError:
        return True
