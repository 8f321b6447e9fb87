"""Messages of a topic as entries for whoever makes something of them; also where the group's decisions are heeded."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.work.seat import Seat, Terms
from ingest.work.shadow import Shadow
from ingest.work.shares import Share, Taken, remember
from processors.records import Failed, Form, Mode, Origin, Page, Step
from sinks.codec import CodecError
from sinks.kafka_agreement import Agreement, OrphansError, numbers_of
from sinks.kafka_client import AwayError, DeniedError, FencedError, KafkaTroubleError, Place
from sinks.kafka_following import UnreadableMessageError, behind
from sinks.kafka_group import Change, Changed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from ingest.health import Part
    from ingest.work.memory import Memory
    from sinks.kafka_client import Fetched
    from sinks.kafka_group import Member

log = logging.getLogger(__name__)

T = TypeVar("T")
"""What a message holds."""

_PATIENCE_SECONDS = 0.03
"""How long the pool waits for a page before it looks at its workers again."""
_TURN_SECONDS = 1.0
"""Between two looks at the group while there is enough to do."""
_WATCH_SECONDS = 5.0
_SILENT_SECONDS = 14.0
"""A member with which something is amiss for so long is thrown away; a rebalance takes a second or two."""
_REMINDER_SECONDS = 60.0
_LONGEST_WAIT = 5.0


class Reading(Generic[T]):
    """Reads for as long as it may, through whatever happens to Kafka.

    Args:
        terms: of each seat.
        decode: reads a message; raises `CodecError` for one that is not what it should be.
        part: told how Kafka does.
        stop: ends reading; what was read and not handed over yet is left to others.
    """

    def __init__(self, terms: Terms, decode: Callable[[bytes], T], part: Part, stop: threading.Event) -> None:
        self._terms = terms
        self._decode = decode
        self._part = part
        self._stop = stop
        self.seat: Seat | None = None
        self.broken: KafkaTroubleError | None = None
        """What ended it for good."""
        self._shares: dict[Place, Share] = {}
        self._shadow: Shadow | None = None
        """Where all is one member's, and that is another one."""
        self._queue: deque[tuple[Fetched | UnreadableMessageError, Share]] = deque()
        self._failures = 0
        self._retry_at = self._told_at = 0.0
        self._looked_at = self._watched_at = time.monotonic()
        self._fed_at = self._settled_at = self._looked_at
        self._agreement: Agreement | None = None
        self.unread = 0
        """Messages that wait in our partitions, at the last count."""
        self.lag: dict[Place, int] = {}
        """Of each of our partitions, what is not settled, at the last count."""

    @property
    def shares(self) -> list[Share]:
        """The partitions that are ours now."""
        return list(self._shares.values())

    def entries(self) -> Generator[tuple[T | Failed, Taken] | None, None, None]:
        """Yield what messages hold, and None where there is none just now, until it is to end."""
        while True:
            if not self._queue:
                self.look(_PATIENCE_SECONDS)
            if self._ends():
                return
            yield self._next()

    def look(self, seconds: float) -> None:
        """Hear what the group says and read on, for so many seconds at most; connect first where that is needed."""
        now = time.monotonic()
        if now - self._looked_at > _SILENT_SECONDS:
            self._begin_watch()  # we were frozen: that silence was ours, not the group's
        self._looked_at = now
        try:
            if self._ends() or not self._is_seated(seconds) or self.seat is None:
                return
            # What is waiting is enough: only the group is to be heard then.
            paused = [share.place for share in self.shares] if self._queue else []
            self.seat.member.pause(paused)
            fetched = _polled(self.seat.member, 0 if self._queue else seconds)
            self._heed(self.seat.member.changes())
            self._follow()
            self._take(fetched)
            self.seat.member.resume([place for place in paused if place in self._shares])
            self._watch()
            if not self._failures:
                self._part.ok()
        except KafkaTroubleError as trouble:
            self.lose(trouble)

    def tend(self) -> None:
        """Look after the group if that was not done for a while, as when the workers have enough to do."""
        if time.monotonic() - self._looked_at >= _TURN_SECONDS:
            self.look(0)

    def settled(self) -> None:
        """Take note that something was settled: all is well."""
        if self._failures:
            log.info("Kafka takes records again")
        self._failures = 0
        self._part.ok()

    def lose(self, trouble: KafkaTroubleError) -> None:
        """Throw everything away; what was not committed is read again by whoever has the partitions then."""
        if isinstance(trouble, FencedError):
            who = f"another worker runs as {self._terms.instance} in the group {self._terms.group}"
            self.broken = FencedError(f"{who}: give one of the two another --instance ({trouble})")
        elif isinstance(trouble, DeniedError):
            self.broken = trouble
        self._part.failing(str(trouble))
        self._failures += 1
        wait = min(_LONGEST_WAIT, 0.5 * 2 ** min(self._failures - 1, 5))
        self._retry_at = time.monotonic() + wait
        if self.broken is None and (self._failures == 1 or time.monotonic() - self._told_at >= _REMINDER_SECONDS):
            self._told_at = time.monotonic()
            log.warning("%s; tried again every few seconds until it goes on", trouble)
        self.close(leave=False)

    def close(self, *, leave: bool) -> None:
        """Give everything up; `leave` as of `Seat.close`."""
        self._queue.clear()
        self.lag = {}
        self._drop(list(self._shares))
        self._drop_shadow()
        if self.seat is not None:
            self.seat.close(leave=leave)
            self.seat = None

    def _ends(self) -> bool:
        return self._stop.is_set() or self.broken is not None

    def _next(self) -> tuple[T | Failed, Taken] | None:
        while self._queue:
            one, share = self._queue.popleft()
            self._fed_at = time.monotonic()
            if not share.gone:
                return self._content(one), Taken(share, one.offset)
        return None

    def _content(self, one: Fetched | UnreadableMessageError) -> T | Failed:
        if isinstance(one, UnreadableMessageError):
            return Failed(origin=Origin(mode=Mode.WORK), url=None, step=Step.READ, error=str(one))
        body = one.value or b""
        try:
            return self._decode(body)
        except CodecError as error:
            origin = Origin(mode=Mode.WORK)
            text = f"{one.place.topic}: partition {one.place.partition}, offset {one.offset}: {error}"
            page = Page(form=Form.LINE, body=body, origin=origin)
            return Failed(origin=origin, url=None, step=Step.READ, error=text, page=page)

    def _is_seated(self, seconds: float) -> bool:
        if self.seat is None and self._retry_at > time.monotonic():
            self._stop.wait(seconds)
        elif self.seat is None:
            self.seat = Seat(self._terms)
            self._agreement = Agreement(self.seat.member, self._terms.instance)
            self._begin_watch()
        return self.seat is not None

    def _heed(self, changes: Iterable[Changed]) -> None:
        new: dict[Place, Share] = {}
        for change, places in changes:
            self._drop(places)
            given = places if change is Change.GIVEN else ()
            new = {place: share for place, share in new.items() if place not in places}
            new |= {place: Share(place, self._memory()) for place in given}
            self._shares |= new
            log.info("partitions %s %s", numbers_of(places), "are ours" if given else "were taken from us")
        if new:
            self._remember(list(new.values()))
            self._begin_watch()  # it may have taken long

    def _remember(self, shares: list[Share]) -> None:
        if self.seat is None:
            return
        self.seat.take_over()
        if any(self.seat.member.position(share.place) is None for share in shares):
            raise AwayError("the group does not say where to go on")
        if self._shadow is not None:
            self._shadow.catch_up(self._stop)
            self._shadow = None
        elif self._terms.remembers is not None:
            remember(self._terms.connection, self._terms.remembers, shares, self._stop)
        else:
            for share in shares:
                share.memory.begin()

    def _memory(self) -> Memory:
        """Return the memory of a partition that was given to us: of what we have read along, where we have."""
        self._shadowed()
        return self._terms.memory() if self._shadow is None else self._shadow.memory

    def _follow(self) -> None:
        """Stand by, where another one has all."""
        if not self._shares:
            self._shadowed()
            if self._shadow is not None:
                self._shadow.follow()

    def _shadowed(self) -> None:
        terms = self._terms
        if self._shadow is None and terms.alone and terms.remembers is not None:
            self._shadow = Shadow(terms.connection, terms.remembers, terms.memory())

    def _drop(self, places: Iterable[Place]) -> None:
        for place in places:
            if (share := self._shares.pop(place, None)) is not None:
                share.drop()
                self._drop_shadow()  # given and taken at once: what it read along is closed by now

    def _drop_shadow(self) -> None:
        if self._shadow is not None:
            self._shadow.close()
            self._shadow = None

    def _take(self, fetched: Iterable[Fetched | UnreadableMessageError]) -> None:
        for one in fetched:
            if (share := self._shares.get(one.place)) is not None:
                self._queue.append((one, share))
                share.read = one.offset + 1

    def _count(self, member: Member) -> None:
        """Count what is left to be read, and to be settled."""
        ends = member.ends(self._shares)
        at = {place: member.position(place) or 0 for place in ends}
        self.unread = sum(max(0, end - at[place]) for place, end in ends.items())
        shares = {place: self._shares[place] for place in ends}
        self.lag = {
            place: behind(ends[place], settled=share.settled, read=share.read, position=at[place])
            for place, share in shares.items()
        }

    def _begin_watch(self) -> None:
        self._fed_at = self._settled_at = time.monotonic()
        if self._agreement is not None:
            self._agreement.begin()

    def _watch(self) -> None:
        """Count what is left now and then, and throw away a member that the library has left behind.

        Seen with 3.0.12: members that are alive, silent and of no use, their partitions unread for good.
        """
        now = time.monotonic()
        if self.seat is None or now - self._watched_at < _WATCH_SECONDS:
            return
        self._watched_at = now
        member = self.seat.member
        if member.is_settled:
            self._settled_at, self._failures = now, 0
        elif now - self._settled_at > _SILENT_SECONDS:
            raise AwayError(f"the group has not come to rest for {now - self._settled_at:.0f} s")
        self._count(member)
        if not self.unread or self._queue:
            self._fed_at = now
        elif now - self._fed_at > _SILENT_SECONDS:
            raise AwayError(f"{self.unread} messages wait and none came for {now - self._fed_at:.0f} s")
        self._watch_shares(member)

    def _watch_shares(self, member: Member) -> None:
        """See that the group and we agree about what is ours, and that every partition is somebody's."""
        if self._agreement is None:
            return
        try:
            self._agreement.look(self._shares)
        except OrphansError:
            member.leave()
            raise


def _polled(member: Member, seconds: float) -> Sequence[Fetched | UnreadableMessageError]:
    """Return what came; a message that the library cannot take apart is passed over once, and has its outcome too."""
    try:
        return member.poll(seconds)
    except UnreadableMessageError as bad:
        return [bad]
