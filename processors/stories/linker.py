"""The one that links: gives each record, in order, what it is a copy of and which story it belongs to.

What it knows is the window: a list of documents and a list of stories. Everything else (indexes, counts) is made of
these, so they are all that has to be kept, and a linker that was given them goes on as the one that they are of.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from processors.records import Copy, Story
from processors.stories.clusters import MEMBERS, SURE, Cluster, Clusters, are_one
from processors.stories.copies import Copies
from processors.stories.reading import reading_of
from processors.stories.weights import Weights, vector
from processors.stories.window import Held, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from processors.records import Record
    from processors.stories.copies import Match
    from processors.stories.reading import Reading

METHOD = "s1"
"""How stories are told; another one gives other stories."""
_TITLE = 60
"""Terms of titles that a story keeps."""


@dataclass(frozen=True, slots=True)
class Links:
    """What a record has to do with those before it."""

    dup: Copy | None
    story: Story | None


@dataclass(slots=True)
class Changes:
    """What a linker knows now that it did not before."""

    documents: list[Held]
    clusters: dict[int, Cluster]
    left: int
    """Documents below this number have left."""
    dropped: list[int]
    """Stories that are gone, by number."""


class Linker:
    """Links records in their order.

    Args:
        documents: of a window that was kept, in their order.
        clusters: their stories.
    """

    def __init__(self, documents: Iterable[Held] = (), clusters: Iterable[Cluster] = ()) -> None:
        self._window = Window()
        self._weights = Weights()
        self._copies = Copies(self._window)
        self._clusters = Clusters(self._window)
        self.next = 0
        """Number of the next document."""
        self.now = 0
        """Time of the last one."""
        self._changes = Changes([], {}, 0, [])
        for cluster in clusters:
            self._clusters.put(cluster)
        for document in documents:
            self._take(document)
        self._leave_behind()

    def link(self, record: Record) -> Links:
        """Return what a record is, and know it from now on."""
        reading = reading_of(record.id, record.article, self._time(record))
        terms, weights = self._weights.ranked(reading.terms)
        document = _held(reading, self.next, terms)
        match = self._copies.find(reading)
        document.root = record.id if match is None else match.held.root
        found = self._given(reading, match) or self._told(reading, vector(terms, weights), document, record.revision.n)
        merged = self._merged(found) if document.leads else None
        if found.cluster is not None:
            self._join(found.cluster, document)
        self._take(document)
        self._changes.documents.append(document)
        self._leave(reading.time)
        return Links(dup=_copy(match), story=_story(found, merged))

    def changes(self) -> Changes:
        """Return what has become known since this was asked last, to be kept."""
        made = self._changes
        self._changes = Changes([], {}, self._window.oldest, [])
        return made

    def kept(self) -> tuple[list[Held], list[Cluster]]:
        """Return all that is known: the documents and the stories, each in their order."""
        return list(self._window), sorted(self._clusters, key=lambda cluster: cluster.number)

    def _time(self, record: Record) -> int:
        """Return the record time; of a record without one that of the last."""
        if (time := time_of(record)) is not None:
            self.now = time
        return self.now

    def _given(self, reading: Reading, match: Match | None) -> _Found | None:
        """Return the story of an earlier state of the same article, or of what it is a copy of."""
        earlier = self._window.latest(reading.id)
        known = [(earlier, 1.0)] if earlier is not None else []
        if match is not None:
            known.append((match.held, match.score))
        stories = ((self._clusters.story(document.story), score) for document, score in known)
        return next((_Found(cluster, score) for cluster, score in stories if cluster is not None), None)

    def _told(self, reading: Reading, terms: Mapping[int, int], document: Held, revision: int) -> _Found:
        """Return the story that the words tell, or a new one; a rolling page is of one at most, and begins none."""
        near = self._clusters.near(reading, terms)
        document.leads = not reading.rolling
        if near:
            score, cluster = near[0]
        elif document.leads:
            score, cluster = 1.0, self._begun(reading, revision)
        else:
            return _Found(None, 0.0)
        if document.leads:
            cluster.tell(terms)
            cluster.title = array("I", list(dict.fromkeys((*sorted(reading.title), *cluster.title)))[:_TITLE])
            cluster.members = array("I", (*cluster.members, document.number)[-MEMBERS:])
        return _Found(cluster, score, [other for cosine, other in near[1:] if cosine >= SURE] if score >= SURE else [])

    def _begun(self, reading: Reading, revision: int) -> Cluster:
        """Begin a story; its id is made of the record that begins it, and of nothing else."""
        text = f"story:{reading.id}/{revision}"
        cluster = Cluster(
            number=self.next,
            id=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32],
            language=reading.language,
            first=reading.time,
            last=reading.time,
        )
        self._clusters.put(cluster)
        return cluster

    def _merged(self, found: _Found) -> str | None:
        """Make one of two stories that a document surely belongs to and that are alike; return the younger one's id."""
        here = found.cluster
        for other in found.others:
            if here is not None and are_one(here, other):
                old, young = sorted((here, other), key=lambda cluster: cluster.number)
                young.into = old.number
                old.tell(dict(zip(young.terms, young.weights, strict=True)))
                old.title = array("I", list(dict.fromkeys((*young.title, *old.title)))[:_TITLE])
                old.members = array("I", sorted({*old.members, *young.members})[-MEMBERS:])
                old.first, old.last = min(old.first, young.first), max(old.last, young.last)
                old.size += young.size
                self._changes.clusters[young.number] = young
                found.cluster = old
                return young.id
        return None

    def _join(self, cluster: Cluster, document: Held) -> None:
        document.story = cluster.number
        cluster.size += 1
        cluster.first, cluster.last = min(cluster.first, document.time), max(cluster.last, document.time)
        self._changes.clusters[cluster.number] = cluster

    def _take(self, document: Held) -> None:
        """Know a document, and let it be found."""
        self._window.add(document)
        self._weights.add(document.terms)
        self._copies.add(document)
        if document.leads:
            self._clusters.index(document)
        if document.story >= 0:
            self._clusters.count(document.story, 1)
        self.next, self.now = document.number + 1, document.time

    def _leave(self, now: int) -> None:
        for document in self._window.leave(now):
            self._weights.remove(document.terms)
            if document.story >= 0 and self._clusters.count(document.story, -1):
                self._changes.clusters.pop(document.story, None)
                self._changes.dropped.append(document.story)
        self._leave_behind()

    def _leave_behind(self) -> None:
        oldest = self._window.oldest
        self._copies.leave(oldest)
        self._clusters.leave(oldest)
        self._changes.left = oldest


def time_of(record: Record) -> int | None:
    """Return the record time, Unix seconds: when it was fetched, else published."""
    moment = record.origin.fetched or record.article.published
    return None if moment is None else int(moment.timestamp())


@dataclass(slots=True)
class _Found:
    """The story of a document, and others that it surely belongs to as well."""

    cluster: Cluster | None
    score: float
    others: Sequence[Cluster] = ()


def _held(reading: Reading, number: int, terms: Sequence[int]) -> Held:
    return Held(
        number=number,
        id=reading.id,
        time=reading.time,
        language=reading.language,
        whole=reading.whole,
        shingles=reading.hashes.unique,
        numbers=array("I", sorted(reading.numbers)),
        title=array("I", sorted(reading.title)),
        terms=array("I", terms),
        root=reading.id,
        story=-1,
        leads=False,
    )


def _copy(match: Match | None) -> Copy | None:
    return None if match is None else Copy(copy_of=match.held.root, score=match.score, kind=match.kind)


def _story(found: _Found, merged: str | None) -> Story | None:
    cluster = found.cluster
    if cluster is None:
        return None
    return Story(
        id=cluster.id,
        score=found.score,
        size=cluster.size,
        first_seen=_moment(cluster.first),
        method=METHOD,
        merged=merged,
    )


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)
