"""The dashboard of a fetcher that shares out feeds with others: no records come of what it fetches, but owners do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING

from starlette.routing import Route

from ingest.dashboard.feedpage import FeedPage
from ingest.dashboard.feedtable import FeedTable
from ingest.dashboard.gate import Gate
from ingest.dashboard.loginpage import LoginPage
from ingest.dashboard.ownerspage import OwnersPage
from ingest.dashboard.sessions import Sessions
from ingest.dashboard.views import Views, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.config import Config
    from ingest.health import Health
    from ingest.owners import Here, Told
    from sinks.store import Store

_PAGES = (("/", "Owners"), ("/feeds", "Feeds"))


class GroupDashboard:
    """What the listener of such a fetcher serves to people.

    Args:
        config: of the fetcher.
        health: what its parts say.
        told: returns at once what the group told last; called in the listener's thread.
        here: reads what the fetcher has; called in a thread of its own, may raise StoreError.
        opens: opens its copy beside it; as `here`.
        clock: Unix time.
    """

    def __init__(
        self,
        config: Config,
        health: Health,
        *,
        told: Callable[[], Told],
        here: Callable[[], Here],
        opens: Callable[[], Store],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._health = health
        self._told = told
        self._here = here
        self._clock = clock
        self._feeds = FeedTable(config, opens=opens, clock=clock)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dashboard")

    def close(self) -> None:
        """Let go of the copy, once the listener has ended."""
        self._feeds.close()
        self._thread.shutdown()

    def routes(self) -> list[Route]:
        """Return what the listener serves."""
        sessions = Sessions(self._config.dashboard.token, clock=self._clock)
        views = Views(sessions, version("newstap"), pages=_PAGES)
        gate = Gate(sessions, views)
        owners = OwnersPage(
            told=self._told,
            here=self._here,
            thread=self._thread,
            health=self._health,
            views=views,
            clock=self._clock,
        )
        feeds = FeedPage(self._feeds, None, views, clock=self._clock)
        return [
            Route("/", gate.seen(owners.show), methods=["GET"]),
            Route("/feeds", gate.seen(feeds.show), methods=["GET"]),
            *LoginPage(sessions, views).routes(gate),
            Route("/static/{name}", static, methods=["GET"]),
        ]
