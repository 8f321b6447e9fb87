"""The dashboard as a whole: its parts, and which path leads where."""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from starlette.routing import Route

from ingest.dashboard.archivedpage import ArchivedPage
from ingest.dashboard.arrivals import Arrivals
from ingest.dashboard.feedpage import FeedPage
from ingest.dashboard.feedtable import FeedTable
from ingest.dashboard.gate import Gate
from ingest.dashboard.kept import Kept
from ingest.dashboard.landings import Landings
from ingest.dashboard.letterforms import LetterForms
from ingest.dashboard.letters import Letters
from ingest.dashboard.livepage import LivePage
from ingest.dashboard.loginpage import LoginPage
from ingest.dashboard.overviewpage import OverviewPage
from ingest.dashboard.recordpage import RecordPage
from ingest.dashboard.sessions import Sessions
from ingest.dashboard.standing import Standing
from ingest.dashboard.streams import Streams
from ingest.dashboard.views import Views, static
from processors.records import Failed, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.config import Config
    from ingest.health import Health
    from processors.records import Outcome
    from sinks.base import Landed


class Dashboard:
    """What the listener serves to people.

    Args:
        config: of the service.
        health: what its parts say.
        topics: those that are looked for.
        clock: Unix time.
    """

    def __init__(
        self, config: Config, health: Health, topics: Sequence[str], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        self._health = health
        self._clock = clock
        self._kept = Kept(clock)
        self._landings = Landings()
        self._letters = Letters(clock=clock)
        self._arrivals = Arrivals(topics, clock=clock)
        self._feeds = FeedTable(config, clock=clock)
        self._standing: Callable[[], Standing] = Standing
        self._alarms: Callable[[], int] = int

    def saw(self, outcome: Outcome) -> None:
        """Show an outcome that was committed; called in the pipeline's thread, returns at once."""
        if isinstance(outcome, Record):
            self._kept.add(outcome)
            self._arrivals.add(outcome)
        elif isinstance(outcome, Failed):
            self._letters.add(outcome)

    def landed(self, landed: Sequence[Landed]) -> None:
        """Tell where records were delivered to; called in the threads of the sinks, returns at once."""
        self._landings.add(landed)

    def ask(self, standing: Callable[[], Standing], *, alarms: Callable[[], int] = int) -> None:
        """Ask here how the service stands and how many alarms do, from now on.

        Both are called in the listener's thread and must not wait, the second for each page.
        """
        self._standing, self._alarms = standing, alarms

    def close(self) -> None:
        """Let go of the state, once the listener has ended."""
        self._feeds.close()

    def _stands(self) -> Standing:
        return self._standing()

    def _alarmed(self) -> int:
        return self._alarms()

    def routes(self) -> list[Route]:
        """Return what the listener serves."""
        sessions = Sessions(self._config.dashboard.token, clock=self._clock)
        views = Views(sessions, version("newstap"), alarms=self._alarmed)
        gate = Gate(sessions, views)
        feeds = FeedPage(self._feeds, self._arrivals, views, clock=self._clock)
        overview = OverviewPage(
            self._arrivals,
            self._letters,
            self._feeds,
            standing=self._stands,
            health=self._health,
            views=views,
            config=self._config,
            clock=self._clock,
        )
        letters = LetterForms(self._letters, self._feeds, views)
        record = RecordPage(self._kept, self._landings, self._feeds, views)
        seen = {
            "/": LivePage(self._kept, self._arrivals.topics, views).show,
            "/records/{id:path}": record.show,
            "/archived/{id:path}": ArchivedPage(self._kept, self._config, views).show,
            "/feeds": feeds.show,
            "/overview": overview.show,
        }
        return [
            *(Route(path, gate.seen(answer), methods=["GET"]) for path, answer in seen.items()),
            Route("/events", gate.followed(Streams(self._kept).events), methods=["GET"]),
            Route("/feeds/{number:int}/{action}", gate.done(feeds.act), methods=["POST"]),
            Route("/letters/replay", gate.done(letters.every), methods=["POST"]),
            Route("/letters/{number:int}/replay", gate.done(letters.one), methods=["POST"]),
            *LoginPage(sessions, views).routes(gate),
            Route("/static/{name}", static, methods=["GET"]),
        ]
