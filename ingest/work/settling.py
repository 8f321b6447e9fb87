"""Outcomes as what goes to Kafka in one transaction: messages, what is remembered with them, and how far was read."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.items import refusal
from processors.records import Mode, Step
from sinks.base import Kind, SinkBrokenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.work.seat import Seat
    from ingest.work.shares import Share, Taken
    from processors.records import Outcome
    from sinks.base import Item
    from sinks.kafka_client import Place
    from sinks.kafka_fitting import Fitting
    from sinks.kafka_messages import Message, Note

log = logging.getLogger(__name__)

Row = tuple["Outcome", "Taken"]


class Settling:
    """Settles rows, and knows which of them Kafka refused.

    Args:
        fitting: makes messages.
        remembers: the topic of what is remembered; None: nothing is.
    """

    def __init__(self, fitting: Fitting, remembers: str | None) -> None:
        self._fitting = fitting
        self._remembers = remembers
        self._refused: dict[tuple[Place, int], str] = {}
        self.delivered = self.refused = 0
        """Items that are in Kafka, and those of them that stand for one that it would not take."""
        self.committed: float | None = None
        """When the last of them got there (Unix seconds)."""

    def refuse(self, taken: Taken, reason: str) -> None:
        """Make a dead letter of what comes of something that was read, when it comes again."""
        self._refused[taken.share.place, taken.offset] = reason

    def settle(self, rows: Sequence[Row], seat: Seat) -> list[Outcome]:
        """Deliver what became of what was read, and commit that it was; return what was delivered.

        Raises:
            KafkaTroubleError: nothing of it is known to be kept; the seat and every share are of no more use.
            SinkBrokenError: Kafka takes not even dead letters.
        """
        outcomes: list[Outcome] = []
        messages: list[Message] = []
        offsets: dict[Place, int] = {}
        for outcome, taken in rows:
            done, item = taken.share.memory.settle(_as_work(outcome))
            outcomes.append(done)
            messages += self._messages(item, taken)
            offsets[taken.share.place] = taken.offset + 1
        shares = {taken.share.place: taken.share for _, taken in rows}.values()
        seat.settle([*messages, *self._notes(shares)], offsets)
        for share in shares:
            share.memory.keep()
            share.settled = offsets[share.place]
        for _, taken in rows:
            self._refused.pop((taken.share.place, taken.offset), None)
        self.delivered, self.committed = self.delivered + len(messages), time.time()
        self.refused += sum(
            1 for one in messages if one.item.kind is Kind.DEAD_LETTER and one.item.label == Step.DELIVER
        )
        return outcomes

    def _notes(self, shares: Iterable[Share]) -> list[Note]:
        """Return what is to be remembered, without what Kafka would never take: it is asked once."""
        topic = self._remembers
        if topic is None:
            return []
        notes = [note for share in shares for note in share.memory.notes(topic, share.place.partition)]
        for note in notes:
            if not self._fitting.holds(note):
                log.warning(
                    "%s takes no %d bytes, so this is not remembered: %s", topic, note.weight, note.key.decode()
                )
        return [note for note in notes if self._fitting.holds(note)]

    def _messages(self, item: Item, taken: Taken) -> Iterable[Message]:
        """Return the message of an item, or of its dead letter; what was skipped has none."""
        if item.kind is Kind.SKIPPED:
            return ()
        reason = self._refused.get((taken.share.place, taken.offset))
        made = reason if reason is not None else self._fitting.message(item)
        if isinstance(made, str):
            made = self._fitting.message(refusal(item, "kafka", made))
        if isinstance(made, str):
            raise SinkBrokenError(f"kafka: takes no dead letters: {made}")
        return (made,)


def _as_work(outcome: Outcome) -> Outcome:
    """Return an outcome as a worker's."""
    return replace(outcome, origin=replace(outcome.origin, mode=Mode.WORK))
