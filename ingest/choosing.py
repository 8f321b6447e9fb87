"""Which outcomes of a replay are delivered, decided in the transaction that counts the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import passed
from ingest.linking import settle as unlinked
from ingest.published import Verdict
from ingest.selection import NOT_SELECTED
from ingest.sources.base import PassedOver
from processors.records import Failed, Record, Skipped

if TYPE_CHECKING:
    import sqlite3

    from ingest.linking import Settle
    from ingest.published import Published
    from ingest.selection import Selection
    from processors.records import Outcome
    from sinks.base import Item


class Choice:
    """Settles what a replay is asked for, and counts the rest.

    Args:
        selection: what it is about.
        published: deliver only records that differ from what was published, as its next revisions; None for all.
        settle: what becomes of those that are delivered. What changed keeps the links that it was published with: they
            are of all that was published, not of the changes among themselves.
    """

    def __init__(self, selection: Selection, published: Published | None = None, settle: Settle = unlinked) -> None:
        self._selection = selection
        self._published = published
        self._settle = settle

    def settle(
        self, connection: sqlite3.Connection, outcome: Outcome | PassedOver
    ) -> tuple[Outcome | PassedOver, Item | None]:
        """Return what becomes of an outcome, and that as an item; see `ingest.pipeline`."""
        if not isinstance(outcome, PassedOver) and not self._selection.takes(outcome):
            outcome = NOT_SELECTED
        item = None
        if not isinstance(outcome, PassedOver):
            outcome, item = self._settled(connection, outcome)
        if isinstance(outcome, PassedOver):
            passed.count(connection, outcome.why)
        return outcome, item

    def _settled(self, connection: sqlite3.Connection, outcome: Outcome) -> tuple[Outcome | PassedOver, Item | None]:
        if self._published is None or isinstance(outcome, Failed):
            return self._settle(connection, outcome)
        verdict, before = self._published.compared(outcome)
        if not isinstance(outcome, Record) or verdict not in {Verdict.CHANGED, Verdict.NEW}:
            return PassedOver(verdict.value), None
        if before is not None:
            revision = replace(outcome.revision, n=before.revision.n + 1)
            outcome = replace(outcome, revision=revision, dup=before.dup, story=before.story)
        one, item = unlinked(connection, outcome)
        return (PassedOver(str(one.reason)), None) if isinstance(one, Skipped) else (one, item)
