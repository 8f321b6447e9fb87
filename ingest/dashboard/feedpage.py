"""The feeds: how each is, what it brought, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, Response

from ingest.dashboard.alarmrows import alarm_row
from ingest.dashboard.arrivals import HOURS
from ingest.dashboard.charts import sparkline
from ingest.dashboard.feedtable import Action
from ingest.dashboard.gate import back
from ingest.dashboard.texts import plain
from ingest.durations import length, since, until
from ingest.secret import mask_urls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup
    from starlette.requests import Request

    from ingest.alarms import Alarm
    from ingest.dashboard.alarmrows import AlarmRow
    from ingest.dashboard.arrivals import Arrivals
    from ingest.dashboard.feedtable import FeedTable
    from ingest.dashboard.views import Views
    from ingest.feedstore import Listed

_DONE = {
    Action.POLL: "is polled as soon as its shortest interval is over",
    Action.PAUSE: "is paused",
    Action.RESUME: "is polled again",
}
_NOT_DONE = {
    Action.POLL: "is being polled already, or is paused",
    Action.PAUSE: "is not there any more",
    Action.RESUME: "is not there any more",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A feed as the page shows it; every text is `plain`."""

    number: int
    name: str
    url: str
    state: str
    """`active`, `paused`, `dead` or `gone`."""
    last_success: str
    last_item: str
    next_poll: str
    interval: str
    error: str
    alarms: Sequence[AlarmRow]
    """What is improbable about it."""
    missed: str
    """Share of its documents that showed nothing of the one before."""
    spark: Markup | None


class FeedPage:
    """See the module.

    Args:
        table: the feeds.
        arrivals: what they brought; None where no records come of them, and where nothing is done about feeds.
        views: makes the page.
        clock: Unix time.
    """

    def __init__(
        self, table: FeedTable, arrivals: Arrivals | None, views: Views, *, clock: Callable[[], float]
    ) -> None:
        self._table = table
        self._arrivals = arrivals
        self._views = views
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """Answer with a page of the feeds whose name or URL contains what is asked for."""
        query = request.query_params
        containing = query.get("q", "").strip()[:200]
        page = int(number) if (number := query.get("page", "")).isdecimal() and len(number) < 7 else 0
        listing = await self._table.listing(containing=containing, page=page)
        return self._views.page(
            request,
            "feeds",
            rows=[self._row(feed, listing.alarms.get(feed.id, ())) for feed in listing.feeds],
            containing=containing,
            number=page,
            further=listing.more,
            told=_told(query.get("done", ""), query.get("to", "")),
            now=self._clock(),
            hours=HOURS,
            is_whole=self._arrivals is not None,
        )

    async def act(self, request: Request) -> Response:
        """Do to a feed what a form wants, and lead back to the page it came from."""
        try:
            action = Action(request.path_params["action"])
        except ValueError:
            return PlainTextResponse("Not Found", 404)
        number = request.path_params["number"]
        done = await self._table.do(action, number)
        told = {"done": action if done else f"not-{action}", "to": str(number)}
        kept = {name: request.query_params[name] for name in ("q", "page") if name in request.query_params}
        return back(f"/feeds?{urlencode({**kept, **told})}#feed-{number}")

    def _row(self, feed: Listed, alarms: Sequence[Alarm]) -> Row:
        state, now = feed.state, self._clock()
        return Row(
            number=feed.id,
            name=plain(feed.feed.name or ""),
            url=plain(mask_urls(feed.feed.url)),
            state="paused" if feed.paused else str(state.health),
            last_success=since(state.last_success, now),
            last_item=since(state.last_items, now),
            next_poll="" if feed.paused else until(state.next_due, now),
            interval=length(state.interval),
            error="" if state.error is None else f"{state.error}, {state.errors} in a row",
            alarms=[alarm_row(alarm, now) for alarm in alarms],
            missed=f"{state.missed / state.parsed:.0%}" if state.parsed else "",
            spark=self._spark(feed.feed.url),
        )

    def _spark(self, url: str) -> Markup | None:
        if self._arrivals is None:
            return None
        counts = self._arrivals.of_feed(url)
        return sparkline(counts, f"{sum(counts)} records in {HOURS} hours, {counts[-1]} in this one")


def _told(done: str, number: str) -> str:
    """Return the line that tells what became of a form; the address holds words of ours and a number only."""
    if not number.isdecimal():
        return ""
    texts = {**{str(action): text for action, text in _DONE.items()}}
    texts |= {f"not-{action}": text for action, text in _NOT_DONE.items()}
    return f"Feed {int(number)} {texts[done]}." if done in texts else ""
