"""Which documents of an archive a replay is about: a range of time, hosts, languages, topics.

What can be told before extraction is told then: of a page its host and, by when it was fetched, that it is too old. The
rest is told by the record. What is left out is as if it were not in the archive, but for being counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.sources.base import Entry, PassedOver
from processors.identity import host_of
from processors.records import Failed, Form, Page, Record
from processors.topics.definitions import TopicsError
from processors.topics.parsing import nearest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from ingest.sources.base import Source
    from processors.records import Outcome

NOT_SELECTED = PassedOver("not selected")

M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a replay's options ask for; each that is empty asks for nothing."""

    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""
    hosts: tuple[str, ...] = ()
    """Names in lower case; each stands for those below it, too."""
    languages: tuple[str, ...] = ()
    """In lower case; `en` stands for `en-GB`, too."""
    topics: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != EVERYTHING

    def __str__(self) -> str:
        """Return it as a line, the same for the same selection."""
        times = (("since", self.since), ("until", self.until))
        names = (("host", self.hosts), ("language", self.languages), ("topic", self.topics))
        parts = [f"{name} {moment.isoformat()}" for name, moment in times if moment is not None]
        return "; ".join([*parts, *(f"{name} {', '.join(sorted(set(some)))}" for name, some in names if some)])

    def check(self, topics: Iterable[str]) -> None:
        """See that a topic that is asked for can be found at all.

        Raises:
            TopicsError: it is not among those that are looked for.
        """
        known = sorted(topics)
        if problems := [
            f"--topic {name}: not looked for; {nearest(name, known)}" for name in self.topics if name not in known
        ]:
            raise TopicsError(problems)

    def refuses(self, page: Page) -> bool:
        """Say whether a page is left out, whatever may come of it."""
        if page.form is Form.LINE:
            return False  # what it holds is not known yet
        fetched = page.origin.fetched
        is_old = fetched is not None and self.since is not None and fetched < self.since
        return is_old or (page.url is not None and not self._covers(page.url))

    def takes(self, outcome: Outcome) -> bool:
        """Say whether an outcome is asked for.

        A dead letter may be anything of which nothing else is known, and is taken then.
        """
        if isinstance(outcome, Record):
            article = outcome.article
            spoken, tagged = article.language, {tag.topic for tag in article.topics}
            named = self._speaks(spoken) and (not self.topics or not tagged.isdisjoint(self.topics))
            return named and self._covers(article.url or article.canonical_url) and self._spans(event_time(outcome))
        fetched = outcome.origin.fetched
        if isinstance(outcome, Failed):
            known = outcome.url is None or self._covers(outcome.url)
            return known and (fetched is None or self._spans(fetched))
        return not (self.languages or self.topics) and self._covers(outcome.url) and self._spans(fetched)

    def _covers(self, url: str | None) -> bool:
        host = host_of(url) or ""
        return not self.hosts or any(host == name or host.endswith(f".{name}") for name in self.hosts)

    def _speaks(self, language: str | None) -> bool:
        spoken = f"{language or ''}-".lower()
        return not self.languages or any(spoken.startswith(f"{name}-") for name in self.languages)

    def _spans(self, moment: datetime | None) -> bool:
        if self.since is None and self.until is None:
            return True
        if moment is None:
            return False
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


EVERYTHING = Selection()


def event_time(record: Record) -> datetime | None:
    """Return when an article was published, unless that is said to be later than it was fetched; else the latter."""
    published, fetched = record.article.published, record.origin.fetched
    if published is None or (fetched is not None and published > fetched):
        return fetched
    return published


class Selected(Generic[M]):
    """A source that leaves out what a selection refuses before extraction.

    Args:
        source: what to read.
        selection: what is asked for.
    """

    def __init__(self, source: Source[M], selection: Selection) -> None:
        self._source = source
        self._selection = selection

    @property
    def name(self) -> str:
        """See `Source`."""
        return self._source.name

    def entries(self) -> Iterator[Entry[M] | None]:
        """See `Source`."""
        for entry in self._source.entries():
            if entry is not None and isinstance(entry.content, Page) and self._selection.refuses(entry.content):
                yield Entry(content=NOT_SELECTED, mark=entry.mark)
            else:
                yield entry

    def commit(self, connection: sqlite3.Connection, marks: Sequence[M]) -> None:
        """See `Source`."""
        self._source.commit(connection, marks)

    def done(self, marks: Sequence[M]) -> None:
        """See `Source`."""
        self._source.done(marks)
