"""Taking partitions: everything that is known of them is read, to the end, and followed from then on."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ingest.fleet.copy import is_ours
from sinks.kafka_client import Place
from sinks.kafka_fleet import end_what_the_dead_began, read_remark
from sinks.kafka_following import passing_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.fleet.copy import Copy
    from ingest.fleet.places import Places
    from ingest.fleet.restoring import Progress
    from ingest.fleet.terms import Terms
    from sinks.kafka_client import Fetched
    from sinks.kafka_fleet import Standing
    from sinks.kafka_following import Reader
    from sinks.kafka_group import Member

log = logging.getLogger(__name__)

_STALL_SECONDS = 60.0
"""A transaction of a fetcher that died is ended by the broker in less."""
_CHUNK = 2_000
"""Notes that are taken up in one transaction."""


class Taking:
    """Takes partitions, and follows those that are ours.

    Args:
        terms: of membership.
        places: told which are ours.
        standing: told from where they are to be read on.
        copy: of what is ours.
        member: of the group.
        reader: of notes and requests.
    """

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self, terms: Terms, places: Places, standing: Standing, copy: Copy, member: Member, reader: Reader
    ) -> None:
        self._connection = terms.connection
        self._group = terms.group
        self._names = terms.plan.names
        self._writer = terms.writer
        self._unread = terms.unread
        self._places = places
        self._standing = standing
        self._copy = copy
        self._member = member
        self._reader = reader
        self._positions: dict[Place, int] = {}
        """Of what is followed: the offset of the next message."""
        self._fresh: set[int] = set()
        """Partitions that there was no copy of, so that our own notes are news, too."""
        self._came_back = False
        """Whether what we had before was looked at."""

    def take(self, numbers: Sequence[int], progress: Progress) -> bool:
        """Have these partitions from now on; say no, and have none, where the copy of one cannot be trusted.

        Args:
            numbers: of the partitions.
            progress: told how far it is.

        Raises:
            KafkaTroubleError: no answer.
        """
        began = time.monotonic()
        for writer in end_what_the_dead_began(self._connection, self._group):
            log.info("ended what fetcher %s had begun to write, and is not here to end", writer)
        remarks = {number: self._committed(self._names.feeds, number) for number in numbers}
        strangers = {
            number for number, (_, remark) in remarks.items() if read_remark(remark)[0] not in {"", self._writer}
        }
        if not self._is_sound(set(numbers), strangers):
            return False
        defined = {number: offset or 0 for number, (offset, _) in remarks.items()}
        held = self._copy.begin(defined, strangers)
        self._fresh = {number for number, one in held.items() if one is None}
        starts: dict[Place, int | None] = {}
        for number, one in held.items():
            asked = self._committed(self._names.requests, number)[0]
            starts[Place(self._names.states, number)] = None if one is None else one.states
            starts[Place(self._names.requests, number)] = asked if one is None or number in strangers else one.requests
        self._read_to_the_end(starts, progress)
        self._stand(defined)
        self._places.take(numbers)
        feeds = progress.feeds = self._copy.wake(numbers)
        seconds = round(time.monotonic() - began, 1)
        log.info(
            "what is known of %d feeds was taken up", feeds, extra={"partitions": len(numbers), "seconds": seconds}
        )
        return True

    def _is_sound(self, numbers: set[int], strangers: set[int]) -> bool:
        """Tell whether the copy can be gone on from, when we come back to what was ours before."""
        if self._came_back:
            return True
        self._came_back = True
        before = self._places.ours or self._copy.ours()
        gone = before - numbers
        if self._places.ours and gone:  # polls of theirs may be under way
            return False
        return not (gone or strangers & before) or not self._copy.owes()

    def drop(self, numbers: Iterable[int]) -> None:
        """Follow these no more."""
        gone = set(numbers)
        self._positions = {place: at for place, at in self._positions.items() if place.partition not in gone}
        self._reader.read(dict(self._positions))

    def define(self, read: Sequence[Fetched]) -> None:
        """Take up what operators want, of partitions that are ours."""
        self._copy.define([one for one in read if one.place.partition in self._places.ours])

    def follow(self) -> bool:
        """Take up what others ask for, or tell us, since; say whether that was anything."""
        if not self._positions:
            return False
        read = passing_over(self._reader.poll, 0, self._unread.tell_broken)
        self._positions |= {one.place: one.offset + 1 for one in read}
        asked = [one for one in read if one.value is not None]
        self._copy.take_up(asked)
        if moved := {one.place.partition for one in asked if (one.key or b"").startswith(b"[")}:
            self._copy.wake(sorted(moved & self._places.ours))
        return bool(asked)

    def _read_to_the_end(self, starts: dict[Place, int | None], progress: Progress) -> None:
        """Read partitions from where they begin for us to where they end, and take it up."""
        self._reader.read({**self._positions, **starts})
        ends = self._reader.ends(starts)
        progress.expect({place: (self._reader.position(place), end) for place, end in ends.items()})
        notes: list[Fetched] = []
        asked: dict[tuple[Place, bytes], Fetched] = {}
        read = self._reader.until_caught_up(starts, stall_seconds=_STALL_SECONDS, tell=self._unread.tell_broken)
        for found, done in read:
            progress.read(found, done)
            for one in found:
                if one.place.topic == self._names.states:
                    notes.append(one)
                elif one.value is None:
                    asked.pop((one.place, one.key or b""), None)
                else:
                    asked[one.place, one.key or b""] = one
            if len(notes) >= _CHUNK:
                self._take_up(notes)
                notes = []
        self._take_up(notes)
        self._copy.take_up(sorted(asked.values(), key=lambda one: (one.place, one.offset)))
        reached = {place: self._reader.position(place) for place in {**self._positions, **starts}}
        self._positions = {place: at for place, at in reached.items() if place.topic == self._names.requests}
        self._reader.read(dict(self._positions))
        self._copy.hold({number: self._reached(reached, number) for number in {place.partition for place in starts}})

    def _reached(self, positions: Mapping[Place, int], number: int) -> tuple[int, int]:
        return positions[Place(self._names.states, number)], positions[Place(self._names.requests, number)]

    def _take_up(self, notes: Sequence[Fetched]) -> None:
        news = [one for one in notes if one.place.partition in self._fresh or not is_ours(one, self._writer)]
        self._copy.learn(news)

    def _stand(self, defined: Mapping[int, int]) -> None:
        """Say from where partitions are to be read on, as long as nothing more of them is taken up.

        Args:
            defined: of each the offset of the next definition. The member is further: what it has read waits for us.
        """
        offsets = {}
        for number, oldest in self._copy.oldest(defined).items():
            asked = Place(self._names.requests, number)
            offsets[Place(self._names.feeds, number)] = defined[number]
            offsets[asked] = self._positions[asked] if oldest is None else oldest
        self._standing.given(offsets)

    def _committed(self, topic: str, number: int) -> tuple[int | None, str]:
        found = self._member.committed(Place(topic, number))
        return (None, "") if found is None else found
