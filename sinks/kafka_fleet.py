"""What fetchers that share out feeds write: pages, and notes to each other, each piece of them whole or not at all.

A piece is what one SQLite transaction brought: a poll's requests and the feed's new state, or a page and the end of its
request. Its notes say where it ends (`Item.revision`), and a Kafka transaction ends nowhere else. With it goes what the
group is to remember of us: for each partition that is ours an offset, and beside it, as its metadata, who we are and up
to which number our outbox is delivered. So one commit tells the broker that we may write (KIP-447), ourselves after a
crash how far we came, and whoever has the partition next that it is not ours any more.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from sinks.base import (
    Item,
    ItemRefusedError,
    Kind,
    Ledger,
    SinkBrokenError,
    SinkUnavailableError,
    SinkWaitingError,
)
from sinks.kafka_admin import Plan, admin, prepare, remarks
from sinks.kafka_client import AwayError, Connection, DeniedError, FencedError, KafkaTroubleError, Place, RefusedError
from sinks.kafka_fitting import Fitting
from sinks.kafka_messages import Message, Note
from sinks.kafka_producer import Session, end_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kafka.structs import ConsumerGroupMetadata

STATES, REQUESTS = "state", "request"
"""The topics of notes."""
_AT = "at"
"""No message, but how far a partition was read, once what came of it is in Kafka."""
STALL_SECONDS = 15.0
TRANSACTION_SECONDS = 30.0
_MOST_FENCED = 3
"""Times: once is what others do who take us for dead; again and again, it is another fetcher with our name."""
_SOON = 0.1
"""Seconds until the first try after trouble, and between two looks at whether anything is ours."""
ENDS = "ends"
"""What the ledger calls how far our own notes reach: a copy that we come back to holds them all."""
WRITER = "writer"
"""The header that says whose a note is."""
_WRITER = re.compile(r"[0-9a-f]{12}")
"""Another group's name may begin with ours."""


class Standing:
    """What we are in the group, and how far we are with what is ours; asked and told from several threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._group: Callable[[], ConsumerGroupMetadata | None] | None = None
        self._offsets: dict[Place, int] = {}

    def join(self, group: Callable[[], ConsumerGroupMetadata | None]) -> None:
        """Be a member, as which is to be asked anew for each commit: its generation changes, and it may be none."""
        with self._mutex:
            self._group = group

    def leave(self) -> None:
        """Be none, and have nothing."""
        with self._mutex:
            self._group = None
            self._offsets.clear()

    def given(self, offsets: Mapping[Place, int]) -> None:
        """Have these partitions, to be read on from here."""
        with self._mutex:
            self._offsets |= offsets

    def taken(self, places: Iterable[Place]) -> None:
        """Have them no more."""
        with self._mutex:
            for place in places:
                self._offsets.pop(place, None)

    def places(self) -> list[Place]:
        """Return what is ours."""
        with self._mutex:
            return list(self._offsets)

    def read(self, offsets: Mapping[Place, int]) -> None:
        """Note that these are to be read on from elsewhere, as far as they are ours."""
        with self._mutex:
            self._offsets |= {place: offset for place, offset in offsets.items() if place in self._offsets}

    def now(self) -> tuple[ConsumerGroupMetadata, dict[Place, int]] | None:
        """Return who we are, and where each partition of ours is to be read on from; None while nothing is ours."""
        with self._mutex:
            if self._group is None or not self._offsets:
                return None
            member, offsets = self._group(), dict(self._offsets)
        return None if member is None or member.generation_id <= 0 else (member, offsets)


def note(topic: str, partition: int, key: str, value: bytes | None) -> Item:
    """Return a note as an item."""
    return Item(seq=0, kind=Kind.NOTE, key=f"{topic} {partition} {key}", body=value or b"", revision=0)


def at(topic: str, partition: int, offset: int) -> Item:
    """Return, as an item, that a partition of one of our topics is to be read on from an offset."""
    return note(_AT, partition, f"{offset} {topic}", None)


def ended(items: Sequence[Item]) -> list[Item]:
    """Return the items of a piece, the last marked as its end; a piece that has none of its own gets one."""
    *before, last = items or [note(_AT, 0, "", None)]
    return [*before, replace(last, revision=1)] if last.kind is Kind.NOTE else [*items, *ended(())]


def remark_of(writer: str, seq: int) -> str:
    """Return what is kept beside our offsets."""
    return f"{writer} {seq}"


def read_remark(remark: str | None) -> tuple[str, int]:
    """Return who committed a partition's offset last, and the number that its outbox was delivered up to.

    What nobody of ours has written is nobody's.
    """
    writer, _, seq = (remark or "").partition(" ")
    return (writer, int(seq)) if seq.isdecimal() else ("", 0)


def client_of(writer: str) -> str:
    """Return what a fetcher calls itself, before its name in the group, so that others know whose it is."""
    return f"newstap-fetch-{writer}"


def end_what_the_dead_began(connection: Connection, group: str) -> list[str]:
    """Abort the open transactions of fetchers that are in the group no more; return who these are.

    Whoever is given their partitions reads no further than where these begin. The broker would abort them by itself,
    but only when their time is over.

    Raises:
        KafkaTroubleError: no answer.
    """
    with admin(connection) as broker:
        begun = [name.removeprefix(f"{group}-") for name in broker.unfinished(f"{group}-")]
        alive = broker.clients(group)
    dead = [
        writer
        for writer in begun
        if _WRITER.fullmatch(writer) and not any(one.startswith(f"{client_of(writer)}-") for one in alive)
    ]
    for writer in dead:
        end_transaction(connection, f"{group}-{writer}")
    return dead


class FleetSink:
    """A sink of pages and notes; implements `sinks.base.Sink`.

    Args:
        ledger: where the sequence number is saved after each transaction.
        connection: where to.
        plan: the topics.
        writer: who we are, unlike any other fetcher.
        group: of the fetchers.
        standing: what we are in it.
        compression: `none`, `gzip`, `lz4` or `zstd`.
        max_request_size: bytes of the largest message, uncompressed.
        now: the time.
    """

    kinds = frozenset({Kind.PAGE, Kind.DEAD_LETTER, Kind.NOTE})
    name = "kafka"

    def __init__(
        self,
        ledger: Ledger,
        *,
        connection: Connection,
        plan: Plan,
        writer: str,
        group: str,
        standing: Standing,
        compression: str,
        max_request_size: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ledger = ledger
        self._connection = connection
        self._plan = plan
        self._writer = writer
        self._group = group
        self._standing = standing
        self._compression = compression
        self._largest = max(max_request_size, plan.page_bytes)
        self._fitting = Fitting(
            plan.names,
            max_request_size=max_request_size,
            page_bytes=plan.page_bytes,
            compression=compression,
            now=now,
        )
        self._topics = {STATES: plan.names.states, REQUESTS: plan.names.requests}
        self._session: Session | None = None
        self._waiting: list[tuple[Item, Message | Note | None]] = []
        self._ends: dict[str, int] = {}
        """Of each partition of states, what is behind the last note of ours."""
        self._seq: int | None = None
        self._fenced = 0

    def open(self) -> int:
        """Connect if necessary; return up to which number everything is in Kafka, as it says itself.

        The producer is begun before anything is ours: what an older one of ours has left open ends with that, and it
        can only be read what is ours when it has.
        """
        self._waiting.clear()
        try:
            if self._session is None:
                self._session = self._begun()
            if (standing := self._standing.now()) is None:
                raise SinkWaitingError(self.name, "no feeds are ours yet", retry_after=_SOON)
            if self._seq is None:
                self._seq = self._delivered(list(standing[1]))
        except KafkaTroubleError as trouble:
            self._give_up(trouble)
        return self._seq

    def write(self, items: Sequence[Item]) -> None:
        """Take items; they go out with the end of their piece."""
        made = [(item, self._made(item)) for item in items]
        if refused := [(item, reason) for item, reason in made if isinstance(reason, str)]:
            raise ItemRefusedError(self.name, refused)
        self._waiting += [(item, message) for item, message in made if not isinstance(message, str)]

    def flush(self, seq: int) -> None:
        """Commit every piece that is whole; what has no end yet waits for it."""
        whole = _whole(self._waiting)
        if whole:
            try:
                self._settle(self._waiting[:whole])
            except KafkaTroubleError as trouble:
                self._give_up(trouble)
            del self._waiting[:whole]
        if not self._waiting and seq > (self._seq or 0):
            self._save(seq)

    def idle(self) -> None:
        """Do nothing: nothing here is due by time alone."""

    def finish(self) -> None:
        """Do nothing: what is in Kafka is final."""

    def close(self) -> None:
        """End the producer."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self._seq = None
        self._waiting.clear()

    def _begun(self) -> Session:
        self._fitting.limits = prepare(self._connection, self._plan)
        return Session(
            self._connection,
            transactional_id=f"{self._group}-{self._writer}",
            watermark_topic=self._plan.names.feeds,
            compression=self._compression,
            max_request_size=self._largest,
            stall_seconds=STALL_SECONDS,
            transaction_seconds=TRANSACTION_SECONDS,
            keep_places=True,
        )

    def _delivered(self, ours: Sequence[Place]) -> int:
        """Return how far we are; known for certain once whatever an older producer of ours had begun has ended."""
        found = remarks(self._connection, self._group, ours)
        delivered = [seq for writer, seq in map(read_remark, found.values()) if writer == self._writer]
        saved, state = self._ledger.load()
        self._ends = state.get(ENDS, {})
        return max(saved, *delivered, 0)

    def _made(self, item: Item) -> Message | Note | str | None:
        """Return what goes out of an item, or why it never will; None where that is nothing."""
        if item.kind is not Kind.NOTE:
            return self._fitting.message(item)
        topic, partition, key = item.key.split(" ", 2)
        if topic == _AT:
            return None
        headers = [(WRITER, self._writer.encode())]
        now = int(time.time() * 1000)
        return Note((self._topics[topic],), int(partition), key.encode(), item.body or None, now, headers)

    def _settle(self, whole: Sequence[tuple[Item, Message | Note | None]]) -> None:
        self._standing.read(_read([item for item, _ in whole]))
        standing, seq = self._standing.now(), whole[-1][0].seq
        if self._session is None or standing is None:
            raise AwayError("no feeds are ours at the moment")
        messages = [message for _, message in whole if message is not None]
        member, offsets = standing
        self._session.settle(messages, offsets, member, remark_of(self._writer, seq))
        for topic, partition, offset in self._session.places:
            if topic == self._topics[STATES]:
                self._ends[str(partition)] = offset + 1
        self._save(seq)

    def _save(self, seq: int) -> None:
        self._seq = seq
        self._ledger.save(seq, {ENDS: self._ends})

    def _give_up(self, trouble: KafkaTroubleError) -> NoReturn:
        """End the producer.

        Raises:
            SinkBrokenError: a person has to change something.
            SinkUnavailableError: it is to be tried again.
        """
        self.close()
        where = f"{self.name}: {self._connection.bootstrap}"
        self._fenced += isinstance(trouble, FencedError)
        if self._fenced >= _MOST_FENCED:
            raise SinkBrokenError(f"{where}: another fetcher runs as {self._writer}; stop one of them ({trouble})")
        if isinstance(trouble, DeniedError | RefusedError):
            raise SinkBrokenError(f"{where}: {trouble}") from trouble
        text = f"{self._connection.bootstrap}: {trouble}"
        raise SinkUnavailableError(self.name, text, retry_after=_SOON) from trouble


def _whole(waiting: Sequence[tuple[Item, object]]) -> int:
    """Return how many of these make whole pieces."""
    ends = (place for place, (item, _) in enumerate(waiting, 1) if item.kind is Kind.NOTE and item.revision)
    return max(ends, default=0)


def _read(items: Iterable[Item]) -> dict[Place, int]:
    """Return what items say about how far partitions were read."""
    found = {}
    for item in items:
        kind, partition, rest = item.key.split(" ", 2) if item.kind is Kind.NOTE else ("", "", "")
        offset, _, topic = rest.partition(" ")
        if kind == _AT and topic:
            found[Place(topic, int(partition))] = int(offset)
    return found
