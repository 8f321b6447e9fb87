"""What a target is, and how it takes values out of bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser or decoder of ours, and what it promises."""

    name: str
    holds: str
    """What is promised, in a line."""
    run: Callable[[bytes], None]
    """Fails where it is not so."""
    seeds: tuple[bytes, ...] = field(repr=False)
    """Inputs to begin with, each of a kind of its own."""
    words: tuple[bytes, ...] = field(default=(), repr=False)
    """What its inputs are made of: put in by those who edit seeds."""


class Drawn:
    """Takes values off the front of bytes; of bytes that have run out everything is 0 or empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self, below: int) -> int:
        """Return a number from 0 on, of as many bytes as it takes."""
        size = max((below - 1).bit_length() + 7, 8) // 8
        taken, self._data = self._data[:size], self._data[size:]
        return int.from_bytes(taken, "little") % below

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.number(len(values))]

    def rest(self) -> bytes:
        """Return what is left, and leave nothing."""
        taken, self._data = self._data, b""
        return taken

    def until(self, mark: bytes) -> bytes:
        """Return what comes before a mark, which goes; all of it where there is none."""
        taken, _, self._data = self._data.partition(mark)
        return taken

    def text(self, mark: bytes) -> str:
        """Return what comes before a mark as text; bytes that are no UTF-8 become lone surrogates."""
        return self.until(mark).decode("utf-8", "surrogateescape")
