"""Stories: documents on one event, gathered by the most telling of their words.

A story is what its members have in common: the sum of their vectors. A new document joins the story that it is nearest
to, or begins one. Reports made of a form are alike in words without being on one event: what shares its wording with a
member, but not its numbers, is kept out. What was published is never taken back; where two stories turn out to be one,
the older takes the other in.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import isqrt
from typing import TYPE_CHECKING

from processors.stories.postings import Postings
from processors.stories.weights import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from processors.stories.reading import Reading
    from processors.stories.window import Held, Window

GAP = 24 * 3_600
"""Seconds after its last member in which a story may go on."""
SPAN = 6 * 86_400
"""Seconds from its first member to its last; what goes on for longer is a new story."""
NEAR = 0.22
"""Cosine from which a document belongs, where a term of its title is in a title of the story."""
SURE = 0.27
"""Cosine from which it does in any case."""
ONE = 0.4
"""Cosine of two stories that are one, where a document surely belongs to both."""
FORM = 0.04
"""Of the shorter text's shingles: where so many are common, it may be one form filled in twice."""
ALIKE = 0.55
"""Of the numbers of the text with fewer of them: on one event so many are common."""
TABLE = 0.1
"""Numbers to a shingle: texts with more are tables, on one event only if the numbers are the same."""
MEMBERS = 6
"""Last members that are compared with."""
TERMS = 60
"""Terms that a story is told by."""
KEYS = 10
"""Terms of a document by which it is found."""
_SHORT = 1 << 16
"""Weights below take two bytes, as most do."""
_ASKED = 12
_COMPARED = 6
_BUCKETS = 1 << 13


@dataclass(slots=True, eq=False)
class Cluster:
    """A story as it stands."""

    number: int
    """Of its first document."""
    id: str
    language: str | None
    first: int
    """Time of its earliest member."""
    last: int
    """Time of its latest member."""
    size: int = 0
    into: int = -1
    """Number of the story that has taken it in."""
    here: int = 0
    """Documents of the window that are of it; counted anew by whoever reads it back."""
    terms: array[int] = field(default_factory=lambda: array("I"), repr=False)
    weights: array[int] = field(default_factory=lambda: array("I"), repr=False)
    """Of the terms: sums of members' vectors."""
    title: array[int] = field(default_factory=lambda: array("I"), repr=False)
    """Terms of its members' titles, the last ones first."""
    members: array[int] = field(default_factory=lambda: array("I"), repr=False)
    """Numbers of the last members that it is told by."""

    length: int = UNIT
    """Of its vector."""

    def tell(self, vector: Mapping[int, int]) -> None:
        """Be told by a vector, too."""
        if not self.terms:
            self.terms, self.weights = array("I", vector), array("H", vector.values())
            return
        total = dict(zip(self.terms, self.weights, strict=True))
        for term, weight in vector.items():
            total[term] = total.get(term, 0) + weight
        kept = sorted([(-weight, term) for term, weight in total.items()])[:TERMS]
        self.terms = array("I", [term for _, term in kept])
        self.weights = array("I" if kept[0][0] <= -_SHORT else "H", [-weight for weight, _ in kept])
        self.length = isqrt(sum([weight * weight for weight in self.weights])) or 1


class Clusters:
    """The stories of a window's documents."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._index = Postings(_ASKED, _BUCKETS)
        self._all: dict[int, Cluster] = {}

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self._all.values())

    def story(self, number: int) -> Cluster | None:
        """Return a story by its number, or the one that has taken it in; None where there is none."""
        found = self._all.get(number)
        while found is not None and found.into >= 0:
            found = self._all.get(found.into)
        return found

    def put(self, cluster: Cluster) -> None:
        """Take in a story."""
        self._all[cluster.number] = cluster

    def index(self, document: Held) -> None:
        """Let a document's story be found by its terms."""
        self._index.add(document.terms[:KEYS], document.number)

    def leave(self, oldest: int) -> None:
        """Forget the documents below a number."""
        self._index.oldest = oldest

    def count(self, number: int, more: int) -> bool:
        """Count documents of a story that have come or left; forget it with the last, and say so."""
        cluster = self._all[number]
        cluster.here += more
        if not cluster.here:
            del self._all[number]
        return not cluster.here

    def near(self, reading: Reading, vector: Mapping[int, int]) -> list[tuple[float, Cluster]]:
        """Return the stories that a document may belong to, the nearest first, with their cosine."""
        found = []
        for cluster in self._candidates(reading, vector):
            score = cosine(vector, cluster.terms, cluster.weights, UNIT * cluster.length)
            if score < NEAR or (score < SURE and reading.title.isdisjoint(cluster.title)):
                continue
            if not any(_is_form(reading, document) for document in self._members(cluster)):
                found.append((score, cluster))
        return sorted(found, key=lambda row: (-row[0], row[1].number))

    def _candidates(self, reading: Reading, vector: Mapping[int, int]) -> Iterator[Cluster]:
        """Yield the stories with most of the weight of the document's first terms."""
        sums: dict[int, int] = {}
        for key, numbers in self._index.find(list(vector)[:KEYS]):
            weight = vector[key]
            for story in self._window.stories(numbers):
                sums[story] = sums.get(story, 0) + weight
        seen = set()
        for number, _ in sorted(sums.items(), key=lambda row: (-row[1], row[0]))[:_COMPARED]:
            cluster = self.story(number)
            if cluster is not None and cluster.number not in seen and _is_open(cluster, reading):
                seen.add(cluster.number)
                yield cluster

    def _members(self, cluster: Cluster) -> Iterator[Held]:
        for number in cluster.members:
            if (document := self._window.get(number)) is not None:
                yield document


def are_one(one: Cluster, other: Cluster) -> bool:
    """Say whether two stories are on one event."""
    vector = dict(zip(one.terms, one.weights, strict=True))
    return cosine(vector, other.terms, other.weights, one.length * other.length) >= ONE


def cosine(vector: Mapping[int, int], terms: Sequence[int], weights: Iterable[int], lengths: int) -> float:
    """Return how near two vectors are, to four places; `lengths` is the product of theirs."""
    product = sum(map(int.__mul__, map(vector.get, terms, [0] * len(terms)), weights))
    return min(1.0, round(product / lengths, 4))


def _is_open(cluster: Cluster, reading: Reading) -> bool:
    """Say whether a story can have a member of this language and time; what comes late may be before its first."""
    if cluster.language and reading.language and cluster.language != reading.language:
        return False
    first, last = min(cluster.first, reading.time), max(cluster.last, reading.time)
    return last - first <= SPAN and reading.time - cluster.last <= GAP and cluster.first - reading.time <= GAP


def _is_form(reading: Reading, document: Held) -> bool:
    """Say whether two texts are one form filled in twice."""
    mine, theirs, shingles = reading.numbers, document.numbers, document.shingles
    fewer, shorter = min(len(mine), len(theirs)), min(len(reading.hashes.unique), len(shingles))
    if not fewer or not shorter or len(mine.intersection(theirs)) >= ALIKE * fewer:
        return False
    if len(mine) > TABLE * len(reading.hashes.unique) and len(theirs) > TABLE * len(shingles):
        return True
    return len(reading.unique.intersection(shingles)) >= max(1, FORM * shorter)
