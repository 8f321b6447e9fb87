"""A file's decompressed bytes, and where in the file each of them comes from.

Gzip and LZ4 files are chains of members (RFC 1952 §2.2) or frames; archives keep one record in each, so that readers
can seek. Libraries hide where members begin, and take a torn one for the end of the file: our own chain tells both.
"""

from __future__ import annotations

import io
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import lz4.frame  # type: ignore[import-untyped] # it has no types
from isal import igzip_lib, isal_zlib

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

_GZIP = b"\x1f\x8b\x08"
_LZ4 = b"\x04\x22\x4d\x18"
_PROBES = {_GZIP: 4096, _LZ4: 1 << 20}
"""Compressed bytes that give the head of a record; LZ4 gives whole blocks only."""
_HEAD = 512
_READ = 65_536
_PIECE = 1 << 18
_FIRST = 1 << 14
"""Decompressed bytes of a member that are had at first, for its record's head; the rest is not copied about."""
_OVERLAP = 16_384
"""Bytes kept behind while searching, so that no record header is divided."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the decompressed bytes of a file."""

    offset: int = 0
    """Decompressed bytes before it."""
    member: int = 0
    """Where in the file the compressed member that holds it begins; 0 in a file that is not compressed."""
    start: int = 0
    """Decompressed bytes before that member."""

    @property
    def in_file(self) -> int:
        """What to tell people: the member's place where a member begins here, else that in the decompressed bytes."""
        return self.member if self.offset == self.start else self.offset


class DamageError(Exception):
    """The bytes behind some place cannot be had; the text says why."""

    def __init__(self, message: str, member: int, *, cut: bool) -> None:
        super().__init__(message)
        self.member = member
        """Where in the file the damaged member begins."""
        self.cut = cut
        """It ends early, so that what came out of it is right; else it may be wrong."""


class _Plain:
    """Stands in for a decompressor where nothing is compressed."""

    eof = False

    def __init__(self) -> None:
        self.unconsumed_tail = self.unused_data = b""

    def decompress(self, data: bytes, _limit: int, /) -> bytes:
        return data


_DECODERS: dict[bytes, Callable[[], Any]] = {
    _GZIP: lambda: isal_zlib.decompressobj(wbits=31),  # three times as fast as zlib, which takes most of the time else
    _LZ4: lz4.frame.LZ4FrameDecompressor,
}

_WRONG = (cast("type[Exception]", igzip_lib.IsalError), RuntimeError)
"""What damaged data raise; RuntimeError is all that LZ4 has."""


class Members:
    """Reads forward through a file, at most 256 KiB of it decompressed ahead; its first bytes tell the compression.

    Args:
        stream: the file; it must be able to seek.
        place: where to begin, as `place` told it of the same file before.
    """

    def __init__(self, stream: IO[bytes], place: Place) -> None:
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        head = stream.read(4)
        self._magic = next((magic for magic in _DECODERS if head.startswith(magic)), b"")
        self.go(place)

    def go(self, place: Place) -> None:
        """Move to a place.

        Raises:
            DamageError: the member is damaged before it.
        """
        if self._magic:
            self._jump(place.member, place.start)
        else:
            self._jump(place.offset, place.offset)
        self.skip(place.offset - self._at)

    @property
    def place(self) -> Place:
        """Where the next byte comes from."""
        while len(self._members) > 1 and self._members[1][0] <= self._at:
            self._members.popleft()
        start, member = (self._members[0] if self._members else self._entry) if self._magic else (0, 0)
        return Place(self._at, member, start)

    @property
    def at_member(self) -> bool:
        """Whether a compressed member begins with the next byte (one that has been opened, by `peek` for example)."""
        return bool(self._magic) and any(start == self._at for start, _ in self._members)

    def left(self) -> int | None:
        """Return how many bytes are left; None where only decompressing would tell."""
        if self._magic:
            return None
        return self._size - self._at

    def peek(self, size: int) -> bytes:
        """Return the next bytes without moving on; fewer than `size` only at the end of the file.

        Raises:
            DamageError: they cannot be had.
        """
        while len(self._buffer) < size and self._fill():
            pass
        return bytes(self._buffer[:size])

    def until(self, end: re.Pattern[bytes], limit: int) -> bytes:
        """Return what lies before the end of the first match, and move there; nothing if it is over the limit.

        Raises:
            DamageError: no match in what can be had.
        """
        while True:
            match = end.search(self._buffer, 0, limit)
            stop = match.end() if match else 0
            del match  # it holds the buffer, which could not grow
            if stop or len(self._buffer) >= limit or not self._fill():
                return self._cut(stop)

    def take(self, size: int, stop: re.Pattern[bytes]) -> bytes:
        """Return the next bytes and move on; fewer where the file ends, or where a member begins that `stop` matches.

        Raises:
            DamageError: they cannot be had.
        """
        parts: list[bytes] = []
        while size > 0 and (self._buffer or self._pull(size)):
            if parts and self.at_member and stop.match(self._buffer or self._pulled):
                break
            parts.append(self._cut(self._run(size)) if self._buffer else self._passed(size))
            size -= len(parts[-1])
        self._keep()
        return b"".join(parts)

    def skip(self, size: int, stop: re.Pattern[bytes] | None = None) -> int:
        """Move on as `take` does, holding nothing; return by how much."""
        passed = 0
        while passed < size and (run := self._run(size - passed)):
            if stop is not None and passed and self.at_member and stop.match(self._buffer):
                break
            self._drop(run)
            passed += run
        return passed

    def skip_newlines(self) -> None:
        """Move past line ends.

        Raises:
            DamageError: what follows cannot be had.
        """
        while self._buffer or self._fill():
            blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            self._drop(blank)
            if self._buffer:
                return

    def find(self, wanted: re.Pattern[bytes], head: re.Pattern[bytes], behind: Place) -> bool:
        """Move to the first match behind a place, and say whether there is one.

        Args:
            wanted: what to search in the decompressed bytes.
            head: what a member has to begin with, once the bytes in front of it cannot be decompressed.
            behind: where to begin.
        """
        try:
            self.go(behind)
            self.skip(1)
            return self._search(wanted)
        except DamageError as error:
            return self._next_member(error.member + 1, head)

    def _search(self, wanted: re.Pattern[bytes]) -> bool:
        while True:
            match = wanted.search(self._buffer)
            found = match.start() if match else -1
            del match
            if found >= 0:
                self._drop(found)
                return True
            self._drop(max(len(self._buffer) - _OVERLAP, 0))
            if not self._fill():
                return False

    def _next_member(self, place: int, head: re.Pattern[bytes]) -> bool:
        """Search the compressed bytes for a member that begins with a match: the magic number alone is too common."""
        offset = self._at + len(self._buffer)
        window = b""
        try:
            self._stream.seek(place)
            while self._magic and (piece := self._stream.read(_PIECE)):
                window += piece
                found = window.find(self._magic)
                while found >= 0:
                    if self._begins(place + found, head):
                        self.go(Place(offset, place + found, offset))
                        return True
                    found = window.find(self._magic, found + 1)
                kept = len(self._magic) - 1
                place += len(window) - kept
                window = window[-kept:]
                self._stream.seek(place + kept)
        except OSError:
            pass  # what could not be read is what is being reported
        self._ended = True
        return False

    def _begins(self, member: int, head: re.Pattern[bytes]) -> bool:
        """Say whether a member begins here, by its first bytes: what comes later may be damaged as well."""
        self._stream.seek(member)
        start = self._stream.read(_PROBES[self._magic])
        try:
            return head.match(_DECODERS[self._magic]().decompress(start, _HEAD)) is not None
        except _WRONG:
            return False

    def _jump(self, file_offset: int, offset: int) -> None:
        self._stream.seek(file_offset)
        self._next = file_offset
        self._entry = (offset, file_offset)
        self._at = offset
        self._rest = b""
        self._buffer = bytearray()
        self._members: deque[tuple[int, int]] = deque()
        self._decoder: Any = None
        self._broken: DamageError | None = None
        self._ended = False
        self._pulled = b""
        """What was decompressed and is not in the buffer yet."""

    def _run(self, size: int) -> int:
        """Return how many of the next bytes lie in one member and are at hand: at least one, but at the end."""
        if not self._buffer and not self._fill():
            return 0
        following = next((start for start, _ in self._members if start > self._at), None)
        run = min(size, len(self._buffer))
        return run if following is None else min(run, following - self._at)

    def _cut(self, size: int) -> bytes:
        piece = bytes(self._buffer[:size])
        self._drop(size)
        return piece

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._at += size

    def _fill(self) -> bool:
        """Decompress some more; say whether there was any."""
        there = self._pull(0)
        self._keep()
        return there

    def _passed(self, size: int) -> bytes:
        """Take from what was pulled, and move on."""
        piece, self._pulled = self._pulled[:size], self._pulled[size:]
        self._at += len(piece)
        return piece

    def _keep(self) -> None:
        if self._pulled:
            self._buffer += self._pulled
            self._pulled = b""

    def _pull(self, size: int) -> bool:
        """Decompress some more of one member beside the buffer; say whether there was any.

        Args:
            size: how many bytes are wanted.
        """
        if self._broken is not None:
            raise self._broken
        while not self._ended:
            try:
                self._pulled = self._piece(size)
            except (*_WRONG, OSError, EOFError) as error:
                member = self._members[-1][1] if self._members else self._next
                cut = isinstance(error, EOFError | OSError)
                self._broken = DamageError(str(error) or type(error).__name__, member, cut=cut)
                raise self._broken from error
            if self._pulled:
                return True
        return False

    def _piece(self, size: int) -> bytes:
        """Return decompressed bytes of one member, or none: look at `_ended`, and call again."""
        if self._decoder is None and not self._opened(size):
            return b""
        # LZ4's decoder keeps what it was given; more of it before it asks would pile up there.
        ended = getattr(self._decoder, "needs_input", True) and not self._more(size)
        piece: bytes = self._decoder.decompress(self._rest, _PIECE if size else _FIRST)
        self._rest = self._left_over()
        if self._decoder.eof:
            self._decoder = None
        elif ended and not piece:
            if self._magic:
                raise EOFError("the compressed data end early")
            self._ended = True
        return piece

    def _opened(self, size: int) -> bool:
        """Begin the next member, if there is one; zeros between members are padding (as for gzip(1))."""
        while self._more(size):
            padding = len(self._rest) - len(self._rest.lstrip(b"\0")) if self._magic else 0
            self._rest = self._rest[padding:]
            if self._rest:
                _ = self.place  # forgets the members that have been passed
                self._members.append((self._at + len(self._buffer), self._next - len(self._rest)))
                self._decoder = _DECODERS.get(self._magic, _Plain)()
                return True
        self._ended = True
        return False

    def _more(self, size: int) -> bool:
        """Have compressed bytes at hand; say whether there are any. What is not compressed is read as it is wanted."""
        if not self._rest:
            self._rest = self._stream.read(_READ if self._magic else max(_READ, size))
            self._next += len(self._rest)
        return bool(self._rest)

    def _left_over(self) -> bytes:
        """Return what the decoder has not taken of what it was given."""
        left: bytes | None = self._decoder.unused_data if self._decoder.eof else None
        return left if left is not None else getattr(self._decoder, "unconsumed_tail", b"")
