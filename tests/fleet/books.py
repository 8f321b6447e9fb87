"""What the town's log and the topic of pages say: what was lost, doubled, early, or done by two fetchers at once."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from sinks.codec import decode_whole_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_SLACK_SECONDS = 0.25
"""Between a request's way to the town and the moment that a fetcher counts from."""


class Request(NamedTuple):
    """A request as the town has seen it; times are Unix seconds."""

    came: float
    answered: float
    host: str
    path: str
    agent: str
    items: int
    """That a feed had by then."""


class Books(NamedTuple):
    """What is to be zero, each with the cases."""

    lost: list[str]
    doubled: list[str]
    early: list[str]
    overlapping: list[str]


def requests_of(log: Path) -> list[Request]:
    """Return the town's log, oldest first; a line that is being written is left out."""
    lines = log.read_text().split("\n")[:-1]
    return sorted(Request(*json.loads(line)) for line in lines)


def polls(requests: Iterable[Request]) -> dict[str, list[Request]]:
    """Return the polls of each feed, by its path."""
    found: dict[str, list[Request]] = defaultdict(list)
    for one in requests:
        if one.path.startswith("/feed/"):
            found[one.path].append(one)
    return found


def delivered(pages: Iterable[bytes]) -> Counter[str]:
    """Return how often each article's page is in the topic, as `FEED-ITEM`."""
    urls = [decode_whole_page(page).url or "" for page in pages]
    return Counter(url.rpartition("/")[2] for url in urls)


class Thaw(NamedTuple):
    """A fetcher that was frozen, and when it was not any more (Unix seconds)."""

    agent: str
    moment: float

    def had_begun(self, one: Request) -> bool:
        """Say whether a request was on its way when the fetcher froze, and went out when it woke."""
        return one.agent == self.agent and 0 <= one.came - self.moment < _SLACK_SECONDS


def kept(requests: Sequence[Request], pages: Counter[str], interval: float, thaws: Iterable[Thaw] = ()) -> Books:
    """Return what went wrong.

    Args:
        requests: all there were; what feeds have shown must be among the pages.
        pages: as of `delivered`.
        interval: the shortest time between two polls of a feed (seconds).
        thaws: one request of each of these fetchers at a host may be early and overlap: it had begun when it froze.
    """
    begun = [{one.host: one for one in reversed(requests) if thaw.had_begun(one)} for thaw in thaws]
    timed = [one for one in requests if not any(those.get(one.host) is one for those in begun)]
    shown = {path: max(one.items for one in those) for path, those in polls(requests).items()}
    wanted = [f"{path[6:-4]}-{n}" for path, items in shown.items() for n in range(items)]
    early = [
        f"{path}: {later.came - one.came:.2f} s after {one.agent}, by {later.agent}"
        for path, those in polls(timed).items()
        for one, later in pairwise(those)
        if later.came - one.came < interval - _SLACK_SECONDS
    ]
    doubled = [f"{name}: {n} times" for name, n in pages.items() if n > 1]
    return Books([name for name in wanted if name not in pages], doubled, early, _overlapping(timed))


def late(requests: Iterable[Request], feeds: Iterable[str], moment: float, interval: float) -> float:
    """Return by how many seconds the poll of a feed that was due first after a moment came too late, at most.

    Infinite where a feed was not polled any more.
    """
    found, worst = polls(requests), 0.0
    for feed in feeds:
        before = [one.came for one in found.get(feed, ()) if one.came <= moment]
        after = [one.came for one in found.get(feed, ()) if one.came > moment]
        due = max(moment, before[-1] + interval) if before else moment
        worst = max(worst, (after[0] if after else float("inf")) - due)
    return worst


def _overlapping(requests: Sequence[Request]) -> list[str]:
    """Return requests of two fetchers that one host had at the same time."""
    hosts: dict[str, list[Request]] = defaultdict(list)
    for one in requests:
        hosts[one.host].append(one)
    return [
        f"{host}: {one.agent} until {one.answered - later.came:.2f} s after {later.agent} began"
        for host, those in hosts.items()
        for one, later in pairwise(those)
        if later.came < one.answered and later.agent != one.agent
    ]
