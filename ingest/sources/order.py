"""In which order what is read of an archive is handed on, so that reading can go on behind each of it.

In an archive of ours a page is told of by a record before its response (`ingest.sources.told`). Damage between the two
is held back until the page is there: whoever went on behind the damage would no longer know what was told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.sources.base import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.sources.lines import Read
    from ingest.sources.members import Place
    from ingest.sources.told import Told
    from processors.records import Failed, Page, Skipped


class Order:
    """Gives each outcome its position.

    Args:
        ordinal: outcomes that were read before.
        told: of an archive of ours.
    """

    def __init__(self, ordinal: int, told: Told | None) -> None:
        self._ordinal = ordinal
        self._told = told
        self._waiting: object | None = None
        self._held: list[tuple[Page | Skipped | Failed, Position]] = []
        self._begin = Position()
        """Where what is held begins."""

    def next(self) -> None:
        """Take note of what is waited for before the next record is read."""
        self._waiting = self._told.waiting if self._told is not None else None

    def placed(self, read: Page | Skipped | Failed | None, place: Place, after: Position) -> Iterator[Read]:
        """Yield what is to be handed on once a record has been read.

        Args:
            read: what it gave.
            place: where it begins.
            after: where reading goes on behind it; the ordinal does not count.
        """
        if self._told is None or self._waiting is None:
            yield from self._one(read, after)
        elif self._told.waiting is self._waiting:
            self._hold(read, place, after)
        elif self._told.completed:
            yield from self._one(read, self._begin if self._held else after)
            yield from self.rest()
        else:
            yield from self.rest()
            yield from self._one(read, after)

    def rest(self) -> Iterator[Read]:
        """Yield what is held."""
        for read, after in self._held:
            yield from self._one(read, after)
        self._held = []

    def _one(self, read: Page | Skipped | Failed | None, after: Position) -> Iterator[Read]:
        if read is not None:
            self._ordinal += 1
            yield read, replace(after, ordinal=self._ordinal)

    def _hold(self, read: Page | Skipped | Failed | None, place: Place, after: Position) -> None:
        if read is None:
            return
        if not self._held:
            self._begin = Position(0, place.offset, place.member, place.start)
        self._held.append((read, after))
