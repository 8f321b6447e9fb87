"""How to write a source: something that documents come from, in order, and that remembers how far it got.

The pipeline (`ingest/pipeline.py`) iterates `entries` in one thread. For every entry it makes an outcome, and in one
SQLite transaction it puts the outcomes into the outbox and calls `commit` with the entries' marks. So a document and
the progress that says it was read become durable together; nothing else is needed for a source to lose and repeat
nothing.

A mark is whatever a source knows its progress by: a position in a file (`Mark`), the number of a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from processors.records import Failed, Page, Skipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from sinks.base import Item

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Position:
    """How far an archive file has been read; the start of a file is `Position()`."""

    ordinal: int = 0
    """Entries read, from the file's beginning."""
    offset: int = 0
    """Where to go on: bytes of the decompressed file."""
    member: int = 0
    """Bytes of the file before the compressed member in which `offset` lies; 0 where nothing seeks to members."""
    start: int = 0
    """Decompressed bytes before that member."""
    ended: bool = False
    """Nothing is left to be read, though the file may go on: the rest is damaged, and was reported."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The progress that an entry stands for."""

    file: str
    position: Position
    done: bool = False
    """The file has been read to its end; such an entry carries no document."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A document that the job leaves alone, as it was asked to: counted, and delivered nowhere."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[M]):
    """One thing read: a page to process, or an outcome that reading alone decided, or (None) progress only.

    A source of what another newstap has delivered yields items; one that selects, `PassedOver` for what it leaves out.
    """

    content: Page | Skipped | Failed | Item | PassedOver | None = field(repr=False)
    mark: M


class Source(Protocol[M]):
    """Where documents come from; a noun."""

    @property
    def name(self) -> str:
        """What logs call it."""
        ...

    def entries(self) -> Iterator[Entry[M] | None]:
        """Yield what is left, in order, from the committed position on; called once.

        None says that there is nothing just now; a source that waits for more yields it every few milliseconds, so that
        what is done meanwhile is seen.

        What cannot be read is an entry that holds a `Failed`; the iterator goes on behind it, and raises only for what
        ends the whole job (`SourceError`).
        """
        ...

    def commit(self, connection: sqlite3.Connection, marks: Sequence[M]) -> None:
        """Save the progress of entries whose outcomes are in the same transaction. Must not commit by itself."""
        ...

    def done(self, marks: Sequence[M]) -> None:
        """Take note that this transaction is durable; it is called once for each, and must not raise."""
        ...


class SourceError(Exception):
    """The job cannot go on with this source; the text names the file and what can be done."""
