"""Documents and stories as bytes, for whoever keeps them; the same ones give the same bytes.

A line of JSON with the fields and the lengths of the arrays, then the arrays as 32-bit little-endian numbers.
"""

from __future__ import annotations

import json
import sys
from array import array
from typing import TYPE_CHECKING, Any

from processors.stories.clusters import Cluster
from processors.stories.window import Held

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYOUT = 1
"""Of the bytes, and of what shingles and terms are made of: what another one wrote is not read."""
_WORD = 4


def document_to_bytes(document: Held) -> bytes:
    """Return a document of the window."""
    fields = [document.number, document.id, document.time, document.language, document.whole, document.root]
    arrays = [document.shingles, document.numbers, document.title, document.terms]
    return _packed([*fields, document.story, document.leads], arrays)


def document_from_bytes(body: bytes) -> Held | None:
    """Read it back; None where it is of another layout."""
    found = _unpacked(body)
    if found is None:
        return None
    fields, arrays = found
    number, record_id, time, language, whole, root, story, leads = fields
    shingles, numbers, title, terms = arrays
    return Held(
        number=number,
        id=record_id,
        time=time,
        language=language,
        whole=whole,
        shingles=shingles,
        numbers=numbers,
        title=title,
        terms=terms,
        root=root,
        story=story,
        leads=leads,
    )


def cluster_to_bytes(cluster: Cluster) -> bytes:
    """Return a story."""
    fields = [cluster.number, cluster.id, cluster.language, cluster.first, cluster.last, cluster.size, cluster.into]
    arrays = [cluster.terms, array("I", cluster.weights), cluster.title, cluster.members]
    return _packed([*fields, cluster.length], arrays)


def cluster_from_bytes(body: bytes) -> Cluster | None:
    """Read it back; None where it is of another layout."""
    found = _unpacked(body)
    if found is None:
        return None
    fields, arrays = found
    number, story_id, language, first, last, size, into, length = fields
    terms, weights, title, members = arrays
    return Cluster(
        number=number,
        id=story_id,
        language=language,
        first=first,
        last=last,
        size=size,
        into=into,
        terms=terms,
        weights=weights,
        title=title,
        members=members,
        length=length,
    )


def _packed(fields: Sequence[object], arrays: Sequence[array[int]]) -> bytes:
    head = json.dumps([LAYOUT, *fields, list(map(len, arrays))], ensure_ascii=True, separators=(",", ":"))
    return b"\n".join((head.encode("ascii"), b"".join(map(_little, arrays))))


def _unpacked(body: bytes) -> tuple[list[Any], list[array[int]]] | None:
    head, _, rest = body.partition(b"\n")
    layout, *fields, lengths = json.loads(head)
    if layout != LAYOUT:
        return None
    arrays = []
    for length in lengths:
        found = array("I")
        found.frombytes(rest[: length * _WORD])
        rest = rest[length * _WORD :]
        arrays.append(found)
    return fields, [_native(found) for found in arrays]


def _little(numbers: array[int]) -> bytes:
    return _native(numbers).tobytes()


def _native(numbers: array[int]) -> array[int]:
    """Turn the bytes of each number around on a machine that keeps them the other way."""
    if sys.byteorder == "little":
        return numbers
    turned = array("I", numbers)
    turned.byteswap()
    return turned
