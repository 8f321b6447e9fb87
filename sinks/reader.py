"""For consumers: typed records out of one of newstap's Kafka topics, each until it is committed.

    from sinks.reader import Reader

    with Reader("127.0.0.1:9092", "news.topic.north-korea.v1", group="my-app") as reader:
        for message in reader:
            if message.record is not None:
                print(message.record.published, message.record.title)
            reader.commit()

It sees committed transactions only, goes on where its group stopped, and sits out a broker that is away. What was
handed out and not committed comes again after a crash, to this process or to another of the group: at least once.
docs/examples/once.py shows how to count each record exactly once: by keeping its `event` together with the effect.
Whoever keeps stories by their id asks `Stories` which of them are one by now; docs/examples/stories.py shows how.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sinks.codec import CodecError
from sinks.kafka_client import Connection, DeniedError, FencedError, Place
from sinks.kafka_following import UnreadableMessageError
from sinks.kafka_subscribing import Subscription, Terms
from sinks.published import PublishedRecord, published
from sinks.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from sinks.kafka_client import Fetched

__all__ = ["DeniedError", "FencedError", "Message", "PublishedRecord", "Reader", "Stories", "UnreadableError"]

_SLICE_SECONDS = 0.5
"""Between two looks at `stop`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and where it stands."""

    topic: str
    partition: int
    offset: int
    key: str
    """`id` of the record: all its revisions are in this partition, in order."""
    record: PublishedRecord | None
    """None is a tombstone, of `news.articles.latest.v1` only: the article of this key is gone."""
    value: bytes | None = field(repr=False)
    """The JSON as it came, with fields that this version does not know."""


class UnreadableError(Exception):
    """A message that is no record of a schema that this version reads, or that Kafka's library cannot take apart.

    newstap writes none: either it is newer than this reader, or somebody else has written to the topic. The reader
    stands behind it, so that to go on is to pass it over.
    """

    def __init__(self, place: Place, offset: int, why: str, value: bytes | None = None) -> None:
        super().__init__(f"{place.topic}: partition {place.partition}, offset {offset}: {why}")
        self.topic, self.partition = place
        self.offset = offset
        self.value = value
        """As it came; None where not even that can be known."""


class Reader:
    """Reads one topic as a member of a consumer group; nothing is committed but by `commit`.

    Iterate over it, or `poll`. It is for one thread, but for `stop`.

    Args:
        bootstrap: `host:port` of brokers, divided by commas.
        topic: its whole name, such as `news.articles.v1`; a topic that is not there yet is waited for, with a warning.
        group: the consumer group. Processes of one group share the partitions, and each goes on where the group has
            committed to, so that this is also the name under which you resume.
        instance: a name that no other process of the group has, and that this one has again after a restart: then it
            gets its partitions back at once. Without one they wait for 10 s after a crash.
        start: where a group begins that has committed nothing: at the `earliest` message, or at the `latest`, so that
            it sees what is published from then on.
        idle_seconds: iteration ends when nothing has come for so long; None: it goes on until `stop`.
        busy_seconds: how long you may be at work on what one fetch gave (200 messages at most) before the group gives
            your partitions to others; 300 is the least.
        security: settings of kafka-python (`security_protocol`, `sasl_mechanism`, `sasl_plain_username`,
            `sasl_plain_password`, `ssl_cafile`, …).
        patience_seconds: how long `commit` and the like wait for a broker that does not answer.

    Raises:
        ValueError: a bad address, or an unknown security setting. No connection is made yet.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        *,
        group: str,
        instance: str | None = None,
        start: Literal["earliest", "latest"] = "earliest",
        idle_seconds: float | None = None,
        busy_seconds: float = 300.0,
        security: Mapping[str, Any] | None = None,
        patience_seconds: float = 5.0,
    ) -> None:
        self._subscription = Subscription(
            Terms(
                connection=Connection(bootstrap, dict(security or {}), patience_seconds),
                group=group,
                instance=instance,
                topic=topic,
                start=start,
                busy_seconds=busy_seconds,
            )
        )
        self._idle_seconds = idle_seconds
        self._waiting: deque[Fetched] = deque()
        """What was fetched and not handed out yet."""
        self._done: dict[Place, int] = {}
        """Behind what was handed out and not committed."""
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        """Return the next message, waiting for it; in order within each partition.

        Raises:
            UnreadableError: it is no record; iterate again to go on behind it.
            DeniedError: we are not let in, or may not read; the text says what a person has to change.
            FencedError: another process runs as our `instance`.
        """
        began = time.monotonic()
        while not self._stopping.is_set():
            if self._waiting or self._fetch(_SLICE_SECONDS):
                return _message(self._pass())
            if self._idle_seconds is not None and time.monotonic() - began >= self._idle_seconds:
                break
        raise StopIteration

    def poll(self, seconds: float = 1.0) -> list[Message]:
        """Return the messages that are there, 200 at most, after so many seconds at the latest.

        Raises:
            UnreadableError: the first of them is no record; poll again to go on behind it.
            DeniedError: as for iteration.
            FencedError: as for iteration.
        """
        if not self._waiting:
            self._fetch(seconds)
        found: list[Message] = []
        while self._waiting:
            try:
                message = _message(self._waiting[0])
            except UnreadableError:
                if found:
                    break  # the next call tells
                self._pass()
                raise
            self._pass()
            found.append(message)
        return found

    def commit(self) -> bool:
        """Have the group remember that all that was handed out so far is done with.

        Returns:
            False if it does not, since the broker is away, or others have the partitions by now. What was handed out
            since the last commit may then come again, here or there. There is nothing to do about it: the next commit
            is for all that is still ours.

        Raises:
            DeniedError: we may not commit for this group.
            FencedError: another process runs as our `instance`.
        """
        if self._done and not self._subscription.commit(self._done):
            return False
        self._done.clear()
        return True

    def position(self) -> dict[tuple[str, int], int]:
        """Return what `commit` would say now: by topic and partition, the offset to go on from.

        Partitions of which nothing was handed out since the last commit are not among them.
        """
        return {(place.topic, place.partition): offset for place, offset in self._done.items()}

    def stop(self) -> None:
        """End the iteration within half a second, now or when it begins; for signal handlers and other threads."""
        self._stopping.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called: for a loop around `poll`."""
        return self._stopping.is_set()

    def close(self) -> None:
        """Release what is held, without a commit; leave the group, unless `instance` is to come back. Never raises."""
        self._subscription.close()
        self._heed()

    def _fetch(self, seconds: float) -> bool:
        """Fetch, when nothing waits; say whether something does now."""
        try:
            self._waiting.extend(self._subscription.poll(seconds))
        except UnreadableMessageError as error:
            self._done[error.place] = error.offset + 1
            raise UnreadableError(error.place, error.offset, str(error.__cause__)) from error
        finally:
            self._heed()
        return bool(self._waiting)

    def _heed(self) -> None:
        """Forget what was handed out of partitions that are not ours any more, or that begin where others left them."""
        for place in self._subscription.lost():
            self._done.pop(place, None)

    def _pass(self) -> Fetched:
        """Hand out what waits longest."""
        one = self._waiting.popleft()
        self._done[one.place] = one.offset + 1
        return one


def _message(one: Fetched) -> Message:
    """Read what a message holds.

    Raises:
        UnreadableError: it is no record.
    """
    try:
        key = (one.key or b"").decode()
        record = None if one.value is None else published(one.value)
    except (CodecError, UnicodeDecodeError) as error:
        raise UnreadableError(one.place, one.offset, str(error), one.value) from error
    return Message(one.place.topic, one.place.partition, one.offset, key, record, one.value)
