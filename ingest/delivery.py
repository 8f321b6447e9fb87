"""Drives the sinks: one thread each, from the outbox, until everything accepted is delivered.

The only ordering rule: an item leaves the outbox after every sink has committed its place behind it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from ingest.ages import Ages
from ingest.items import refusal
from processors.records import Step
from sinks.base import ItemRefusedError, Kind, Sink, SinkBrokenError, SinkUnavailableError, SinkWaitingError
from sinks.codec import decode_failed
from sinks.store import StoreFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

MAX_ROWS = 5_000
"""Rows that may wait in the outbox before reading pauses."""
MAX_BYTES = 128_000_000
BATCH_ROWS = 2_000
"""Rows given to a sink at once, and so what one Kafka transaction holds when there is much to do: with 500 the broker
took twice the CPU time for a record, and half as many records a second."""
READ_ROWS = 500
"""Rows read at once: a sink is at work on some while the next are read."""
PRUNE_SECONDS = 0.05
"""Between a delivery and the deletion of what every sink has: the next items are read first, and sinks share it."""
MAX_DELAY_SECONDS = 5.0
REMINDER_SECONDS = 60.0
"""Between two warnings about the same outage."""


class SinkState(NamedTuple):
    """How a sink is doing."""

    name: str
    lag: int
    """Items accepted and not delivered."""
    trouble: str | None
    """Why it takes nothing just now."""
    broken: str | None
    """What ended it for good."""
    oldest: float = 0.0
    """For how many seconds the oldest item has waited that it does not have."""
    delivered: int = 0
    """Items that it took since the start."""
    refused: int = 0
    """Items that it will never take, since the start."""
    committed: float | None = None
    """When it last made something durable (Unix seconds)."""

    @property
    def up(self) -> bool:
        """Whether it took what it was last given."""
        return self.trouble is None and self.broken is None


class Delivery:
    """Moves items from the outbox to the sinks.

    Args:
        outbox: what to deliver.
        sinks: each with its own thread and place.
    """

    def __init__(self, outbox: Outbox, sinks: Sequence[Sink]) -> None:
        self._outbox = outbox
        self._pumps = [_Pump(outbox, sink, self._delivered) for sink in sinks]
        self._names = [sink.name for sink in sinks]
        self._pruner = _Pruner(self._prune)
        self._changed = threading.Condition()
        self._room: bool | None = None
        self._ages = Ages()

    def start(self) -> None:
        """Start the threads."""
        self._ages.note(self._outbox.last())
        self._pruner.start()
        for pump in self._pumps:
            pump.start()

    def notify(self) -> None:
        """Say that the outbox has new items."""
        self._room = None
        self._ages.note(self._outbox.last())
        for pump in self._pumps:
            pump.wake.set()

    @property
    def broken(self) -> Exception | None:
        """What ended a sink for good, if anything did."""
        found = [*(pump.broken for pump in self._pumps), self._pruner.broken]
        return next((error for error in found if error is not None), None)

    @property
    def failing(self) -> bool:
        """Whether a sink could take nothing when it was last tried."""
        return any(pump.failures or pump.waiting for pump in self._pumps)

    def states(self) -> list[SinkState]:
        """Return how each sink is doing."""
        last = self._outbox.last()
        self._ages.note(last)
        return [self._state(pump, last) for pump in self._pumps]

    def _state(self, pump: _Pump, last: int) -> SinkState:
        lag = last - pump.reached if pump.reached >= 0 else self._outbox.backlog()[0]
        return SinkState(
            pump.sink.name,
            lag,
            pump.trouble,
            None if pump.broken is None else str(pump.broken),
            self._ages.oldest(pump.reached) if lag else 0.0,
            pump.delivered,
            pump.refused,
            pump.committed,
        )

    def has_room(self) -> bool:
        """Say whether more may be accepted now; asked for every document, so the backlog is counted when it changes."""
        room = self._room
        if room is None:
            rows, size = self._outbox.backlog()
            self._room = room = rows < MAX_ROWS and size < MAX_BYTES
        return room

    def wait(self, timeout: float) -> None:
        """Wait until every sink has everything or one is broken, but no longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.broken is not None or self.drained(), timeout)

    def until(self, seq: int, timeout: float) -> bool:
        """Wait until every sink has everything up to a number, but no longer than so many seconds; say whether so.

        It does not wait for a sink that has ended, in good order or not.
        """

        def has_all() -> bool:
            return all(pump.reached >= seq for pump in self._pumps)

        with self._changed:
            self._changed.wait_for(lambda: has_all() or any(pump.ended for pump in self._pumps), timeout)
            return has_all()

    def drained(self) -> bool:
        """Say whether every sink has everything."""
        last = self._outbox.last()
        return all(pump.reached >= last for pump in self._pumps)

    def stop(self, *, finish: bool) -> None:
        """End the threads; with `finish`, let each sink make final what it has (call it when drained)."""
        for pump in self._pumps:
            pump.finish = finish
            pump.stopping.set()
            pump.wake.set()
        for pump in self._pumps:
            pump.join()
        self._pruner.stop()

    def _delivered(self) -> None:
        self._ages.forget(min(pump.reached for pump in self._pumps))
        self._pruner.wake.set()
        with self._changed:
            self._changed.notify_all()

    def _prune(self) -> None:
        try:
            self._outbox.prune(self._names)
        except StoreFullError as error:
            log.warning("outbox not pruned, will be tried again: %s", error)
        self._room = None


class _Pruner(threading.Thread):
    """Deletes what every sink has, beside the sinks: it takes as long as reading their next items.

    Args:
        prune: does it.
    """

    def __init__(self, prune: Callable[[], None]) -> None:
        super().__init__(name="outbox-pruner", daemon=True)
        self.broken: Exception | None = None
        self.wake = threading.Event()
        self._prune = prune
        self._stopping = threading.Event()

    def run(self) -> None:
        try:
            ended = False
            while not ended:
                self.wake.wait()
                self.wake.clear()  # before the look at `_stopping`, which is set before `wake`
                ended = self._stopping.wait(PRUNE_SECONDS)
                self._prune()
        except Exception as error:  # the thread's edge: whatever it is, the job must stop and say so
            self.broken = error
            log.exception("the outbox cannot be pruned")

    def stop(self) -> None:
        """Delete what there is to delete, and end."""
        self._stopping.set()
        self.wake.set()
        self.join()


class _Pump(threading.Thread):
    """One sink's thread."""

    def __init__(self, outbox: Outbox, sink: Sink, delivered: Callable[[], None]) -> None:
        super().__init__(name=f"sink-{sink.name}", daemon=True)
        self.sink = sink
        self.reached = -1
        """The sequence number delivered; -1 until the sink is open."""
        self.broken: Exception | None = None
        self.ended = False
        self.finish = False
        self.wake = threading.Event()
        self.stopping = threading.Event()
        self._outbox = outbox
        self._delivered = delivered
        self.failures = 0
        """In a row, since it last took something."""
        self.trouble: str | None = None
        self.waiting = False
        """Whether it is not its turn."""
        self.delivered = self.refused = 0
        self.committed: float | None = None
        """Unix seconds."""
        self._told = 0.0

    def run(self) -> None:
        try:
            while self._session():
                pass
        except Exception as error:  # the thread's edge: whatever it is, the job must stop and say so
            self.broken = error
            if not isinstance(error, SinkBrokenError):
                log.exception("sink %s ended", self.sink.name)
        finally:
            self.sink.close()
            self.ended = True
            self._delivered()

    def _session(self) -> bool:
        """Deliver until told to stop (False) or until the sink has to be opened again (True)."""
        try:
            try:
                self.reached = self.sink.open()
                self.trouble, self.waiting = None, False
                self._delivered()
                self._pump()
            except ItemRefusedError as error:
                self._refused(error)
                return True
        except SinkWaitingError as error:
            self.waiting = True
            return not self.stopping.wait(error.retry_after)
        except SinkUnavailableError as error:
            return self._pause(str(error), error.retry_after)
        except StoreFullError as error:
            return self._pause(str(error), 2.0)
        return False

    def _refused(self, error: ItemRefusedError) -> None:
        """Make dead letters of what the sink refused.

        Raises:
            SinkBrokenError: it refused even the dead letter of a refused item; a letter about that would be next.
        """
        for item, why in error.refused:
            if item.kind is Kind.DEAD_LETTER and decode_failed(item.body).step is Step.DELIVER:
                raise SinkBrokenError(f"{self.sink.name}: takes no dead letters: {why}") from error
        letters = [refusal(item, self.sink.name, why) for item, why in error.refused]
        self._outbox.refuse(self.sink.name, [item for item, _ in error.refused], letters)
        self.refused += len(error.refused)
        log.warning("%s", error)

    def _pump(self) -> None:
        while True:
            self.wake.clear()
            reached, taken = self._written()
            if reached > self.reached:
                self.sink.flush(reached)
                self.delivered, self.committed = self.delivered + taken, time.time()
                if self.failures:
                    log.info("sink %s takes items again", self.sink.name)
                self.reached, self.failures, self.trouble = reached, 0, None
                self._delivered()
            elif self.stopping.is_set():
                if self.finish:
                    self.sink.finish()
                return
            else:
                self.sink.idle()
                self.wake.wait(1.0)

    def _written(self) -> tuple[int, int]:
        """Write the next items; return the number of the last one, and how many the sink was given."""
        reached, given = self.reached, 0
        for _ in range(BATCH_ROWS // READ_ROWS):
            before = reached
            items, reached = self._outbox.after(before, sink=self.sink.name, limit=READ_ROWS)
            if wanted := [item for item in items if item.kind in self.sink.kinds]:
                self.sink.write(wanted)
                given += len(wanted)
            if reached - before < READ_ROWS:
                break
        return reached, given

    def _pause(self, why: str, retry_after: float) -> bool:
        self.failures += 1
        self.trouble = why
        delay = min(retry_after * 2 ** min(self.failures - 1, 6), MAX_DELAY_SECONDS)
        if self.stopping.is_set() and self.finish:
            self.broken = SinkBrokenError(f"everything is delivered, but not made final: {why}")
            return False
        if self.failures == 1 or time.monotonic() - self._told >= REMINDER_SECONDS:
            self._told = time.monotonic()
            log.warning("%s; tried again every few seconds until it goes on", why)
        return not self.stopping.wait(delay)
