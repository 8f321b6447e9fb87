"""What is known of one feed, outlet or topic, and how it is kept as bytes."""

from __future__ import annotations

import json
import zlib
from array import array
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ingest.alarms.misses import Misses
from ingest.alarms.reading import Reading
from ingest.alarms.rhythm import Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable

_ARRAYS = ("counts", "waits", "spans")
_LAYOUT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One of them."""

    rhythm: Rhythm
    misses: Misses | None = None
    """Of feeds."""
    reading: Reading | None = None
    """Of outlets."""


def to_bytes(series: Series) -> bytes:
    """Return it as bytes, for this machine: a line of JSON, and arrays of numbers behind it."""
    known = series.rhythm
    arrays = [getattr(known, name) for name in _ARRAYS]
    head = {
        "layout": _LAYOUT,
        "lengths": [len(one) for one in arrays],
        "rhythm": [known.begun, known.until, known.last, known.surprise],
        "misses": None if series.misses is None else asdict(series.misses),
        "reading": None if series.reading is None else asdict(series.reading),
    }
    return zlib.compress(json.dumps(head).encode() + b"\n" + b"".join(one.tobytes() for one in arrays), 1)


def from_bytes(body: bytes) -> Series | None:
    """Return it; None of bytes that another version wrote: it is learned again."""
    line, _, rest = zlib.decompress(body).partition(b"\n")
    head = json.loads(line)
    if head["layout"] != _LAYOUT:
        return None
    begun, until, last, surprise = head["rhythm"]
    counts, waits, spans = _split(array("f", rest), head["lengths"])
    misses, reading = head["misses"], head["reading"]
    return Series(
        rhythm=Rhythm(begun=begun, until=until, last=last, surprise=surprise, counts=counts, waits=waits, spans=spans),
        misses=None if misses is None else Misses(**misses),
        reading=None if reading is None else Reading(**reading),
    )


def _split(numbers: array[float], lengths: Iterable[int]) -> list[array[float]]:
    parts, at = [], 0
    for length in lengths:
        parts.append(numbers[at : at + length])
        at += length
    return parts
