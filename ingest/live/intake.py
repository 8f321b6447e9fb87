"""What a poll brought, kept in one transaction: the feed's state, what it has shown, and what is to be made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from ingest import pending
from ingest.feeds import carries_text, page_of
from ingest.feedstore import Comparison, address_of, commit, compare, host_of
from ingest.items import item_of
from ingest.schedule import Items, Note, NoteKind, Outcome, Settings, decide
from processors.identity import canonical_url
from processors.records import Mode, Origin, Reason, Skipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from ingest.feeds import Entry, Feed
    from ingest.feedstore import Claimed
    from ingest.live.feedcodec import Parsed
    from ingest.schedule import Answer
    from processors.records import Page
    from sinks.outbox import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an operator decided for one feed."""

    pages: bool
    """Fetch the article's page where the feed does not carry the whole text."""
    skip_backlog: bool
    """What is there at first contact is only remembered (`first_fetch = "new"`)."""
    language: str | None = None
    """Of articles that do not tell theirs."""


class Kept(NamedTuple):
    """What came of a poll."""

    feed: int
    """The feed's number, perhaps of another one that it was merged with."""
    notes: tuple[Note, ...]
    next_due: float
    comparison: Comparison | None = None
    taken: int = 0
    """Entries that something is to be made of."""
    skipped: tuple[Skipped, ...] = ()
    """Those that have their outcome already."""


def keep(
    connection: sqlite3.Connection, claimed: Claimed, outcome: Outcome, settings: Settings, *, now: float, seed: float
) -> Kept:
    """Keep what a poll without a document brought.

    Raises:
        StaleClaimError: the claim is not ours any more.
    """
    state, notes = decide(claimed.state, outcome, settings, now, seed)
    number = commit(connection, claimed, state, now=now)
    return Kept(number, notes, state.next_due)


class Wanted(NamedTuple):
    """An entry that something is to be made of."""

    feed: int
    """The feed's number."""
    feed_host: str
    key: str
    """The entry's own, unique within its feed."""
    carried: Page
    """What the feed carries of it."""
    link: str | None
    """The article's, in normal form; None where it has none of its own."""
    host: str | None
    """Of the page to fetch; None where what the feed carries is all that is needed."""
    is_new: bool
    """Not a changed one."""


Take: TypeAlias = "Callable[[sqlite3.Connection, Wanted, float], Skipped | None]"
"""Has an entry wait for its outcome, from now on (Unix seconds), or returns the one it has."""


def waits(connection: sqlite3.Connection, wanted: Wanted, now: float) -> Skipped | None:
    """Have an entry wait in the state; see `Take`."""
    first = None if wanted.link is None else pending.take_up(connection, wanted.link, wanted.feed, now)
    skipped = judged(wanted.carried, wanted.feed, first, is_new=wanted.is_new)
    if skipped is None:
        pending.put(connection, wanted.feed, wanted.host, wanted.carried, due=now)
    return skipped


def judged(carried: Page, feed: int, first: int | None, *, is_new: bool) -> Skipped | None:
    """Return the outcome that an entry has at once: another feed, the first, has led to the same page before."""
    if is_new and first is not None and first != feed:
        detail = "another feed led to the same page before"
        return Skipped(origin=carried.origin, url=carried.url, reason=Reason.DUPLICATE, detail=detail)
    return None


@dataclass(frozen=True, slots=True)
class Document:
    """A feed's document, what it came with, and what the operator decided for it."""

    parsed: Parsed
    answer: Answer
    body_hash: bytes | None
    """None where the same body is to be read again all the same."""
    policy: Policy
    archived: Callable[[sqlite3.Connection, Sequence[Skipped]], list[Skipped]] | None = None
    """Keeps entries that are skipped at once, and tells where; None without an archive."""
    take: Take | None = None
    """What is done with entries that something is to be made of, as of `waits`, which is what None means."""


def keep_document(
    connection: sqlite3.Connection,
    outbox: Outbox,
    claimed: Claimed,
    document: Document,
    settings: Settings,
    *,
    now: float,
    seed: float,
) -> Kept:
    """Keep what a document brought: every entry that is new or changed waits for its outcome from now on.

    Raises:
        StaleClaimError: the claim is not ours any more; nothing may be kept.
    """
    feed, digests = document.parsed
    policy = document.policy
    comparison = compare(connection, claimed, digests, skip_backlog=policy.skip_backlog)
    fresh = frozenset(comparison.new)
    items = Items(
        answer=document.answer,
        body_hash=document.body_hash,
        new=len(comparison.new) + comparison.backlog,
        known=comparison.known,
        oldest_new=_oldest(entry for entry in feed.entries if entry.key in fresh),
        declared=max((feed.ttl or 0, feed.period or 0)) or None,
    )
    state, notes = decide(claimed.state, items, settings, now, seed)
    number = commit(connection, claimed, state, now=now, shown=digests)
    wanted = fresh | frozenset(comparison.changed)
    source = _Source(claimed.feed.url, document.answer.moved or claimed.feed.url)
    taken = [
        _Entry(entry, feed, policy, number, source, is_new=entry.key in fresh).wanted()
        for entry in _in_time(feed.entries)
        if entry.key in wanted
    ]
    take = document.take or waits
    outcomes = [skipped for each in taken if (skipped := take(connection, each, now)) is not None]
    if comparison.backlog:
        outcomes += [_left(entry, feed, source) for entry in _in_time(feed.entries)]
    pending.discover(connection, len(taken) + (len(feed.entries) if comparison.backlog else 0))
    if outcomes and document.archived is not None:
        outcomes = document.archived(connection, outcomes)
    if outcomes:
        outbox.add(connection, [item_of(skipped) for skipped in outcomes])
    if feed.degraded or feed.omitted:
        left = f"{feed.omitted} entries left out" if feed.omitted else ""
        notes += (Note(NoteKind.DEGRADED, left),)
    return Kept(number, notes, state.next_due, comparison, len(taken), tuple(outcomes))


class _Source(NamedTuple):
    """What an entry came from."""

    url: str
    """The feed's."""
    home: str
    """Where it has moved for good, perhaps not written back yet, else the same: there another feed may be at home,
    and what both show is one."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry on its way from a feed to an outcome."""

    entry: Entry
    feed: Feed
    policy: Policy
    number: int
    source: _Source
    is_new: bool

    def wanted(self) -> Wanted:
        """Return what is to be made of it."""
        link = _article_link(self.entry, self.feed)
        carried = _carried(self.entry, self.feed, self.source, self.policy, link=link)
        fetched = self.policy.pages and link is not None and not carries_text(self.entry)
        host = host_of(carried.url) if fetched and carried.url is not None else None
        home = host_of(self.source.url)
        return Wanted(self.number, home, self.entry.key, carried, link, host, self.is_new)


def _carried(entry: Entry, feed: Feed, source: _Source, policy: Policy | None, *, link: str | None) -> Page:
    page = page_of(entry, feed)
    hint = page.hint
    if policy is not None and hint.language is None:
        hint = replace(hint, language=policy.language)
    if link is None:
        # Known by its feed and key then, since any feed may have an entry `1`, and all may link to the front page.
        origin = Origin(
            mode=Mode.RUN, document_id=f"{address_of(source.home)} {entry.key}", feed=source.url, fetched=feed.seen
        )
        return replace(page, url=None, origin=origin, hint=replace(hint, url=None))
    origin = Origin(mode=Mode.RUN, document_id=entry.key, feed=source.url, fetched=feed.seen)
    return replace(page, origin=origin, hint=hint)


def _left(entry: Entry, feed: Feed, source: _Source) -> Skipped:
    carried = _carried(entry, feed, source, None, link=_article_link(entry, feed))
    return Skipped(origin=carried.origin, url=carried.url, reason=Reason.BACKLOG)


def _article_link(entry: Entry, feed: Feed) -> str | None:
    """Return an entry's link in normal form; None where it leads to a front page or to the feed itself."""
    link = canonical_url(entry.link)
    if link is None:
        return None
    parts = urlsplit(link)
    is_front = parts.path in {"", "/"} and not parts.query
    return None if is_front or link in {canonical_url(feed.link), canonical_url(feed.url)} else link


def _in_time(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries in the order they were published in, as far as that is known: feeds show the newest first."""
    backwards = list(reversed(entries))
    if all(entry.published is not None for entry in backwards):
        backwards.sort(key=lambda entry: entry.published.timestamp() if entry.published else 0.0)
    return backwards


def _oldest(entries: Iterator[Entry]) -> float | None:
    times = [entry.published.timestamp() for entry in entries if entry.published is not None]
    return min(times, default=None)
