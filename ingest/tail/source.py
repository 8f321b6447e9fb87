"""What records are followed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class TailError(Exception):
    """Records cannot be read; the text says from where, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Where following begins: with the newest, with what was published since a time, or (neither) with the oldest."""

    last: int | None = None
    """So many of the newest are shown first."""
    since: datetime | None = None


class Tail(Protocol):
    """A stream of records, each one line of JSON."""

    def before(self) -> Iterator[bytes]:
        """Yield what is there already, the newest first; asked once, at first, where following begins with the newest.

        Raises:
            TailError: it cannot be read.
        """

    def arrived(self) -> Iterator[bytes]:
        """Yield what has come since the last call, the oldest first; it waits for nothing for longer than a second.

        Raises:
            TailError: it cannot be read, and waiting does not help.
        """

    def has_caught_up(self) -> bool:
        """Say whether everything was given that was there when this was begun, as far as that is known."""

    def close(self) -> None:
        """Let go of what is open."""
