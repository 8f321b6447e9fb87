"""`newstap feeds test`, and what an address gives that is a page instead of a feed."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from ingest.feedcommands.changes import checked
from ingest.feedcommands.errors import FeedsError
from ingest.feedcommands.visit import visiting
from ingest.feeds import carries_text
from ingest.logs import visible
from ingest.schedule import freshness
from ingest.secret import mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.config import Config
    from ingest.feedcommands.visit import Visit, Visitor
    from ingest.feeds import Entry, Feed, Found
    from ingest.feedstore import Feed as Stored
    from ingest.fetch.messages import Response

_SHOWN = 3
"""Entries whose titles are printed."""


async def try_out(config: Config, url: str, out: IO[str]) -> int:
    """Fetch an address once, print what came, and return 0 if it is a feed, else 1.

    Where the host answered with something else, the feeds that the page names and those at well-known places are
    printed.

    Raises:
        FeedsError: no URL.
    """
    checked("test", [url])
    async with visiting(config) as visitor:
        visit = await visitor.look(url)
        _print(("url", url), *_answer(visit), *_content(visit.feed), out=out)
        if visit.response is not None:
            _print(("robots.txt", await visitor.robots(visit.response.final_url)), out=out)
        if visit.problem is None:
            return 0
        print(f"{mask_urls(url)}: {visible(visit.problem)}", file=sys.stderr)  # noqa: T201 - for people
        named = visitor.named(visit)
        _print(*_places("named there", named), out=out)
        others = [found for found in await visitor.guessed(visit) if found.url not in {one.url for one in named}]
        _print(*_places("found at", others), out=out)
    return 1


async def discovered(config: Config, wanted: Sequence[Stored]) -> list[Stored] | None:
    """Return the feeds, a page's address replaced by that of the feed it names; None where an address gave no feed.

    Raises:
        FeedsError: a page names several: which one is meant is not guessed.
    """
    found: list[Stored] = []
    problems: list[str] = []
    choices: list[str] = []
    async with visiting(config) as visitor:
        for feed in wanted:
            visit = await visitor.look(feed.url)
            places = [feed.url] if visit.feed else await _places_of(visitor, visit)
            if not places:
                problems.append(f"{mask_urls(feed.url)}: {visit.problem}; nothing was added")
            elif len(places) > 1:
                named = mask_urls(" ".join(places))
                choices.append(f"{mask_urls(feed.url)}: names {len(places)} feeds; add what you want of {named}")
            found += [replace(feed, url=place) for place in places]
    if problems:
        print("\n".join(map(visible, problems)), file=sys.stderr)  # noqa: T201 - for people
        return None
    if choices:
        raise FeedsError("\n".join(choices))
    return found


async def _places_of(visitor: Visitor, visit: Visit) -> list[str]:
    return [one.url for one in visitor.named(visit) or await visitor.guessed(visit)]


def _answer(visit: Visit) -> Iterator[tuple[str, str]]:
    answer = visit.response
    if answer is None:
        return
    for hop in answer.hops:
        yield "redirect", f"{hop.status} from {hop.url}"
    if answer.hops:
        yield "final url", answer.final_url
    kind = answer.headers.get("content-type", "no content type")
    yield "answer", f"status {answer.status}, {len(answer.body)} bytes, {kind}, from {answer.remote}"
    yield "took", f"{visit.seconds:.1f} s"
    yield from _hints(answer)


def _hints(answer: Response) -> Iterator[tuple[str, str]]:
    headers = answer.headers
    held = [name for name in ("etag", "last-modified") if name in headers]
    yield "validators", ", ".join(held) or "none: every poll transfers the whole feed"
    fresh = freshness(headers.get("cache-control"), headers.get("expires"), answer.fetched.timestamp())
    if fresh is not None:
        yield "fresh for", f"{fresh:.0f} s"
    if "retry-after" in headers:
        yield "retry-after", headers["retry-after"]


def _content(feed: Feed | None) -> Iterator[tuple[str, str]]:
    if feed is None:
        return
    damage = [word for word, there in (("degraded", feed.degraded), ("cut", feed.cut)) if there]
    yield "format", ", ".join([feed.format, *damage])
    yield "title", feed.title or "none"
    yield "language", feed.language or "none"
    for name, seconds in (("ttl", feed.ttl), ("period", feed.period)):
        if seconds is not None:
            yield name, f"{seconds} s"
    if feed.children:
        yield "sitemaps", f"{len(feed.children)}: an index of sitemaps has no entries itself"
    yield "entries", str(len(feed.entries))
    if feed.entries:
        yield from _entries(feed)


def _entries(feed: Feed) -> Iterator[tuple[str, str]]:
    entries = feed.entries
    dates = sorted(when for entry in entries if (when := entry.published or entry.updated) is not None)
    between = f", {dates[0].isoformat()} to {dates[-1].isoformat()}" if dates else ""
    yield "with a date", f"{len(dates)}{between}"
    yield "with a link", str(sum(entry.link is not None for entry in entries))
    yield "whole text", str(sum(map(carries_text, entries)))
    if feed.omitted or feed.repeated:
        yield "left out", f"{feed.omitted} beyond the limit, {feed.repeated} repeated"
    yield from (("entry", _headline(entry)) for entry in entries[:_SHOWN])


def _headline(entry: Entry) -> str:
    return f"{entry.title or '(no title)'} | {entry.link or 'no link'}"


def _places(label: str, found: Iterable[Found]) -> Iterator[tuple[str, str]]:
    return ((label, f"{one.url} ({one.type}{', ' if one.title else ''}{one.title})") for one in found)


def _print(*lines: tuple[str, str], out: IO[str]) -> None:
    for label, text in lines:
        out.write(f"{label:12} {visible(text)}\n")
