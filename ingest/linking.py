"""The ordered stage between the workers' outcomes and the outbox: what a record is a copy of, changes, and belongs to.

It decides in the transaction that puts outcomes into the outbox, and keeps what it knows in the same one. Its memory is
only a copy of its tables: where these tell of another last document, since a transaction was undone, it is read again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from ingest import linkstore
from ingest.issued import settled
from ingest.items import item_of
from processors.records import Record, Revision
from processors.stories.linker import Linker
from processors.stories.revisions import Class, revised

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ingest.config import Stories
    from processors.records import Outcome
    from sinks.base import Item

_DAY = 86_400
_EVERY = 64
"""Documents between two looks for articles that are too old."""
Settle: TypeAlias = "Callable[[sqlite3.Connection, Outcome], tuple[Outcome, Item]]"
"""Makes of an outcome what is delivered, in the transaction that puts it into the outbox."""


def settle(connection: sqlite3.Connection, outcome: Outcome) -> tuple[Outcome, Item]:
    """Return an outcome as it is to be delivered, linked to nothing: repeats skipped, revisions numbered."""
    outcome = settled(connection, outcome)
    return outcome, item_of(outcome)


def settling(config: Stories) -> Settle:
    """Return what settles outcomes by the configuration, for one process and one state."""
    return Linking(config).settle if config.enabled else settle


class Linking:
    """Links the records of one state.

    Args:
        config: how long articles are remembered.
    """

    def __init__(self, config: Stories) -> None:
        self._config = config
        self._linker: Linker | None = None

    def settle(self, connection: sqlite3.Connection, outcome: Outcome) -> tuple[Outcome, Item]:
        """Return an outcome as it is to be delivered, inside the caller's transaction."""
        done = settled(connection, outcome, _compared)
        if isinstance(done, Record):
            done = self._linked(connection, done)
        return done, item_of(done)

    def _linked(self, connection: sqlite3.Connection, record: Record) -> Record:
        linker = self._current(connection)
        links = linker.link(record)
        linkstore.keep(connection, linker.changes())
        linkstore.remember(connection, record, linker.now)
        if linker.next % _EVERY == 0:
            linkstore.forget(connection, linker.now - self._config.remember_days * _DAY)
        return replace(record, dup=links.dup, story=links.story)

    def _current(self, connection: sqlite3.Connection) -> Linker:
        if self._linker is None or self._linker.next != linkstore.following(connection):
            self._linker = Linker(*linkstore.read(connection))
        return self._linker


def _compared(connection: sqlite3.Connection, record: Record, before: int) -> Revision | None:
    """Return what a record changes, as `ingest.issued.Compare`; its number alone where the last state is forgotten."""
    earlier = linkstore.earlier(connection, record.id)
    if earlier is None:
        return record.revision
    state, first = earlier
    found = revised(state, record.article)
    if found.kind in {Class.NONE, Class.COSMETIC}:
        return None
    return Revision(
        n=record.revision.n,
        of=f"{record.id}/{first}",
        previous=f"{record.id}/{before}",
        kind=found.kind,
        changed=found.changed,
        correction=found.correction,
        numbers=found.numbers,
        diff=found.edits,
    )
