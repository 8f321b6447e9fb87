"""The memory of the one partition, kept up to date while another member has it: taking over waits for little then."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from sinks.kafka_client import Place
from sinks.kafka_following import Reader, passing_over

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from ingest.work.memory import Memory
    from sinks.kafka_client import Connection, Fetched

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.5
"""Between two looks once there is nothing new."""
_AT_ONCE_SECONDS = 0.25
_STALL_SECONDS = 30.0


class Shadow:
    """Reads along what another one remembers.

    Args:
        connection: where to.
        topic: what holds it, in one partition.
        memory: an empty one.

    Raises:
        KafkaTroubleError: no broker answers, or it does not let us in.
    """

    def __init__(self, connection: Connection, topic: str, memory: Memory) -> None:
        self.memory = memory
        self._place = Place(topic, 0)
        self._next = 0.0
        self._reader = Reader(connection, "newstap-memory")
        try:
            self._reader.read({self._place: None})
        except BaseException:
            self._reader.close()
            raise

    def follow(self) -> None:
        """Learn what is new, for a moment at most.

        Raises:
            KafkaTroubleError: no answer.
        """
        deadline = time.monotonic() + _AT_ONCE_SECONDS
        while self._next <= time.monotonic() < deadline:
            found = passing_over(self._reader.poll, 0)
            self._learn(found)
            if not found:
                self._next = time.monotonic() + _PAUSE_SECONDS

    def catch_up(self, stop: threading.Event) -> None:
        """Have the memory know everything, and be ready to settle; ends reading.

        To be called once nobody can add anything: what is committed by then is all there is.

        Args:
            stop: gives up.

        Raises:
            KafkaTroubleError: no answer, or nothing new for a long while.
        """
        began = time.monotonic()
        for found, _ in self._reader.until_caught_up([self._place], stall_seconds=_STALL_SECONDS, stop=stop):
            self._learn(found)
        self._reader.close()
        if not stop.is_set():
            self.memory.begin()
            log.info("what is remembered was read in %.1f s", time.monotonic() - began)

    def close(self) -> None:
        """Give it up, with its memory; never raises."""
        self._reader.close()
        self.memory.close()

    def _learn(self, found: Iterable[Fetched]) -> None:
        for one in found:
            if one.key is not None:
                self.memory.learn(one.key, one.value)
