"""The whole at a glance: what is improbable, what arrives, what waits, what failed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ingest.dashboard.alarmrows import alarm_row
from ingest.dashboard.arrivals import ALL, MINUTES
from ingest.dashboard.charts import lines
from ingest.dashboard.letterforms import tried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from ingest.config import Config
    from ingest.dashboard.arrivals import Arrivals
    from ingest.dashboard.feedtable import FeedTable
    from ingest.dashboard.letters import Letters
    from ingest.dashboard.standing import Standing
    from ingest.dashboard.views import Views
    from ingest.health import Health

MOST_ALARMS = 100
"""The oldest; of the others is told how many they are."""
_NAMES = {ALL: "all"}


class OverviewPage:
    """See the module.

    Args:
        arrivals: what came.
        letters: the last dead letters.
        table: knows the alarms that stand.
        standing: what waits.
        health: what the parts say.
        views: makes the page.
        config: says where dead letters are.
        clock: Unix time.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        letters: Letters,
        table: FeedTable,
        *,
        standing: Callable[[], Standing],
        health: Health,
        views: Views,
        config: Config,
        clock: Callable[[], float],
    ) -> None:
        self._arrivals = arrivals
        self._letters = letters
        self._table = table
        self._standing = standing
        self._health = health
        self._views = views
        self._replay = replay_command(config)
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """Answer with the figures of this moment."""
        by_minute = self._arrivals.by_minute()
        series = {name: counts for name, counts in by_minute.items() if name == ALL or any(counts)}
        every = by_minute[ALL]
        alarms, now = await self._table.alarms(), self._clock()
        return self._views.page(
            request,
            "overview",
            health=self._health.snapshot(),
            alarms=[alarm_row(alarm, now) for alarm in alarms[:MOST_ALARMS]],
            more_alarms=max(len(alarms) - MOST_ALARMS, 0),
            standing=self._standing(),
            top=max(every),
            chart=lines(series, _label(series)),
            names=[_NAMES.get(name, name) for name in series],
            quarters=_quarters(series),
            minutes=MINUTES,
            last_minute=every[-2],
            last_hour=sum(every[-60:]),
            letters=(letters := self._letters.newest()),
            untried=sum(letter.can_be_tried for letter in letters),
            told=tried(request.query_params.get("tried", "")),
            replay=self._replay,
        )


def replay_command(config: Config) -> str:
    """Return what tries the dead letters once more; empty where there is no file of them."""
    if config.sinks.files is None:
        return ""
    source = ["--config", str(config.file)] if config.file is not None else []
    letters = config.sinks.files.path / "dead-letters"
    return shlex.join(["newstap", "replay", str(letters), *source, "--to", f"{config.sinks.files.path}-again"])


def _label(series: Mapping[str, Sequence[int]]) -> str:
    told = ", ".join(f"{_NAMES.get(name, name)} {sum(counts)}" for name, counts in series.items())
    return f"Records a minute over {MINUTES} minutes: {told}"


def _quarters(series: Mapping[str, Sequence[int]]) -> list[tuple[str, list[int]]]:
    """Return the same as a table: records in each quarter of an hour, the newest first."""
    quarters = range(0, MINUTES, 15)
    return [
        (f"{ago + 15} to {ago} min ago", [sum(n[MINUTES - ago - 15 : MINUTES - ago]) for n in series.values()])
        for ago in quarters
    ]
