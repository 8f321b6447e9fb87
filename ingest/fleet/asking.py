"""Asking the group itself who owns what, beside the service: Kafka may take seconds to answer, or never do."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.owners import Shares, Told
from sinks.kafka_admin import admin, lag
from sinks.kafka_client import KafkaTroubleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sinks.kafka_client import Connection
    from sinks.kafka_messages import Names

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
"""How long Kafka may take for each answer."""
LOOKED_AT_SECONDS = 5.0
"""Between two questions while somebody looks."""
UNSEEN_SECONDS = 60.0
"""And while nobody does: who looks first finds an answer of the last minute."""


def ask(connection: Connection, group: str, names: Names) -> Shares:
    """Ask which partitions the group counts as whose, and how far it is with page requests.

    Raises:
        KafkaTroubleError: no answer.
    """
    connection = replace(connection, patience_seconds=PATIENCE_SECONDS)
    with admin(connection) as broker:
        held, count = broker.shared_out(group, names.feeds), broker.partitions(names.feeds)
    return Shares(
        members={name: tuple(sorted(numbers)) for name, numbers in sorted(held.items())},
        partitions=count,
        lag=lag(connection, group, names.requests),
    )


class Asking(threading.Thread):
    """Asks now and then, and more often while somebody looks.

    Args:
        group: as Kafka knows it.
        ask: asks it; may raise KafkaTroubleError.
        pace: seconds between two questions while somebody looks.
        rest: and while nobody does.
    """

    def __init__(
        self, group: str, ask: Callable[[], Shares], *, pace: float = LOOKED_AT_SECONDS, rest: float = UNSEEN_SECONDS
    ) -> None:
        super().__init__(name="asking", daemon=True)
        self._ask = ask
        self._pace = pace
        self._rest = rest
        self._told = Told(group=group)
        self._looked = threading.Event()
        self._ending = threading.Event()

    def told(self) -> Told:
        """Return what is known, at once; from any thread. Somebody looks: it is asked again soon."""
        self._looked.set()
        return self._told

    def run(self) -> None:
        """Ask until told to end."""
        try:
            while not self._ending.is_set():
                self._look()
                if not self._ending.wait(self._pace):
                    self._looked.wait(self._rest - self._pace)
        except Exception as error:  # the thread's edge: the service goes on, and the page says what is the matter
            log.exception("asking the group ended")
            self._told = replace(self._told, trouble=f"an error of ours: {error}", since=time.time())

    def end(self) -> None:
        """End once the question under way is answered; where Kafka takes its time, the process does not wait for it."""
        self._ending.set()
        self._looked.set()
        self.join(PATIENCE_SECONDS)

    def _look(self) -> None:
        self._looked.clear()
        try:
            self._told = Told(group=self._told.group, shares=self._ask(), at=time.time())
        except KafkaTroubleError as trouble:
            self._told = replace(self._told, trouble=str(trouble), since=self._told.since or time.time())
