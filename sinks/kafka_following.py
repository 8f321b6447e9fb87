"""Reading partitions without a group: whoever reads keeps its own offsets. Only committed transactions are seen."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition, errors

from sinks.kafka_client import AwayError, Connection, Fetched, KafkaTroubleError, Place, connected, translated

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kafka.consumer.fetcher import ConsumerRecord

log = logging.getLogger(__name__)

_SLICE_SECONDS = 0.5
FETCH_BYTES = 16_000_000
"""Of one answer of a broker; a message larger than that comes alone."""


class LostOffsetError(KafkaTroubleError):
    """A partition does not hold the offset we are to go on from."""

    def __init__(self, place: Place, offset: int) -> None:
        super().__init__(f"partition {place.partition} of {place.topic} does not hold offset {offset}")
        self.place = place
        self.offset = offset


class UnreadableMessageError(KafkaTroubleError):
    """A message that the library cannot take apart; who goes on reading passes it over."""

    def __init__(self, place: Place, offset: int, why: str) -> None:
        super().__init__(f"partition {place.partition} of {place.topic}, offset {offset}: {why}")
        self.place = place
        self.offset = offset
        self.why = why


class Reader:
    """A consumer of partitions that it is told.

    Args:
        connection: where to.
        client_id: what the broker's log calls it.

    Raises:
        KafkaTroubleError: no broker answers, or it does not let us in.
    """

    def __init__(self, connection: Connection, client_id: str) -> None:
        self._limit = int(connection.patience_seconds * 1000)
        self._consumer = connected(
            KafkaConsumer,
            connection,
            client_id,
            group_id=None,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            fetch_max_bytes=FETCH_BYTES,
            metadata_max_age_ms=10_000,
            metrics_enabled=False,
        )

    def places(self, topic: str) -> list[Place]:
        """Return a topic's partitions, as far as they are known; the library looks again every ten seconds."""
        with translated(f"asking for the partitions of {topic}"):
            return [Place(topic, number) for number in sorted(self._consumer.partitions_for_topic(topic) or ())]

    def read(self, offsets: Mapping[Place, int | None]) -> None:
        """Read these partitions from now on, each from an offset; None is the first one that it holds."""
        parts = {TopicPartition(*place): offset for place, offset in offsets.items()}
        with translated("beginning to read"):
            firsts = self._consumer.beginning_offsets(list(parts), timeout_ms=self._limit)
            self._consumer.assign(list(parts))
            for part, offset in parts.items():
                self._consumer.seek(part, firsts[part] if offset is None else offset)

    def poll(self, seconds: float) -> list[Fetched]:
        """Return messages, in order within each partition; none if there are none within so many seconds.

        Raises:
            LostOffsetError: an offset is not there any more, or not yet.
            KafkaTroubleError: no answer.
        """
        try:
            with translated("reading"):
                return polled(self._consumer, seconds)
        except KafkaTroubleError as trouble:
            cause = trouble.__cause__
            if isinstance(cause, errors.OffsetOutOfRangeError) and cause.args and isinstance(cause.args[0], dict):
                ((part, offset),) = list(cause.args[0].items())[:1]
                raise LostOffsetError(Place(*part), offset) from cause
            raise

    def position(self, place: Place) -> int:
        """Return the offset of the next message; behind what was aborted, too."""
        with translated(f"asking for the position in {place.topic}"):
            return int(self._consumer.position(TopicPartition(*place), timeout_ms=self._limit) or 0)

    def has_caught_up(self, place: Place) -> bool:
        """Say whether everything was read that the partition held when it last answered, open transactions included."""
        end = self.end(place)
        return end is not None and self.position(place) >= end

    def until_caught_up(
        self,
        places: Iterable[Place],
        *,
        stall_seconds: float,
        stop: threading.Event | None = None,
        tell: Callable[[UnreadableMessageError], None] | None = None,
    ) -> Iterator[tuple[list[Fetched], list[Place]]]:
        """Yield what comes, and which of these partitions were read to their end with it, until all were.

        Whatever is committed when this is called is read: what a partition last answered may be older than that, where
        it was read before. A message that the library cannot take apart is told and passed over.

        Args:
            places: among those that are read.
            stall_seconds: without a message for so long the broker keeps something back.
            stop: gives up.
            tell: as of `passing_over`.

        Raises:
            AwayError: it stalls.
            KafkaTroubleError: no answer.
        """
        left, since = set(places), time.monotonic()
        ends = self.ends(left)
        while left and not (stop is not None and stop.is_set()):
            found = passing_over(self.poll, _SLICE_SECONDS, tell)
            since = time.monotonic() if found else since
            done = [place for place in left if self.position(place) >= ends[place] and self.has_caught_up(place)]
            left.difference_update(done)
            yield found, done
            if left and time.monotonic() - since > stall_seconds:
                topics = ", ".join(sorted({place.topic for place in left}))
                raise AwayError(f"{topics} does not show all it holds, for {stall_seconds:.0f} s by now")

    def end(self, place: Place) -> int | None:
        """Return where a partition ended when it last answered, open transactions included; None before that."""
        end = self._consumer.highwater(TopicPartition(*place))
        return None if end is None else int(end)

    def first(self, place: Place) -> int:
        """Return the first offset that a partition holds."""
        part = TopicPartition(*place)
        with translated(f"asking for the beginning of {place.topic}"):
            return int(self._consumer.beginning_offsets([part], timeout_ms=self._limit)[part])

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return where each partition ends, for a reader of what is committed."""
        parts = [TopicPartition(*place) for place in places]
        with translated("asking for the ends of partitions"):
            found = self._consumer.end_offsets(parts, timeout_ms=self._limit) if parts else {}
        return {Place(*part): int(end) for part, end in found.items()}

    def at(self, places: Iterable[Place], moment_ms: int) -> dict[Place, int | None]:
        """Return of each partition the first offset with a timestamp from a moment on (Unix milliseconds), or None."""
        wanted = {TopicPartition(*place): moment_ms for place in places}
        with translated("asking for the offsets of a time"):
            found = self._consumer.offsets_for_times(wanted, timeout_ms=self._limit) if wanted else {}
        return {Place(*part): None if one is None else int(one.offset) for part, one in found.items()}

    def close(self) -> None:
        """Release what is held; never raises."""
        self._consumer.close(autocommit=False, timeout_ms=self._limit)


def passing_over(
    poll: Callable[[float], list[Fetched]],
    seconds: float,
    tell: Callable[[UnreadableMessageError], None] | None = None,
) -> list[Fetched]:
    """Return what comes within so many seconds; what the library cannot take apart is told and passed over.

    Args:
        poll: as of `Reader` and of `kafka_group.Member`.
        seconds: see there.
        tell: of such a message; None: the log.
    """
    try:
        return poll(seconds)
    except UnreadableMessageError as bad:
        if tell is None:
            log.warning("passed over: %s", bad)
        else:
            tell(bad)
        return []


def polled(consumer: KafkaConsumer, seconds: float) -> list[Fetched]:
    """Return what a consumer has within so many seconds.

    After a message that it cannot read 3.0.12 would never come back from the next poll: what it made of the answer is
    at its end, but not done away with, and it asks that for more without end. A seek does away with it.

    Raises:
        UnreadableMessageError: such a message was passed over.
    """
    try:
        return fetched(consumer.poll(timeout_ms=int(seconds * 1000)).values())
    except errors.CorruptRecordError as error:
        part = consumer._fetcher._next_partition_records  # noqa: SLF001 - the error does not say where it stands
        if part is None:
            raise
        bad = max(part.next_fetch_offset, consumer.position(part.topic_partition))
        consumer.seek(part.topic_partition, bad + 1)
        raise UnreadableMessageError(Place(*part.topic_partition), bad, " ".join(str(error).split())[:300]) from error


def behind(end: int, *, settled: int, read: int, position: int) -> int:
    """Return how many offsets of a partition are left, of messages that are not settled.

    Args:
        end: of the partition.
        settled: the offset behind the last message that is settled.
        read: behind the last that was read.
        position: where reading goes on; beyond `read` by what holds no message, as the ends of transactions.
    """
    return max(0, end - (position if settled >= read else settled))


def fetched(batches: Iterable[Iterable[ConsumerRecord]]) -> list[Fetched]:
    """Return the library's records as ours."""
    return [
        Fetched(Place(one.topic, one.partition), one.offset, one.key, one.value, tuple(one.headers))
        for batch in batches
        for one in batch
    ]
