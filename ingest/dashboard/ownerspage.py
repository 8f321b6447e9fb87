"""Who owns what where fetchers share out feeds: the group as it tells itself, and how this fetcher stands in it."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.dashboard.texts import plain
from ingest.durations import since
from ingest.secret import mask_urls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from starlette.requests import Request
    from starlette.responses import Response

    from ingest.dashboard.views import Views
    from ingest.health import Health
    from ingest.owners import Here, Restoring, Told


class Some(NamedTuple):
    """Partitions as the page shows them."""

    n: int
    which: str
    """Their numbers, neighbours together: `0–3, 7`."""


class OwnersPage:
    """See the module.

    Args:
        told: returns at once what the group told last.
        here: reads what this fetcher has; may wait for the disk, or raise StoreError.
        thread: to do that in.
        health: what the parts of the service say.
        views: makes the page.
        clock: Unix time.
    """

    def __init__(
        self,
        *,
        told: Callable[[], Told],
        here: Callable[[], Here],
        thread: Executor,
        health: Health,
        views: Views,
        clock: Callable[[], float],
    ) -> None:
        self._told = told
        self._here = here
        self._thread = thread
        self._health = health
        self._views = views
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """Answer with what is known at this moment; nothing is asked of Kafka for it."""
        found = await asyncio.get_running_loop().run_in_executor(self._thread, self._here)
        now = self._clock()
        return self._views.page(
            request,
            "owners",
            health=self._health.snapshot(),
            group=_group(self._told(), now),
            fetcher=_fetcher(found, now),
            restoring=None if found.restoring is None else _take_over(found.restoring, now),
            restored=None if found.restored is None else _take_over(found.restored, now),
        )


def some(numbers: Sequence[int]) -> Some:
    """Return partitions, which are in order, as the page shows them."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return Some(len(numbers), ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs))


def _group(told: Told, now: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": plain(told.group),
        "asked": "" if told.at is None else since(told.at, now),
        "trouble": "" if told.trouble is None else plain(mask_urls(told.trouble)),
        "since": told.since,
    }
    if (shares := told.shares) is None:
        return row
    members = [{"name": plain(name), "has": some(numbers)} for name, numbers in shares.members.items()]
    return {
        **row,
        "members": members,
        "unowned": some(shares.unowned),
        "partitions": shares.partitions,
        "is_settled": shares.is_settled,
        "lag": shares.lag,
    }


def _fetcher(here: Here, now: float) -> dict[str, Any]:
    return {
        "name": plain(here.name),
        "ours": some(here.ours),
        "feeds": here.feeds,
        "due": here.due,
        "requests": here.requests,
        "outbox": here.outbox,
        "oldest": "" if here.oldest is None or not here.outbox else since(here.oldest, now),
        "lease": here.lease,
    }


def _take_over(restoring: Restoring, now: float) -> dict[str, Any]:
    seconds = now - restoring.began if restoring.seconds is None else restoring.seconds
    return {
        "of": some(restoring.numbers),
        "read": restoring.read,
        "total": restoring.total,
        "seconds": f"{max(seconds, 0.0):.1f}",
        "feeds": restoring.feeds,
        "when": since(restoring.began + seconds, now),
    }
