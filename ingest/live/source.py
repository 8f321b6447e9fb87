"""Where the event loop and the pipeline's thread meet: entries go over as pages, and leave as outcomes."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from ingest import pending
from ingest.sources.base import Entry
from processors.records import Page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from ingest.fetch.messages import Response
    from ingest.visits import Visit
    from processors.records import Skipped

MOST_ROWS = 400
MOST_BYTES = 64_000_000
"""What may be under way between the fetchers and the outbox."""
_PATIENCE_SECONDS = 0.03
"""How long the pipeline waits for an entry before it looks at its workers again."""


class Given(NamedTuple):
    """What was handed over of an entry."""

    content: Page | Skipped
    response: Response | None
    """The answer that it came in; None where it is made of what the feed carries."""
    visit: Visit | None = None
    """Where the page of an article was looked at again."""


class LiveSource:
    """A source of what was fetched; implements `ingest.sources.base.Source`.

    Its marks are numbers of pending entries; of articles that were visited again, which have no entry, below 0.

    Args:
        settled: called in the pipeline's thread when entries have their outcomes.
        keeping: whether what was handed over is held until then, for the archive and for later visits.
    """

    name = "feeds"

    def __init__(self, settled: Callable[[], object], *, keeping: bool = False) -> None:
        self._settled = settled
        self._keeping = keeping
        self._queue: deque[Entry[int]] = deque()
        self._held: dict[int, int] = {}
        """Number of each entry under way, with its bytes."""
        self._given: dict[int, Given] = {}
        self._size = 0
        self._arrived = threading.Condition()
        self._ended = False

    def offer(
        self, number: int, content: Page | Skipped, response: Response | None = None, visit: Visit | None = None
    ) -> None:
        """Hand over what an entry has become, the answer that it came in, and the later visit that brought it."""
        size = len(content.body) if isinstance(content, Page) else 0
        with self._arrived:
            if self._keeping:
                self._given[number] = Given(content, response, visit)
                size += len(response.wire.body) if response is not None and response.wire is not None else 0
            self._held[number] = size
            self._size += size
            self._queue.append(Entry(content=content, mark=number))
            self._arrived.notify()

    def given(self, number: int) -> Given:
        """Return what was handed over, of an entry that has no outcome yet."""
        with self._arrived:
            return self._given[number]

    @property
    def held(self) -> frozenset[int]:
        """The entries that were handed over and have no outcome yet."""
        with self._arrived:
            return frozenset(self._held)

    def has_room(self) -> bool:
        """Say whether more may be handed over."""
        return len(self._held) < MOST_ROWS and self._size < MOST_BYTES

    def end(self) -> None:
        """Let `entries` end once everything handed over has been read."""
        with self._arrived:
            self._ended = True
            self._arrived.notify()

    def resume(self) -> None:
        """Go on after an end, with whatever was handed over meanwhile."""
        with self._arrived:
            self._ended = False

    def restart(self) -> None:
        """Forget what was under way: its rows are still pending. To be called between two runs of a pipeline."""
        with self._arrived:
            self._queue.clear()
            self._held.clear()
            self._given.clear()
            self._size = 0

    def entries(self) -> Iterator[Entry[int] | None]:
        """See `Source`; ends only after `end`."""
        while True:
            with self._arrived:
                if not self._queue and not self._ended:
                    self._arrived.wait(_PATIENCE_SECONDS)
                entry = self._queue.popleft() if self._queue else None
                if entry is None and self._ended:
                    return
            yield entry

    def commit(self, connection: sqlite3.Connection, marks: Sequence[int]) -> None:
        """See `Source`."""
        pending.done(connection, marks)

    def done(self, marks: Sequence[int]) -> None:
        """See `Source`."""
        with self._arrived:
            for number in marks:
                self._size -= self._held.pop(number, 0)
                self._given.pop(number, None)
        self._settled()
