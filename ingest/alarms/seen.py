"""What became of documents, gathered until the next look at the alarms."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from processors.identity import host_of
from processors.records import Failed, Page, Reason, Record, Skipped, Step, TextSource

if TYPE_CHECKING:
    from processors.records import Outcome

MOST_PAGES = 20_000
"""Pages that are remembered between two looks; of more than that, the first tell enough."""
_NO_ARTICLE = frozenset(
    {
        *(Reason.BOT_CHALLENGE, Reason.CONSENT_WALL, Reason.EMPTY, Reason.INDEX_PAGE),
        *(Reason.NO_TEXT, Reason.PAYWALL, Reason.SOFT_404, Reason.VIDEO_PAGE),
    }
)
"""Reasons for which a page that was fetched gave no article."""


@dataclass(slots=True)
class Seen:
    """What was seen since the last look."""

    outlets: set[str] = field(default_factory=set)
    """Sites that records came from."""
    topics: set[str] = field(default_factory=set)
    """That records have."""
    pages: list[tuple[str, int | None]] = field(default_factory=list)
    """Sites of pages, each with the characters of its text, or None where it gave none."""


class Gathering:
    """Gathers what became of documents. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = Seen()

    def saw(self, outcome: Page | Outcome) -> None:
        """A document was settled; a page that is handed to workers tells nothing."""
        if isinstance(outcome, Page):
            return
        site = outlet_of(outcome)
        read = _read(outcome)
        with self._lock:
            if isinstance(outcome, Record):
                self._seen.topics.update(tag.topic for tag in outcome.article.topics)
                if site is not None:
                    self._seen.outlets.add(site)
            if site is not None and read is not None and len(self._seen.pages) < MOST_PAGES:
                self._seen.pages.append((site, *read))

    def take(self) -> Seen:
        """Return what was gathered, and begin anew."""
        with self._lock:
            seen, self._seen = self._seen, Seen()
        return seen


def outlet_of(outcome: Outcome) -> str | None:
    """Return the site that a document is of, without `www.`; None where it has no address."""
    url = outcome.article.canonical_url or outcome.article.url if isinstance(outcome, Record) else outcome.url
    host = host_of(url)
    return None if host is None else host.removeprefix("www.")


def _read(outcome: Outcome) -> tuple[int | None] | None:
    """Return how long the text of a page is, or that it has none; None of what is no page, or was not read."""
    if isinstance(outcome, Skipped):
        return (None,) if outcome.reason in _NO_ARTICLE else None
    if isinstance(outcome, Failed):
        return (None,) if outcome.step is Step.EXTRACT else None
    if outcome.origin.fallback is not None:
        return (None,) if outcome.origin.fallback in _NO_ARTICLE else None
    return (len(outcome.article.text),) if outcome.article.text_source is TextSource.PAGE else None
