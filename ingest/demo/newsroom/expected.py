"""What must come out of each story of the script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.demo.newsroom.script import Script, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The record, or records, of one story."""

    outlet: str
    key: str
    link: str
    """Path of the article as the feed names it."""
    path: str
    """Path of its canonical URL."""
    titles: tuple[str, ...]
    """Of each revision. Who polls too late for the first one sees only the last."""
    texts: tuple[str, ...]
    """Of each revision."""
    topics: tuple[str, ...]
    """Exactly these of north-korea, russia and china."""
    mentions: tuple[str, ...]
    """Named in passing, and not to be tagged."""
    text_source: str
    """`page` or `feed`."""
    removed: tuple[str, ...]
    """Each must be the text of some removal."""

    @property
    def revisions(self) -> int:
        """How many there are."""
        return len(self.titles)


def expected(script: Script) -> tuple[Expectation, ...]:
    """Return what must come of each story, in the order of first publication."""
    return tuple(_expectation(story, whole=script.outlets[story.outlet].whole) for story in script.stories)


def _expectation(story: Story, *, whole: bool) -> Expectation:
    summary_only = story.text_source == "feed" and not whole
    return Expectation(
        outlet=story.outlet,
        key=story.key,
        link=story.link,
        path=story.link if summary_only or whole else story.path,
        titles=tuple(edition.title for edition in story.editions),
        texts=tuple(edition.summary if summary_only else "\n".join(edition.paragraphs) for edition in story.editions),
        topics=story.topics,
        mentions=story.mentions,
        text_source=story.text_source,
        removed=story.removed,
    )
