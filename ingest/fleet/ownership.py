"""The thread that listens to the group: partitions come, with all that is known of them, and go.

What the group gives is read to its end and taken up before anything of it is polled. What it takes in an orderly way is
handed over first (`Host.hand_over`): nobody else is given it before. What is lost, as by a process that was frozen, and
a copy that others may have changed since, ends the term: everything here is forgotten, and read again.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from ingest.fleet.restoring import noted
from ingest.fleet.taking import Taking
from sinks.kafka_admin import prepare
from sinks.kafka_agreement import Agreement, OrphansError
from sinks.kafka_client import DeniedError, FencedError, KafkaTroubleError, Place
from sinks.kafka_fleet import client_of
from sinks.kafka_following import Reader, passing_over
from sinks.kafka_group import Change, Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.fleet.copy import Copy
    from ingest.fleet.places import Places
    from ingest.fleet.terms import Terms
    from ingest.health import Part
    from sinks.kafka_fleet import Standing

log = logging.getLogger(__name__)

_TURN_SECONDS = 0.3
"""Between two looks at what others ask for: each costs a millisecond of both consumers."""
_LEASE_MARGIN_SECONDS = 1.0
"""Before the end of our lease nothing begins any more: a request takes its time to go out."""
_AGREE_SECONDS = 5.0
"""Between two looks at what the group counts as ours."""
_REMINDER_SECONDS = 60.0
_RETRY_SECONDS = 0.5


class Host(Protocol):
    """The service around, as far as it is asked to do something."""

    def hand_over(self, numbers: frozenset[int]) -> threading.Event:
        """Begin to let go of partitions; what is returned is set when all that we did with them is in Kafka."""
        ...

    def look(self, *, feeds: bool) -> None:
        """See what pages there are to fetch, and which feeds to poll."""
        ...


class LostError(Exception):
    """What we have is not known to be so any more: it has to be read again.

    The group may still count us as having what we do not, and is left, so that others have it.
    """


class Ownership(threading.Thread):
    """Listens, for one term.

    Args:
        terms: of membership.
        places: told which partitions are ours.
        standing: told how we stand.
        copy: of what is ours.
        host: the service.
        part: told how Kafka does.
    """

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self, terms: Terms, places: Places, standing: Standing, copy: Copy, host: Host, part: Part
    ) -> None:
        super().__init__(name="ownership", daemon=True)
        self.broken: KafkaTroubleError | None = None
        """What ended it for good."""
        self.lost: str | None = None
        """Why the term has to end."""
        self.waiting = 0
        """Partitions that were given to us and are not taken up yet."""
        self._terms = terms
        self._places = places
        self._standing = standing
        self._copy = copy
        self._host = host
        self._part = part
        self._ending = threading.Event()
        self._leave = False
        self._member: Member | None = None
        self._reader: Reader | None = None
        self._told_at = 0.0

    @property
    def lease_seconds(self) -> float:
        """For how long requests may begin."""
        member = self._member
        return -1.0 if member is None or self.lost is not None else member.lease_seconds - _LEASE_MARGIN_SECONDS

    def end(self, *, leave: bool) -> None:
        """End the thread, once nothing of ours is under way; with `leave`, give what is ours to others at once."""
        self._leave |= leave
        self._ending.set()
        self.join()

    def run(self) -> None:
        """Be a member, again and again, until told to end or until nothing more can be done."""
        try:
            while not self._ends():
                try:
                    self._session()
                except KafkaTroubleError as trouble:
                    self._trouble(trouble)
        except LostError as error:
            self.lost, self._leave = str(error), True
            self._standing.leave()
            self._ending.wait()  # a member until what is under way has ended, so that nobody else begins before
        except Exception as error:  # the thread's edge: whatever it is, the term must end and say so
            self.lost = f"an error of ours: {error}"
            log.exception("listening to the group ended")
        finally:
            self._close(leave=self._leave)

    def _ends(self) -> bool:
        return self._ending.is_set() or self.broken is not None

    def _session(self) -> None:
        """Be a member until told to end, or until Kafka gives trouble."""
        terms = self._terms
        prepare(terms.connection, terms.plan)
        reader = self._reader = Reader(terms.connection, f"newstap-fetch-{terms.instance}")
        self._places.count = self._alike(reader)
        member = self._member = Member(
            terms.connection,
            group=terms.group,
            instance=terms.instance,
            topic=terms.plan.names.feeds,
            session_seconds=terms.session_seconds,
            busy_seconds=0.0,
            client_id=client_of(terms.writer),
            leaving=self._leaving,
            leaving_seconds=terms.leaving_seconds,
        )
        self._standing.join(lambda: None if member.is_lost else member.metadata)
        taking = Taking(terms, self._places, self._standing, self._copy, member, reader)
        agreement, asked_at = Agreement(member, terms.instance), time.monotonic()
        while not self._ends():
            defined = passing_over(member.poll, _TURN_SECONDS, terms.unread.tell_broken)
            changes = member.changes()
            if member.is_lost:  # known before it is among the changes
                raise LostError("others may have had our partitions meanwhile")
            for change, places in changes:
                self._heed(change, places, taking)
            taking.define(defined)
            if taking.follow():
                self._host.look(feeds=False)
            if self._places.ours:
                self._part.ok()
            if time.monotonic() - asked_at >= _AGREE_SECONDS:
                asked_at = time.monotonic()
                self._agree(agreement)

    def _agree(self, agreement: Agreement) -> None:
        """See that the group counts as ours what we do, and that everything is somebody's."""
        try:
            agreement.look({Place(self._terms.plan.names.feeds, number) for number in self._places.ours})
        except OrphansError as error:
            raise LostError(str(error)) from error

    def _heed(self, change: Change, places: tuple[Place, ...], taking: Taking) -> None:
        numbers = frozenset(place.partition for place in places)
        listed = ", ".join(map(str, sorted(numbers))) or "none"
        if change is Change.TAKEN:
            taking.drop(numbers)
            log.info("partitions %s are others' now", listed)
        elif not self._took(sorted(numbers), taking):
            raise LostError("what we had not sent yet belongs to others by now")
        else:
            log.info("partitions %s are ours", listed)
            self._host.look(feeds=True)

    def _took(self, numbers: Sequence[int], taking: Taking) -> bool:
        self.waiting = len(numbers)
        try:
            with noted(self._copy.note, numbers) as progress:
                return taking.take(numbers, progress)
        finally:
            self.waiting = 0

    def _leaving(self, places: tuple[Place, ...]) -> threading.Event:
        """Begin to hand over what is ours of these; called in the library's thread."""
        numbers = frozenset(place.partition for place in places) & self._places.ours
        if numbers:
            return self._host.hand_over(numbers)
        done = threading.Event()
        done.set()
        return done

    def _alike(self, reader: Reader) -> int:
        """Return how many partitions there are.

        Raises:
            DeniedError: the topics are not divided alike.
        """
        names = self._terms.plan.names
        counts = {topic: len(reader.places(topic)) for topic in (names.feeds, names.states, names.requests)}
        if len(set(counts.values())) != 1 or 0 in counts.values():
            told = ", ".join(f"{topic} has {count}" for topic, count in counts.items())
            raise DeniedError(f"partitions: {told}: a host's feeds, states and requests lie in those of one number")
        if self._places.ours and counts[names.feeds] != self._places.count:
            raise DeniedError("partitions were added to the topics of fetchers: hosts would move away from their state")
        return counts[names.feeds]

    def _trouble(self, trouble: KafkaTroubleError) -> None:
        """Throw the connections away. What is ours stays so for as long as our lease, and perhaps after it."""
        if isinstance(trouble, FencedError | DeniedError):
            self.broken = trouble
        self._part.failing(str(trouble))
        if self.broken is None and time.monotonic() - self._told_at >= _REMINDER_SECONDS:
            self._told_at = time.monotonic()
            log.warning("%s; tried again until it goes on", trouble)
        self._close(leave=False)
        self._ending.wait(_RETRY_SECONDS)

    def _close(self, *, leave: bool) -> None:
        self._standing.leave()
        member, self._member = self._member, None
        reader, self._reader = self._reader, None
        if member is not None:
            member.close(leave=leave)
        if reader is not None:
            reader.close()
