"""What follows from the outcomes of pages: articles are visited again, and held against what was published of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from ingest import pending, visits
from ingest.schedule.visiting import Sight, next_visit, planned
from ingest.visits import Known
from processors.records import Reason, Record, Skipped, TextSource

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ingest.fetch.messages import Response
    from ingest.live.source import LiveSource
    from ingest.schedule.visiting import Visiting
    from ingest.visits import Visit
    from processors.records import Outcome

_SHORTER = 0.5
"""Of the text that was published: where a page that is not free to read shows less, the rest is behind its paywall."""
_SAME = frozenset({Reason.DUPLICATE, Reason.UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Implements `ingest.pipeline.Follower` for the service; visits have the negative of their number as mark.

    Args:
        source: holds what entries were made of.
        visiting: when articles are visited.
        most: how many wait for a visit.
        now: Unix time in seconds.
    """

    source: LiveSource
    visiting: Visiting
    most: int
    now: Callable[[], float]

    def judged(self, outcome: Outcome | None, mark: int) -> Outcome | None:
        """See `Follower`: no page that has become another one, or shows less than it did, is a state of the article."""
        visit = self.source.given(mark).visit
        if visit is None or not isinstance(outcome, Record):
            return outcome
        found = _instead(outcome, visit)
        if found is None:
            return outcome
        reason, detail = found
        origin = replace(outcome.origin, fallback=None)
        return Skipped(origin=origin, url=outcome.article.url, reason=reason, detail=detail)

    def follow(self, connection: sqlite3.Connection, outcome: Outcome, mark: int) -> None:
        """See `Follower`: the next visit is planned."""
        given = self.source.given(mark)
        if given.response is None:
            return
        known = known_of(given.response)
        if given.visit is not None:
            self._visited(connection, outcome, given.visit, known)
        elif isinstance(outcome, Record) and _of_page(outcome):
            self._begin(connection, outcome, mark, known)

    def _begin(self, connection: sqlite3.Connection, record: Record, mark: int, known: Known) -> None:
        entry, now = pending.find(connection, mark), self.now()
        due = next_visit(self.visiting, now, now)
        if entry is None or entry.host is None or due is None:
            return
        size = len(record.article.text)
        visits.begin(connection, record.id, entry.carried, known, host=entry.host, size=size, now=now, due=due)
        visits.bound(connection, self.most)

    def _visited(self, connection: sqlite3.Connection, outcome: Outcome, visit: Visit, known: Known) -> None:
        pending.discover(connection, 1)
        if isinstance(outcome, Record):
            visits.saw(connection, visit.id, known, len(outcome.article.text))
        elif isinstance(outcome, Skipped) and outcome.reason in _SAME:
            visits.saw(connection, visit.id, known)
        plan = planned(self.visiting, Sight.THERE, visit.first, visit.gone, self.now())
        visits.plan(connection, visit.id, plan.due, plan.gone)


def known_of(response: Response) -> Known:
    """Return what the next visit of a page goes by."""
    given = response.validators
    digest = blake2b(response.body, digest_size=16).digest()
    etag, modified = (None, None) if given is None else (given.etag, given.last_modified)
    return Known(response.final_url, etag, modified, digest)


def _of_page(record: Record) -> bool:
    return record.article.text_source is TextSource.PAGE and record.origin.fallback is None


def _instead(record: Record, visit: Visit) -> tuple[Reason, str | None] | None:
    """Return why a record is no new state of the article that was visited."""
    if record.origin.fallback is not None:  # what its feed carried stood in for the page
        return record.origin.fallback, None
    if record.id != visit.record:
        return Reason.OTHER_ARTICLE, visit.record
    if record.article.paywalled and len(record.article.text) < visit.size * _SHORTER:
        return Reason.PAYWALL, None
    return None
