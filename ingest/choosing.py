"""Which outcomes of a replay are delivered, decided in the transaction that counts the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import passed
from ingest.issued import settled
from ingest.items import item_of
from ingest.published import Verdict
from ingest.selection import NOT_SELECTED
from ingest.sources.base import PassedOver
from processors.records import Failed, Record, Skipped

if TYPE_CHECKING:
    import sqlite3

    from ingest.published import Published
    from ingest.selection import Selection
    from processors.records import Outcome
    from sinks.base import Item


class Choice:
    """Settles what a replay is asked for, and counts the rest.

    Args:
        selection: what it is about.
        published: deliver only records that differ from what was published, as its next revisions; None for all.
    """

    def __init__(self, selection: Selection, published: Published | None = None) -> None:
        self._selection = selection
        self._published = published

    def settle(
        self, connection: sqlite3.Connection, outcome: Outcome | PassedOver
    ) -> tuple[Outcome | PassedOver, Item | None]:
        """Return what becomes of an outcome, and that as an item; see `ingest.pipeline`."""
        if not isinstance(outcome, PassedOver) and not self._selection.takes(outcome):
            outcome = NOT_SELECTED
        if not isinstance(outcome, PassedOver):
            outcome = self._settled(connection, outcome)
        if isinstance(outcome, PassedOver):
            passed.count(connection, outcome.why)
            return outcome, None
        return outcome, item_of(outcome)

    def _settled(self, connection: sqlite3.Connection, outcome: Outcome) -> Outcome | PassedOver:
        if self._published is None or isinstance(outcome, Failed):
            return settled(connection, outcome)
        verdict, before = self._published.compared(outcome)
        if not isinstance(outcome, Record) or verdict not in {Verdict.CHANGED, Verdict.NEW}:
            return PassedOver(verdict.value)
        n = 1 if before is None else before.revision.n + 1
        one = settled(connection, replace(outcome, revision=replace(outcome.revision, n=n)))
        return PassedOver(str(one.reason)) if isinstance(one, Skipped) else one
