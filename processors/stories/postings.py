"""An inverted index in few bytes: which documents of the window have a key.

A dict of lists takes 90 bytes a posting; here it is eight, a key and a number, in one of many buckets. Documents come
and go in the order of their numbers, so those that have left are at the front of each bucket, and are cut off when it
is written to. When the buckets are full, one more is made out of the next in turn (linear hashing: Litwin, 1980): what
is looked through stays short, however large the window, and nobody ever waits while all of them are parted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SIZE = 8
_AT_ONCE = 8
"""Postings cut off at a time, at most: the work of leaving is spread over the work of coming."""


_FULL = 24
"""Postings in a bucket, on average, when another one is made."""


class Postings:
    """Which numbers (below 2**32, ever higher) have a 32-bit key.

    Args:
        most: numbers given for a key, at most; the latest ones. What more have tells little.
        buckets: to begin with; a power of two. Each takes 70 bytes; what is in one is searched at a gigabyte a second.
    """

    def __init__(self, most: int, buckets: int) -> None:
        self._most = most
        self._mask = buckets - 1
        self._parted = 0
        """Buckets of this round that have been made two, by one more bit of the keys."""
        self._count = 0
        self._buckets: list[bytearray | None] = [None] * buckets
        self.oldest = 0
        """Numbers below have left."""

    def __len__(self) -> int:
        """Return how many postings are kept, those among them that have left and are not cut off yet."""
        return self._count

    def add(self, keys: Sequence[int], number: int) -> None:
        """Give a number to each of these keys."""
        self._count += len(keys)
        while self._count > _FULL * len(self._buckets):
            self._part()
        value, low = number.to_bytes(4, "big"), self.oldest.to_bytes(4, "big")
        buckets, mask, parted, wide = self._buckets, self._mask, self._parted, self._mask << 1 | 1
        for key in keys:
            place = key & mask
            if place < parted:
                place = key & wide
            bucket = buckets[place]
            if bucket is None:
                buckets[place] = bytearray(key.to_bytes(4, "big") + value)
                continue
            bucket += key.to_bytes(4, "big") + value
            if bucket[4:8] < low:
                self._count -= _cut(bucket, low)

    def find(self, keys: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
        """Yield each key that any number has, with its numbers, latest first."""
        buckets, mask, parted, wide = self._buckets, self._mask, self._parted, self._mask << 1 | 1
        for key in keys:
            place = key & mask
            bucket = buckets[place if place >= parted else key & wide]
            if bucket is not None and (place := bucket.rfind(wanted := key.to_bytes(4, "big"))) >= 0:
                numbers = self._numbers(bucket, wanted, place)
                if numbers:
                    yield key, numbers

    def _numbers(self, bucket: bytearray, wanted: bytes, place: int) -> list[int]:
        found: list[int] = []
        while place >= 0:
            if place % _SIZE:  # the key's bytes by chance, across two others
                place = bucket.rfind(wanted, 0, place + len(wanted) - 1)
                continue
            number = int.from_bytes(bucket[place + 4 : place + _SIZE], "big")
            if number < self.oldest or len(found) == self._most:
                break
            found.append(number)
            place = bucket.rfind(wanted, 0, place)
        return found

    def _part(self) -> None:
        """Make two buckets of the next one."""
        whole, bit = self._buckets[self._parted] or b"", self._mask + 1
        low, high = bytearray(), bytearray()
        for start in range(0, len(whole), _SIZE):
            is_high = int.from_bytes(whole[start : start + 4], "big") & bit
            (high if is_high else low).extend(whole[start : start + _SIZE])
        self._buckets[self._parted] = low or None
        self._buckets.append(high or None)
        self._parted += 1
        if self._parted == bit:
            self._mask, self._parted = self._mask << 1 | 1, 0


def _cut(bucket: bytearray, low: bytes) -> int:
    """Cut off what is at the front and has left, and say how much; numbers of this form are in order as bytes."""
    gone = 0
    while gone < _AT_ONCE * _SIZE and bucket[gone + 4 : gone + _SIZE] < low:
        gone += _SIZE
    del bucket[:gone]
    return gone // _SIZE
