"""Cuts an archive into records by their lengths, proves each length right, and goes on behind damage.

FastWARC and warcio believe lengths: a record whose Content-Length is too small is handed over clipped, one whose length
is too large swallows those behind it, and what a file ends in the middle of is dropped in silence. So here a record
counts as whole only if its block is all there and the next record, or the end, stands where it should.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from ingest.sources.base import Position
from ingest.sources.members import DamageError, Members, Place

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

MAX_HEAD = 65_536
_TRAILER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How records are told apart."""

    head: re.Pattern[bytes]
    """Matches the first bytes of a record, and (nearly) nothing else."""
    search: re.Pattern[bytes]
    """Finds such a place behind damage."""
    head_end: re.Pattern[bytes]
    trailer: re.Pattern[bytes]
    """Matches what may stand behind a block, up to 16 bytes of it."""
    length: Callable[[bytes], int | None]
    """Reads the length of the block from the head; None where it has none that makes sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A record."""

    place: Place
    head: bytes = field(repr=False)
    block: bytes = field(repr=False)
    """Its beginning only, where `length` is over the limit."""
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Something that is no whole record."""

    place: Place
    error: str


class _InvalidError(Exception):
    """There is no whole record at a place."""


class Frames:
    """Iterates over what an archive holds, from a position on.

    Args:
        stream: the file; it must be able to seek.
        form: of its records.
        start: as `position` told it.
        max_block: bytes of a block that are held; of a larger one, `MAX_HEAD` are.
    """

    def __init__(self, stream: IO[bytes], form: Format, start: Position, *, max_block: int) -> None:
        self._form = form
        self._max_block = max_block
        self._ended = start.ended
        self._members = Members(stream, Place(start.offset, start.member, start.start))

    def position(self, ordinal: int) -> Position:
        """Return where reading goes on behind what was yielded last."""
        place = self._members.place
        return Position(ordinal, place.offset, place.member, place.start, ended=self._ended)

    def __iter__(self) -> Iterator[Frame | Broken]:
        """Yield records, and one `Broken` for each stretch that holds none."""
        while not self._ended:
            begin = self._members.place
            try:
                self._members.skip_newlines()
                if not self._members.peek(1):
                    return
                begin = self._members.place
                frame = self._frame(begin)
            except (_InvalidError, DamageError) as error:
                yield self._recovered(begin, error)
            else:
                yield frame

    def _frame(self, begin: Place) -> Frame:
        head = self._head()
        length = self._form.length(head)
        if length is None:
            raise _InvalidError("a record without a usable length")
        block, there = self._block(length)
        if there < length:
            raise _InvalidError(f"a record is cut: {there} of {length} bytes are there")
        if not self._ends(begin):
            raise _InvalidError(f"a record does not end after the {length} bytes that it claims")
        return Frame(place=begin, head=head, block=block, length=length)

    def _block(self, length: int) -> tuple[bytes, int]:
        """Read what is to be held of a block, and return it with the number of bytes that are there."""
        at_most = self._members.left()
        if at_most is not None and at_most < length:
            return b"", at_most
        held = length if length <= self._max_block else MAX_HEAD
        block = self._members.take(held, self._form.head)
        if len(block) < held:
            return block, len(block)
        return block, len(block) + self._members.skip(length - len(block), self._form.head)

    def _head(self) -> bytes:
        head = self._members.until(self._form.head_end, MAX_HEAD)
        if self._form.search.search(head, 1):
            raise _InvalidError("the head of a record breaks off where another begins")
        if head and self._form.head.match(head):
            return head
        if head or not self._form.head.match(self._members.peek(_TRAILER * 4)):
            raise _InvalidError("no record begins here")
        raise _InvalidError(f"the head of a record without an end, or of over {MAX_HEAD} bytes")

    def _ends(self, begin: Place) -> bool:
        """Say whether a record may end here; with it, let the decompressor compare its checksum."""
        try:
            behind = self._members.peek(_TRAILER)
        except DamageError as error:
            if error.member == begin.member and begin.offset == begin.start and not error.cut:
                raise  # the checksum of this very record
            return True  # what lies behind is damaged, and is reported in its turn
        return self._form.trailer.match(behind) is not None

    def _recovered(self, begin: Place, error: Exception) -> Broken:
        if isinstance(error, DamageError) and error.member > begin.member:
            begin = Place(begin.offset, error.member, begin.offset)
        self._ended = not self._members.find(self._form.search, self._form.head, begin)
        where = "nothing readable follows" if self._ended else f"goes on at byte {self._members.place.in_file}"
        return Broken(place=begin, error=f"{error}; {where}")
