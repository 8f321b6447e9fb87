"""One kafka-python producer, from its first word to the broker until anything goes wrong; then it is thrown away.

Measured with 3.0.12: a producer that met a long outage, a refused record or a lost request may wait for ever, fail for
ever, or stay silent for ever. So nothing here waits without a limit, a record's own future is the only truth, and no
error is recovered from except by a new producer with the same transactional id, which fences the old one.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from kafka import KafkaProducer, TopicPartition, errors
from kafka.partitioner.default import murmur2
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.structs import OffsetAndMetadata

from sinks.kafka_client import (
    LIBRARY,
    AwayError,
    Connection,
    DeniedError,
    FencedError,
    OverdueError,
    RefusedError,
    connected,
    translated,
    trouble,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.transaction_manager import TransactionalRequestResult
    from kafka.structs import ConsumerGroupMetadata

    from sinks.kafka_client import Place
    from sinks.kafka_messages import Message, Note

_EXPLAINING = (AwayError, OverdueError, DeniedError, RefusedError, FencedError)
_SLICE = 0.25
"""Seconds between two looks at something awaited."""
_SETTLING = 1.0
"""Seconds that records have to fail in, once the producer did."""
_CODECS = {"none": 0, "gzip": 1, "lz4": 3, "zstd": 4}
COMPRESSIONS = frozenset(_CODECS)


def end_transaction(connection: Connection, transactional_id: str) -> None:
    """Abort what a producer has left open, and shut it out where it is still there (`InitProducerId`, KIP-98).

    Raises:
        KafkaTroubleError: no answer.
    """
    Session(
        connection,
        transactional_id=transactional_id,
        watermark_topic="",
        compression="none",
        max_request_size=1,
        stall_seconds=connection.patience_seconds,
        transaction_seconds=connection.patience_seconds,
    ).close()


class Watch:
    """Ends a wait that would never end.

    Args:
        reachable: whether the broker's port takes connections.
        stall_seconds: without progress for this long we give up although the port answers.
        away_seconds: when the port is closed, sooner.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        reachable: Callable[[], bool],
        *,
        stall_seconds: float,
        away_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reachable = reachable
        self._stall = stall_seconds
        self._away = away_seconds
        self._clock = clock
        self._since = clock()

    def progress(self) -> None:
        """Start the time anew."""
        self._since = self._clock()

    def until(self, wait: Callable[[float], bool], progress: Callable[[], int] = int) -> None:
        """Wait until `wait(seconds)` is true; `progress` grows while it gets nearer.

        Raises:
            AwayError: it will not be.
        """
        before = -1  # what it was at first is not asked: mostly there is nothing to wait for, and thousands to count
        while not wait(_SLICE):
            if (now := progress()) != before:
                before = now
                self.progress()
            self._check()

    def _check(self) -> None:
        idle = self._clock() - self._since
        if idle >= self._stall:
            reason = f" ({LIBRARY.last})" if LIBRARY.last else ""
            raise AwayError(f"no progress for {idle:.0f} s although the broker's port answers{reason}")
        if idle >= min(self._away, self._stall) and not self._reachable():
            raise AwayError(f"the broker cannot be reached, for {idle:.0f} s by now")


class _Producer(KafkaProducer):  # type: ignore[misc]  # the library is not typed
    """The library's producer, with a limit on the calls that have none, and an end that leaves nothing behind."""

    def __del__(self) -> None:
        """Do nothing: the inherited one takes the logger from every later producer of the process."""

    def mark(
        self, group: str | ConsumerGroupMetadata, offsets: Mapping[TopicPartition, int], remark: str
    ) -> TransactionalRequestResult:
        """Ask for a group's offsets to be part of the transaction; that happens while its records are under way."""
        done = {partition: OffsetAndMetadata(offset, remark, -1) for partition, offset in offsets.items()}
        result = self._transaction_manager.send_offsets_to_transaction(done, group)
        self._sender.wakeup()
        return result

    def commit(self, mark: TransactionalRequestResult, watch: Watch) -> None:
        """Commit the transaction together with what was marked.

        The inherited methods wait without a limit: 80 s for a broker that was away, and for ever when the request got
        lost in the sender, as it did in 4 of 4 kills of the broker.
        """
        self._finish(mark, watch)
        self._finish(self._transaction_manager.begin_commit(), watch)

    def abandon(self) -> None:
        """End it at once, sent or not. `close` raises when records are unsent, and leaves its thread running."""
        self._sender.force_close()
        self._sender.join(5)
        self._unregister_cleanup()
        self._closed = True

    def _finish(self, result: TransactionalRequestResult, watch: Watch) -> None:
        watch.progress()
        self._sender.wakeup()
        watch.until(lambda seconds: bool(result.wait(timeout_ms=seconds * 1000)))


class _Counts(dict[str, int]):
    """How many partitions each topic has, asked for once a transaction."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer

    def __missing__(self, topic: str) -> int:
        self[topic] = count = len(self._producer.partitions_for(topic))
        return count


class Session:
    """A producer and its transactions.

    Args:
        connection: where to.
        transactional_id: who we are, also for the group that holds the watermark; None: at least once, no transactions.
        watermark_topic: the topic under whose partition 0 the group's offset is kept, where `commit` is used.
        compression: `none`, `gzip`, `lz4` or `zstd`.
        max_request_size: bytes of the largest message, uncompressed.
        stall_seconds: see `Watch`.
        transaction_seconds: after this long the broker aborts a transaction by itself.
        clock: monotonic seconds.
        keep_places: fill `places`.

    Raises:
        KafkaTroubleError: the broker is away or does not let us in.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transactional_id: str | None,
        watermark_topic: str,
        compression: str,
        max_request_size: int,
        stall_seconds: float,
        transaction_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        keep_places: bool = False,
    ) -> None:
        self._keep_places = keep_places
        self.places: list[tuple[str, int, int]] = []
        """Topic, partition and offset of all that the last `commit` was about, in the order it was sent; if kept."""
        self._transaction_seconds = transaction_seconds
        self._group = transactional_id
        self._offset = TopicPartition(watermark_topic, 0)
        self._clock = clock
        self._watch = Watch(
            connection.reachable, stall_seconds=stall_seconds, away_seconds=connection.patience_seconds, clock=clock
        )
        self._producer = connected(
            _Producer,
            connection,
            "newstap-producer",
            transactional_id=transactional_id,
            acks="all",
            enable_idempotence=True,
            compression_type=None if compression == "none" else compression,
            max_request_size=max_request_size,
            delivery_timeout_ms=2_000_000_000,  # the watch decides; past its own limit the producer goes silent
            request_timeout_ms=30_000,
            retry_backoff_ms=20,  # also the wait for the end of the transaction before, at the start of each
            max_block_ms=int(connection.patience_seconds * 1000),
            transaction_timeout_ms=int(transaction_seconds * 1000),
            linger_ms=5,
            batch_size=131_072,
            metrics_enabled=False,
        )
        self._is_open = False
        self._began = clock()
        self._counts = _Counts(self._producer)
        self._futures: list[FutureRecordMetadata] = []
        if transactional_id is not None:
            self._take_over()

    def send(self, messages: Iterable[Message | Note]) -> None:
        """Have messages go out, as part of a transaction that begins with the first of them.

        They are under way when this returns, and nobody has them for certain before `commit`.

        Raises:
            RefusedError: one of those sent so far will never be taken.
            FencedError: another process is at work in our place.
            KafkaTroubleError: not now. After any of these the session is of no more use.
        """
        with self._judging():
            if not self._is_open:
                self._begin()
            self._send(messages)

    def commit(self, seq: int) -> None:
        """Return when all that was sent, and with transactions the sequence number, is in Kafka.

        Raises:
            KafkaTroubleError: as of `send`.
        """
        self._end({self._offset: seq}, self._group)

    def settle(
        self,
        messages: Sequence[Message | Note],
        offsets: Mapping[Place, int],
        group: ConsumerGroupMetadata,
        remark: str = "",
    ) -> None:
        """Return when all messages, and how far their consumer group has read, are in Kafka.

        Args:
            messages: any number, even none.
            offsets: of the next message to read, by place.
            group: who reads; the broker refuses what a member commits that the group has given up (KIP-447).
            remark: what is kept beside each of the offsets, as their metadata.

        Raises:
            KafkaTroubleError: as of `send`.
        """
        self.send(messages)
        self._end({TopicPartition(*place): offset for place, offset in offsets.items()}, group, remark)

    def close(self) -> None:
        """End the producer; an open transaction is aborted by the next one, or by the broker when its time is over."""
        self._producer.abandon()

    def _take_over(self) -> None:
        try:
            with translated("taking over the transactional id"):
                self._producer.init_transactions()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        LIBRARY.last = ""
        self._began = self._clock()
        self._counts = _Counts(self._producer)
        if self._group is not None:
            self._producer.begin_transaction()
        self._is_open = True

    def _end(
        self, offsets: Mapping[TopicPartition, int], group: str | ConsumerGroupMetadata | None, remark: str = ""
    ) -> None:
        with self._judging():
            self._watch.progress()
            if group is None:
                self._await()
            else:
                mark = self._producer.mark(group, offsets, remark)
                self._await()
                self._producer.commit(mark, self._watch)
        if self._keep_places:
            self.places = [(made.topic, made.partition, made.offset) for made in (f.value for f in self._futures)]
        self._futures.clear()
        self._is_open = False

    def _send(self, messages: Iterable[Message | Note]) -> None:
        send, counts, futures = self._producer.send, self._counts, self._futures
        for message in messages:
            key, value, headers, time_ms = message.key, message.value, message.headers, message.timestamp_ms
            place = murmur2(key) & 0x7FFFFFFF  # as every client places keys; in Python, so once for all copies
            for topic in message.topics:
                where = place % counts[topic] if message.partition is None else message.partition
                futures.append(send(topic, value, key, headers, partition=where, timestamp_ms=time_ms))

    def _await(self) -> None:
        def done() -> int:
            return sum(future.is_done for future in self._futures)

        for future in self._futures:
            if not future.is_done:
                self._watch.until(partial(_settled, future), done)
            if future.failed():
                raise future.exception

    @contextmanager
    def _judging(self) -> Iterator[None]:
        try:
            yield
        except (errors.KafkaError, OSError, RuntimeError) as error:
            raise self._verdict(error) from error

    def _verdict(self, error: BaseException) -> Exception:
        """Return our error; a future that failed knows the cause better than the call that noticed.

        A fenced producer is first seen by a call in an odd state, a moment before its futures fail.
        """
        deadline = self._clock() + _SETTLING
        while not (failed := _failures(self._futures)) and self._clock() < deadline:
            time.sleep(0.02)
        found = [trouble(one, "delivering") for one in [*failed, error]]
        if self._clock() - self._began >= self._transaction_seconds:  # the broker fences what it aborts for its age
            found = [OverdueError(str(one)) if isinstance(one, FencedError) else one for one in found]
        return max(found, key=_weight)


def partition_of(key: bytes, count: int) -> int:
    """Return the partition that every client's default puts a key into, of so many."""
    return int(murmur2(key) & 0x7FFFFFFF) % count


def compressed_size(message: Message, compression: str) -> int:
    """Return the bytes of a message alone in a batch: what the broker compares with `max.message.bytes`."""
    builder = MemoryRecordsBuilder(2, _CODECS[compression], batch_size=0)
    builder.append(message.timestamp_ms, message.key, message.value, message.headers)
    builder.close()
    return int(builder.size_in_bytes())


def _failures(futures: Sequence[FutureRecordMetadata]) -> list[Exception]:
    return [future.exception for future in futures if future.is_done and future.failed()]


def _settled(future: FutureRecordMetadata, seconds: float) -> bool:
    try:
        future.get(timeout=seconds)
    except errors.KafkaError:
        return bool(future.is_done)
    return True


def _weight(error: Exception) -> int:
    """Order errors by how much they explain: a fenced producer fails all its records, with whatever comes to hand."""
    return _EXPLAINING.index(type(error))
