"""How to write a sink: somewhere that items go to, exactly once.

Items are what the outbox holds: encoded records, dead letters and skips (of a fetcher: pages), numbered 1, 2, 3 …
without gaps. One thread drives a sink (`ingest/delivery.py`): `open`, then `write` and `flush` in turn, at last
`finish` and `close`.

Exactly once follows from one duty: the sequence number becomes durable *together with* the items (a file's length and
the sequence in one SQLite commit; a group offset inside the Kafka transaction), and `open` tells it after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Kind(StrEnum):
    """What an item is."""

    RECORD = "record"
    DEAD_LETTER = "dead-letter"
    SKIPPED = "skipped"
    PAGE = "page"
    """A document that workers elsewhere are to make something of; only Kafka carries it."""
    ENRICHED = "enriched"
    """A record that is yet to be linked, and numbered; only Kafka carries it."""
    TOMBSTONE = "tombstone"
    """An article is no longer there: the compacted topic forgets it. It has a key and no body."""
    ALARM = "alarm"
    """Something that an operator should know begins, or is over (`alarm.v1.json`); only Kafka carries it."""
    NOTE = "note"
    """What fetchers that share out feeds keep for each other (`ingest.fleet`); only their own sink carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One encoded thing to deliver."""

    seq: int
    """Its place in the outbox."""
    kind: Kind
    key: str
    """The record's id; of a dead letter, the id of its input where known, else a digest of where it came from; of a
    page, what keeps it together with those it could be confused with (`ingest.routing`); of an alarm, what it is of."""
    body: bytes = field(repr=False)
    """UTF-8 JSON, one line, without the newline; empty for a tombstone."""
    label: str = ""
    """What it is counted under within its kind: the reason of a skip or tombstone, the step of a dead letter, the state
    of an alarm."""
    revision: int = 1
    """Of a record; of a tombstone, the one that was published last; of a note, 0 where more follows that must not
    become known without it."""
    short: bytes | None = field(default=None, repr=False)
    """A dead letter without its input, for a sink that cannot carry the whole one."""
    topics: tuple[str, ...] = ()
    published: datetime | None = None
    fetched: datetime | None = None


class Landed(NamedTuple):
    """Where an item is, once it is delivered."""

    key: str
    revision: int
    place: str
    """For people: a file and an offset, or topics with partitions and offsets."""


Landing: TypeAlias = "Callable[[Sequence[Landed]], object]"
"""Is told where items are, in the sink's thread; it returns at once."""


class SinkUnavailableError(Exception):
    """The sink cannot take anything now; nothing is lost and nothing was acknowledged. Try again after the delay.

    After it, the driver calls `open` again: what was written since the last `flush` is written once more.
    """

    def __init__(self, sink: str, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(f"{sink}: {message}")
        self.sink = sink
        self.retry_after = retry_after
        """Seconds."""


class SinkWaitingError(SinkUnavailableError):
    """As its base, and nothing is wrong: it is not this sink's turn. Nobody is told, and the delay does not grow."""


class SinkBrokenError(Exception):
    """The sink holds something we must not guess about (a file shorter than committed, a foreign watermark).

    Delivery stops with exit code 1 and this text, which names the file or topic and says what can be done.
    """


class ItemRefusedError(Exception):
    """The sink will never take these items (too large for the topic, say); nothing since the last flush was delivered.

    The driver turns each into a dead letter of step `deliver`, remembers that this sink is done with them, calls `open`
    and goes on without them.
    """

    def __init__(self, sink: str, refused: Sequence[tuple[Item, str]]) -> None:
        super().__init__(f"{sink}: {len(refused)} refused, first: {refused[0][1]}")
        self.sink = sink
        self.refused = tuple(refused)


class Ledger(Protocol):
    """Where one sink keeps its place: a row in the outbox's SQLite file, committed durably."""

    @property
    def owner(self) -> str:
        """`STATE-JOB`: unlike that of any other state folder or job; safe in a Kafka group or transactional id."""
        ...

    def load(self) -> tuple[int, dict[str, Any]]:
        """The committed sequence number (0 at first) and what the sink saved with it."""
        ...

    def save(self, seq: int, state: dict[str, Any]) -> None:
        """Commit both at once; durable when it returns.

        Raises:
            SinkUnavailableError: the disk is full or failing.
        """
        ...

    def last(self) -> int:
        """The highest sequence number the outbox ever gave out; a watermark above it belongs to another state."""
        ...


class Sink(Protocol):
    """Somewhere that items go to; a noun."""

    @property
    def name(self) -> str:
        """What logs, metrics and dead letters call it; unique among the sinks of a job."""
        ...

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of item it takes; others are passed over but still counted in its sequence."""
        ...

    def open(self) -> int:
        """Recover, and return the sequence number up to which everything is durably delivered (0: nothing).

        Called at the start and again after each `SinkUnavailableError` or `ItemRefusedError`.

        Raises:
            SinkUnavailableError: not reachable now.
            SinkBrokenError: see there.
        """
        ...

    def write(self, items: Sequence[Item]) -> None:
        """Take items, in rising order of `seq`; may buffer. Raises as `flush` does."""
        ...

    def flush(self, seq: int) -> None:
        """Return only when all items written are durable, together with `seq`, the highest number handled.

        `seq` may lie above the last item written: items of other kinds, or refused ones, lie between.

        Raises:
            SinkUnavailableError: not now; nothing since the last flush counts as delivered.
            ItemRefusedError: some of the items, never.
            SinkBrokenError: see there.
        """
        ...

    def idle(self) -> None:
        """Do what is due by time alone (finish a file that is old). Called about each second while nothing is written.

        Raises as `flush` does, but for `ItemRefusedError`.
        """
        ...

    def finish(self) -> None:
        """The end of a job or a drain: make what is delivered final (a files sink finishes its active files)."""
        ...

    def close(self) -> None:
        """Release what is held; safe to call in any state, never raises."""
        ...
