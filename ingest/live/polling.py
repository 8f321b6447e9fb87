"""Polling: feeds that are due are claimed, asked, read, and what they brought is kept."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import feedstore, schedule
from ingest.feedstore import Claimed, StaleClaimError, host_of
from ingest.fetch.errors import FetchError, PausedError
from ingest.fetch.messages import FEED_TYPES, Request
from ingest.fetch.pushback import retry_after
from ingest.fetch.urls import target
from ingest.live.answers import answer_of, asking, failure_of, status_of, unmodified
from ingest.live.feedcodec import Refused
from ingest.live.intake import Document, Kept, keep, keep_document
from ingest.live.rounds import LONGEST_SLEEP, Rounds
from ingest.schedule import ErrorClass, Failure, Gone, Note, NoteKind, Same
from ingest.schedule.timing import stretched

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Sequence

    from ingest.fetch.client import Fetcher
    from ingest.fetch.messages import Response
    from ingest.fetch.robots import Robots
    from ingest.live.archiving import Archiving
    from ingest.live.current import Current
    from ingest.live.intake import Take
    from ingest.live.parsers import Parsers
    from ingest.live.writer import Writer
    from ingest.metrics import Metrics
    from ingest.schedule import Outcome, Settings
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

MOST_POLLS = 500
"""At a time. They mostly wait for the other side; hosts that hang must not use them up."""
_AT_A_HOST = 2
"""Feeds of one host that may wait beside those being fetched."""
_LEASE_SECONDS = 86_400.0
"""Of a claim. This process ends every poll it begins, and the next one starts with `recover`."""
_CHILDREN = 50
"""Sitemaps that are taken up of one index."""
_ADDRESSES = 3
"""That a feed may have had before a page's word for another one is not believed any more."""


@dataclass(kw_only=True)
class Poller(Rounds[str]):
    """Polls every feed when it is due. Its tasks are polls, each with its host.

    Args:
        current: the configuration as it is now.
        writer: to the state.
        outbox: for what needs no pipeline.
        fetcher: gets documents.
        robots: asked for feeds too where the operator wants that.
        parsers: read documents.
        metrics: counts.
        has_room: whether more may be taken in; polling waits while it says no.
        taken: called when something new waits to be made into records.
        now: Unix time in seconds.
        chance: numbers from 0 up to 1.
        archiving: keeps what feeds answer; None without an archive.
        durable: returns when the claims made so far are where they have to be before a request; says whether they are.
        take: see `ingest.live.intake.Document`.
        numbered: see `ingest.feedstore.add`.
        ours: whether a host is ours to ask, once its feed was claimed.
        gather: seconds between two looks for feeds that are due: what is due by then is claimed together.
    """

    current: Current
    writer: Writer
    outbox: Outbox
    fetcher: Fetcher
    robots: Robots
    parsers: Parsers
    metrics: Metrics
    has_room: Callable[[], bool]
    taken: Callable[[], None]
    now: Callable[[], float]
    chance: Callable[[], float]
    archiving: Archiving | None
    durable: Callable[[], Awaitable[bool]]
    take: Take | None = None
    numbered: Callable[[str], int] | None = None
    gather: float = 0.1
    ours: Callable[[str], bool] = bool

    async def run(self) -> None:
        """Poll until told to stop; nothing is asked for before it can be read."""
        await self.parsers.start()
        await super().run()

    def _has_room(self) -> bool:
        return self.has_room()

    async def _round(self) -> float:
        """Claim what is due and begin to poll it; return for how many seconds nothing more is."""
        now = self.now()
        limit = MOST_POLLS - len(self._tasks)
        at = Counter(self._tasks.values())
        busy = [host for host, n in at.items() if n >= self._most]
        if limit <= 0:
            return LONGEST_SLEEP

        def work(connection: sqlite3.Connection) -> tuple[list[Claimed], float | None]:
            claimed = feedstore.claim(
                connection, now, lease=_LEASE_SECONDS, limit=limit, busy=busy, at_a_host=self._most
            )
            return claimed, feedstore.next_wake(connection)

        due = await self.writer.read(feedstore.next_wake)
        if due is not None and due <= now:
            claimed, due = await self.writer.run(work)
            if claimed and not await self.durable():
                await self._give_back(claimed)
                return LONGEST_SLEEP
            if others := [each for each in claimed if not self.ours(host_of(each.state.url))]:
                await self._give_back(others)
            for each in claimed:
                if each not in others:
                    self._begin(each)
        wait = LONGEST_SLEEP if due is None else due - now
        return min(max(wait, self.gather), LONGEST_SLEEP)

    @property
    def _most(self) -> int:
        """How many feeds of one host may be under way."""
        return self.current.config.fetch.host_connections + _AT_A_HOST

    async def _give_back(self, claimed: Sequence[Claimed]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for each in claimed:
                feedstore.release(connection, each)

        await self.writer.run(work)

    def at(self, hosts: Callable[[str], bool]) -> list[asyncio.Task[None]]:
        """Return the polls under way at some of the hosts."""
        return [task for task, host in self._tasks.items() if hosts(host)]

    def _begin(self, claimed: Claimed) -> None:
        task = asyncio.create_task(self._polled(claimed), name=f"poll {claimed.id}")
        self._tasks[task] = host_of(claimed.state.url)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        others = len(self._tasks) >= MOST_POLLS
        host = self._tasks.pop(task)
        if others or sum(each == host for each in self._tasks.values()) == self._most - 1:
            self._wake.set()  # it held back others
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a poll ended in an error of ours: %s", error, exc_info=error)

    async def _polled(self, claimed: Claimed) -> None:
        """Poll one feed, and keep whatever comes of it."""
        poll = _Poll(self, claimed, self.current.settings(claimed.feed), self.chance())
        try:
            kept = await poll.run()
        except StaleClaimError as error:
            log.info("%s", error)
            return
        except Exception:  # whatever it is, the feed must get its next turn
            log.exception("polling a feed failed by a mistake of ours", extra={"feed": claimed.state.url})
            kept = await poll.failed(Failure(ErrorClass.CRASHED))
        if (wait := kept.next_due - self.now()) < LONGEST_SLEEP:  # sooner than the next look at the store
            asyncio.get_running_loop().call_later(max(wait, 0.0), self._wake.set)
        self._told(claimed, kept)

    def _told(self, claimed: Claimed, kept: Kept) -> None:
        for note in kept.notes:
            self.metrics.noticed(note.kind)
            log.info(
                "feed %s%s", note.kind, f" {note.detail}" if note.detail else "", extra={"feed": claimed.state.url}
            )
        if kept.comparison is not None:
            compared = kept.comparison
            self.metrics.entries("new", len(compared.new))
            self.metrics.entries("changed", len(compared.changed))
            self.metrics.entries("known", compared.known)
            self.metrics.entries("backlog", compared.backlog)
        for skipped in kept.skipped:
            self.metrics.saw(skipped)
        if kept.taken:
            self.taken()


class _Poll:
    """One poll of one feed."""

    def __init__(self, poller: Poller, claimed: Claimed, settings: Settings, seed: float) -> None:
        self._poller = poller
        self._claimed = claimed
        self._settings = settings
        self._seed = seed
        self._asked = asking(schedule.conditional(claimed.state, settings, poller.now(), seed))

    async def run(self) -> Kept:
        """Ask, read and keep.

        Raises:
            StaleClaimError: the feed was removed meanwhile.
        """
        poller = self._poller
        config = poller.current.config.fetch
        began = poller.now()
        poller.metrics.poll_started(began - self._claimed.state.next_due)
        try:
            response = await poller.fetcher.get(
                self._request(config.max_feed_bytes), check=poller.robots.check if config.robots_for_feeds else None
            )
        except PausedError as error:
            return await self._postponed(error.seconds)
        except FetchError as error:
            failure = failure_of(error)
            self._tell(failure.error, error.detail)
            return await self.failed(failure)
        poller.metrics.fetched(poller.now() - began)
        return await self._answered(response)

    async def failed(self, outcome: Failure | Gone) -> Kept:
        """Keep that no feed came."""
        error = outcome.error if isinstance(outcome, Failure) else ErrorClass.GONE
        self._poller.metrics.poll_failed(error)
        return await self._kept(outcome)

    def _tell(self, error: ErrorClass, detail: str) -> None:
        """Log why no feed came; the same reason as last time is no news."""
        level = logging.DEBUG if error == self._claimed.state.error else logging.INFO
        log.log(level, "no feed", extra={"feed": self._claimed.state.url, "class": str(error), "detail": detail})

    def _request(self, limit: int) -> Request:
        headers = self._poller.current.headers(self._claimed)
        return Request(
            url=self._claimed.state.url, limit=limit, accept=FEED_TYPES, headers=headers, validators=self._asked
        )

    async def _answered(self, response: Response) -> Kept:
        bad = status_of(response, retry_after(response.status, response.headers, response.fetched))
        if bad is not None:
            self._tell(bad.error if isinstance(bad, Failure) else ErrorClass.GONE, f"status {response.status}")
            return await self.failed(bad)
        if response.status == 304:
            self._poller.metrics.polled("unmodified")
            return await self._kept(unmodified(response, self._asked), response)
        digest = hashlib.sha256(response.body).digest()
        if digest == self._claimed.state.body_hash:
            self._poller.metrics.polled("same")
            return await self._kept(Same(answer_of(response, self._asked)), response)
        return await self._read(response, digest)

    async def _read(self, response: Response, digest: bytes) -> Kept:
        poller = self._poller
        kind = response.headers.get("content-type")
        parsed = await poller.parsers.parse(
            response.body,
            url=response.final_url,
            content_type=kind,
            seen=response.fetched,
            zone=self._claimed.feed.zone,
        )
        if isinstance(parsed, Refused):
            self._tell(parsed.error, parsed.detail)
            poller.metrics.poll_failed(parsed.error)
            return await self._refused(parsed, response)
        feed = parsed.feed
        poller.metrics.polled("modified")
        answer = answer_of(response, self._asked, believed=not feed.cut)
        whole = None if feed.cut else digest  # what ends in mid-air must not be taken for known when it comes again
        archiving = poller.archiving
        skips = None if archiving is None else archiving.skipped
        document = Document(parsed, answer, whole, poller.current.policy(self._claimed.feed), skips, poller.take)
        settings = self._settings

        def work(connection: sqlite3.Connection) -> Kept:
            now = poller.now()
            if archiving is not None:
                archiving.document(connection, response, self._claimed.state.url)
            self._take_up_children(connection, feed.children, now)
            return keep_document(connection, poller.outbox, self._claimed, document, settings, now=now, seed=self._seed)

        return await poller.writer.run(work)

    def _take_up_children(self, connection: sqlite3.Connection, children: Sequence[str], now: float) -> None:
        """Add the sitemaps of an index as feeds of their own, each with a schedule of its own."""
        unknown = [url for url in children[:_CHILDREN] if not feedstore.is_known(connection, url)]
        if unknown:
            feeds = [replace(self._claimed.feed, url=url, name=None) for url in unknown]
            feedstore.add(connection, feeds, settings=self._settings, now=now, numbered=self._poller.numbered)

    async def _refused(self, parsed: Refused, response: Response) -> Kept:
        """Keep that a document was no feed; at first contact go on with a feed that it names, if it is a page."""

        def work(connection: sqlite3.Connection) -> Kept:
            now = self._poller.now()
            if self._poller.archiving is not None:
                self._poller.archiving.document(connection, response, self._claimed.state.url)
            if self._claimed.state.last_body is None:
                for url in parsed.named:
                    if _is_another(connection, self._claimed, url):
                        state = replace(self._claimed.state, url=url, next_due=now)
                        number = feedstore.commit(connection, self._claimed, state, now=now)
                        return Kept(number, (Note(NoteKind.DISCOVERED, url),), now)
            return keep(connection, self._claimed, Failure(parsed.error), self._settings, now=now, seed=self._seed)

        return await self._poller.writer.run(work)

    async def _kept(self, outcome: Outcome, unchanged: Response | None = None) -> Kept:
        """Keep what came of the poll, and in the archive that the document is as it was, where one says so."""

        def work(connection: sqlite3.Connection) -> Kept:
            if unchanged is not None and self._poller.archiving is not None:
                self._poller.archiving.unchanged(connection, unchanged, self._claimed.state.url)
            return keep(connection, self._claimed, outcome, self._settings, now=self._poller.now(), seed=self._seed)

        return await self._poller.writer.run(work)

    async def _postponed(self, seconds: float) -> Kept:
        """Have the feed wait until its host's pause is over: nothing was asked, so nothing is known."""
        self._poller.metrics.polled("paused")

        def work(connection: sqlite3.Connection) -> Kept:
            now = self._poller.now()
            wait = min(stretched(seconds, self._seed), self._settings.max_interval_seconds)
            state = replace(self._claimed.state, next_due=now + wait)
            return Kept(feedstore.commit(connection, self._claimed, state, now=now), (), state.next_due)

        return await self._poller.writer.run(work)


def _is_another(connection: sqlite3.Connection, claimed: Claimed, url: str) -> bool:
    """Tell whether a feed may go on at an address that a page named: not in circles, and not from page to page."""
    try:
        target(url)
    except FetchError:
        return False
    known = feedstore.addresses(connection, claimed.id)
    return feedstore.address_of(url) not in known and len(known) < _ADDRESSES
