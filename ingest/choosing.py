"""Which outcomes of a replay are delivered, decided in the transaction that counts the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest import passed
from ingest.pipeline import settle
from ingest.selection import NOT_SELECTED
from ingest.sources.base import PassedOver

if TYPE_CHECKING:
    import sqlite3

    from ingest.selection import Selection
    from processors.records import Outcome
    from sinks.base import Item


class Choice:
    """Settles what a replay is asked for, and counts the rest.

    Args:
        selection: what it is about.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def settle(
        self, connection: sqlite3.Connection, outcome: Outcome | PassedOver
    ) -> tuple[Outcome | PassedOver, Item | None]:
        """Return what becomes of an outcome, and that as an item; see `ingest.pipeline`."""
        if not isinstance(outcome, PassedOver) and not self._selection.takes(outcome):
            outcome = NOT_SELECTED
        if isinstance(outcome, PassedOver):
            passed.count(connection, outcome.why)
            return outcome, None
        return settle(connection, outcome)
