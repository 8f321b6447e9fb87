"""Records and dead letters to Kafka topics, exactly once.

The sequence number of the last item is committed as a group offset inside the same transaction as the messages, so
after a crash at any instant `open` learns from Kafka itself how far delivery came. The items, buffered between two
flushes, go out in transactions of a bounded size. Any error ends the producer; `open` makes a new one, which fences the
old, and reads the watermark again.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from sinks.base import Item, ItemRefusedError, Kind, Landed, Landing, Ledger, SinkBrokenError, SinkUnavailableError
from sinks.kafka_admin import Plan, prepare, problems, watermark
from sinks.kafka_client import (
    AwayError,
    Connection,
    DeniedError,
    FencedError,
    KafkaTroubleError,
    OverdueError,
    RefusedError,
)
from sinks.kafka_fitting import Fitting
from sinks.kafka_messages import Message, Names, weight
from sinks.kafka_producer import COMPRESSIONS, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

log = logging.getLogger(__name__)

_KINDS = frozenset({Kind.RECORD, Kind.DEAD_LETTER, Kind.PAGE, Kind.TOMBSTONE})
_WITH_ALARMS = _KINDS | {Kind.ALARM}
EXACTLY_ONCE = "exactly-once"
AT_LEAST_ONCE = "at-least-once"
_LONGEST_WAIT = 5.0
"""Seconds."""
_LEAST_BYTES = 200_000
"""Of a transaction on the slowest of lines."""


def _now() -> datetime:
    return datetime.now(UTC)


def _check(delivery: str, compression: str) -> None:
    if delivery not in {EXACTLY_ONCE, AT_LEAST_ONCE}:
        raise ValueError(f"delivery {delivery!r} is neither {EXACTLY_ONCE!r} nor {AT_LEAST_ONCE!r}")
    if compression not in COMPRESSIONS:
        raise ValueError(f"compression {compression!r} is none of {', '.join(sorted(COMPRESSIONS))}")


class KafkaSink:
    """A sink of Kafka topics.

    Args:
        ledger: where the sequence number is saved after each transaction.
        bootstrap: `host:port`, several divided by commas.
        name: what logs and dead letters call it.
        prefix: what topic names begin with.
        topics: the enabled topics; each has a stream of its own.
        scaled: pages go through Kafka too (`newstap fetch`).
        alarms: there is a topic for alarms; otherwise they are passed over.
        slot: tells apart several writers of one owner; they would fence each other.
        delivery: `exactly-once`, or `at-least-once`: no transactions, and a crash may repeat what was in flight.
        create_topics: make missing topics; otherwise they are an error.
        partitions: of each new topic.
        replication: copies of each new partition; None leaves it to the broker.
        retention_ms: of each new topic; -1 for ever. It counts from an article's own date.
        compression: `none`, `gzip`, `lz4` or `zstd`.
        remember_ms: of the new topic that holds what workers remember; -1 for ever.
        max_request_size: bytes of the largest message, uncompressed; a larger item is refused.
        page_bytes: the same for a page, and what the new topic of pages takes.
        max_items: items in one transaction, at most.
        max_bytes: bytes in one transaction, at most, all copies counted; also what the buffer holds.
        stall_seconds: without any progress for this long the producer is rebuilt.
        transaction_seconds: a transaction may last this long; with a slower broker they become smaller.
        patience_seconds: how long a call waits for a broker that does not answer.
        landed: told where each record is.
        security: settings of kafka-python that begin with `sasl_`, `ssl_`, and `security_protocol`; never shown.
        now: the time.

    Raises:
        ValueError: a setting that cannot work.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        bootstrap: str,
        name: str = "kafka",
        prefix: str = "news",
        topics: Sequence[str] = (),
        scaled: bool = False,
        alarms: bool = False,
        slot: int = 0,
        delivery: str = EXACTLY_ONCE,
        create_topics: bool = True,
        partitions: int = 6,
        replication: int | None = None,
        retention_ms: int = -1,
        remember_ms: int = -1,
        compression: str = "lz4",
        max_request_size: int = 1_000_000,
        page_bytes: int = 8_000_000,
        max_items: int = 2000,
        max_bytes: int = 32_000_000,
        stall_seconds: float = 15.0,
        transaction_seconds: float = 60.0,
        patience_seconds: float = 5.0,
        security: Mapping[str, Any] | None = None,
        now: Callable[[], datetime] = _now,
        landed: Landing | None = None,
    ) -> None:
        _check(delivery, compression)
        self._name, self._ledger = name, ledger
        self._names = Names(prefix, tuple(topics), scaled, alarms=alarms)
        self._plan = Plan(self._names, create_topics, partitions, replication, retention_ms, page_bytes, remember_ms)
        self._connection = Connection(bootstrap, security or {}, patience_seconds)
        self._identity = f"newstap-{ledger.owner}-{slot}"
        self._transactional = delivery == EXACTLY_ONCE
        self._compression = compression
        self._largest = max(max_request_size, page_bytes) if scaled else max_request_size
        self._fitting = Fitting(
            self._names, max_request_size=max_request_size, page_bytes=page_bytes, compression=compression, now=now
        )
        self._max_items, self._max_bytes = max_items, max_bytes
        self._stall_seconds, self._transaction_seconds = stall_seconds, transaction_seconds
        self._landed = landed
        self._session: Session | None = None
        self._seq, self._mark = 0, 0  # the latter in Kafka: below the other where items that are not for it followed
        self._sent: list[Item] = []  # in the transaction that is open
        self._bytes = 0  # of all their copies
        self._alone_until = 0  # items up to this number go one by one: among them is one that Kafka refuses
        self._failures = 0

    @property
    def name(self) -> str:
        """What logs, metrics and dead letters call it."""
        return self._name

    @property
    def kinds(self) -> frozenset[Kind]:
        """See `sinks.base.Sink`."""
        return _WITH_ALARMS if self._names.alarms else _KINDS

    @property
    def identity(self) -> str:
        """The transactional id, and the group whose offset is the watermark."""
        return self._identity

    def check(self) -> list[str]:
        """Return what stands in the way of delivery; changes nothing."""
        return [f"{self._name}: {problem}" for problem in problems(self._connection, self._plan)]

    def open(self) -> int:
        """Connect if necessary, and return the watermark: that of Kafka or that of the ledger, whichever is higher."""
        if self._sent:  # somebody was in trouble after our last `write`; the next producer aborts what it began
            self.close()
        if self._session is None:
            with self._ours():
                self._connect()
            if self._failures:
                log.debug("%s: delivering again, after %d failed attempts", self._name, self._failures)
                self._failures = 0
        return self._seq

    def write(self, items: Sequence[Item]) -> None:
        """Send items; when the transaction is full, commit it."""
        made = [(item, self._fitting.message(item)) for item in items]
        refused = [(item, reason) for item, reason in made if isinstance(reason, str)]
        if refused:
            self._commit()
            raise ItemRefusedError(self._name, refused)
        self._send([message for _, message in made if isinstance(message, Message)])

    def flush(self, seq: int) -> None:
        """Commit what was sent, then save the sequence number."""
        self._commit()
        if seq > self._seq:
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
        self._forget()

    def _connect(self) -> None:
        limits = prepare(self._connection, self._plan)
        if limits != self._fitting.limits:  # a limit that changed explains what was refused: `write` now tells which
            self._fitting.limits, self._alone_until = limits, 0
        saved, state = self._ledger.load()
        session = Session(
            self._connection,
            transactional_id=self._identity if self._transactional else None,
            watermark_topic=self._names.articles,
            compression=self._compression,
            max_request_size=self._largest,
            stall_seconds=self._stall_seconds,
            transaction_seconds=self._transaction_seconds,
            keep_places=self._landed is not None,
        )
        try:
            self._mark = self._watermark(state.get("watermark", 0)) if self._transactional else 0
        except BaseException:
            session.close()
            raise
        self._seq = max(saved, self._mark)
        self._session = session

    def _watermark(self, saved: int) -> int:
        """Return what Kafka says was delivered, once the new producer has fenced any old one."""
        found = watermark(self._connection, self._identity, self._names.articles)
        if found > (last := self._ledger.last()):
            raise SinkBrokenError(
                f"{self._name}: the group {self._identity} at {self._connection.bootstrap} says that {found} items were"
                f" delivered, but this state only ever made {last}: the group is another state's, or this state was put"
                " back to an older copy. Restore the state, or start with a fresh state folder; deleting the group"
                " delivers again"
            )
        if found < saved:
            log.warning(
                "%s: the broker's watermark is %d, the one we committed was %d; going on as the outbox says",
                *(self._name, found, saved),
            )
        return found

    def _send(self, messages: Sequence[Message]) -> None:
        """Send all; commit whenever the transaction is full, and leave the last one open."""
        done = 0
        while done < len(messages):
            chunk = self._fitting_in(messages[done : done + self._max_items])
            if chunk:
                self._sent += [made.item for made in chunk]
                self._bytes += weight(chunk)
                with self._ours():
                    self._opened().send(chunk)
                done += len(chunk)
            else:
                self._commit()

    def _fitting_in(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return those that the open transaction has room for; at least one if it is empty."""
        if (self._sent[0] if self._sent else messages[0].item).seq <= self._alone_until:
            return messages[: 0 if self._sent else 1]
        count, size = 0, self._bytes
        for made in messages[: self._max_items - len(self._sent)]:
            size += made.weight
            if size > self._max_bytes and (count or self._sent):
                break
            count += 1
        return messages[:count]

    def _commit(self) -> None:
        """Commit what was sent, and save its watermark: the last item's number."""
        if not self._sent:
            return
        seq = self._sent[-1].seq
        with self._ours():
            self._opened().commit(seq)
        if self._landed is not None:
            self._landed(self._places(self._opened().places))
        self._forget()
        self._mark = seq if self._transactional else 0
        self._save(seq)

    def _places(self, places: Sequence[tuple[str, int, int]]) -> list[Landed]:
        """Return where each record is that was sent, all its copies, in the order they went out."""
        found, rest = [], iter(places)
        for item in self._sent:
            copies = [
                f"{topic}/{partition} at {offset}"
                for _, (topic, partition, offset) in zip(self._names.of(item), rest, strict=False)
            ]
            if item.kind is Kind.RECORD:
                found.append(Landed(item.key, item.revision, ", ".join(copies)))
        return found

    def _isolate(self, reason: str) -> NoReturn:
        """Refuse the one item that was sent alone, or have those sent together sent one by one.

        Raises:
            ItemRefusedError: the item was alone.
            SinkUnavailableError: it is not known yet which one it is.
        """
        sent = list(self._sent)
        self.close()
        if len(sent) == 1:
            raise ItemRefusedError(self._name, [(sent[0], reason)])
        self._alone_until = sent[-1].seq
        text = f"Kafka refuses one of {len(sent)} items, so they go one by one: {reason}"
        log.warning("%s: %s", self._name, text)
        raise SinkUnavailableError(self._name, text, retry_after=0.0)

    def _save(self, seq: int) -> None:
        self._seq = seq
        self._ledger.save(seq, {"watermark": self._mark})

    def _forget(self) -> None:
        self._sent.clear()
        self._bytes = 0

    def _opened(self) -> Session:
        if self._session is None:
            raise AwayError("not open")
        return self._session

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """End the producer on any trouble, and raise what the driver understands; the driver tells of it."""
        try:
            yield
        except FencedError as error:
            self.close()
            raise SinkBrokenError(
                f"{self._name}: another process delivers as {self._identity}: two are running on one state; "
                f"stop one of them ({error})"
            ) from error
        except DeniedError as error:
            self.close()
            raise SinkBrokenError(f"{self._name}: {self._connection.bootstrap}: {error}") from error
        except RefusedError as error:
            self._isolate(str(error))
        except KafkaTroubleError as error:
            if isinstance(error, OverdueError):
                self._max_bytes = max(self._max_bytes // 4, _LEAST_BYTES)
            self.close()
            raise self._unavailable(error) from error

    def _unavailable(self, error: KafkaTroubleError) -> SinkUnavailableError:
        wait = min(_LONGEST_WAIT, 0.5 * 2 ** min(self._failures, 5))
        if not self._failures:
            log.debug("%s: %s: cannot deliver: %s; trying on", self._name, self._connection.bootstrap, error)
        self._failures += 1
        return SinkUnavailableError(self._name, f"{self._connection.bootstrap}: {error}", retry_after=wait)
