"""Items as lines on a stream: what a dry run prints."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from sinks.base import Item, Kind, Ledger, SinkBrokenError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConsoleSink:
    """Writes records, and only those, to a binary stream, where what is written cannot be taken back.

    Args:
        stream: the caller's, who closes it.
        ledger: of the run's own state. With it the outbox can be emptied, so that a run of any length fits; what was
            printed before a kill may come again.
    """

    name = "console"
    kinds = frozenset({Kind.RECORD})

    def __init__(self, stream: IO[bytes], ledger: Ledger | None = None) -> None:
        self._stream = stream
        self._ledger = ledger

    def open(self) -> int:
        """Go on behind what was flushed; from the beginning where no place is kept."""
        return self._ledger.load()[0] if self._ledger else 0

    def write(self, items: Sequence[Item]) -> None:
        """Write the records' lines."""
        try:
            for item in items:
                if item.kind in self.kinds:
                    self._stream.write(item.body + b"\n")
        except OSError as error:
            raise self._broken(error) from error

    def flush(self, seq: int) -> None:
        """Push the lines out and keep the place."""
        try:
            self._stream.flush()
        except OSError as error:
            raise self._broken(error) from error
        if self._ledger:
            self._ledger.save(seq, {})

    def idle(self) -> None:
        """Nothing is due by time alone."""

    def finish(self) -> None:
        """Nothing to finish."""

    def close(self) -> None:
        """The stream is the caller's."""

    def _broken(self, error: OSError) -> SinkBrokenError:
        # Trying again would print twice what had gone out: `| head` closing its end is the common case.
        return SinkBrokenError(f"{self.name}: cannot be written to: {error.strerror or error}")
