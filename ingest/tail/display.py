"""A record for a terminal: its topics in their colours, its evidence in bold; whatever it holds, it stays text."""

from __future__ import annotations

import os
import zlib
from typing import IO, TYPE_CHECKING

from ingest.logs import visible
from ingest.selection import event_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from processors.records import Article, Record

_COLOURS = (36, 33, 35, 32, 34, 31)
"""Of topics (ECMA-48, SGR), those that are enabled first: cyan, yellow, magenta, green, blue, red."""
_BOLD, _DIM = "1", "2"
_SHORT = 8
"""Characters of a story's id that are shown."""
_WIDTH = 240
"""Characters of a summary, or of the beginning of a text."""


def coloured(stream: IO[str], env: Mapping[str, str] = os.environ) -> bool:
    """Say whether a stream takes colours: it is a terminal that knows any, and NO_COLOR (no-color.org) is not set."""
    return stream.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


class Display:
    """Makes lines of records.

    Args:
        colours: whether to use them; without, there is no escape sequence at all.
        topics: those that are enabled.
    """

    def __init__(self, *, colours: bool, topics: Sequence[str] = ()) -> None:
        self._colours = colours
        self._topics = topics

    def lines(self, record: Record) -> Iterator[str]:
        """Yield a record's lines: when, what about and whose; its title; how it begins; where it is."""
        article = record.article
        yield "  ".join([self._style(_time(record), _DIM), *self._tags(article), *self._facts(record)])
        yield "  " + self._marked(article, "title", _BOLD if not _spans(article, "title") else "")
        field = "summary" if article.summary else "text"
        if getattr(article, field):
            yield "  " + self._marked(article, field)
        if url := article.url or article.canonical_url:
            yield "  " + self._style(visible(url), _DIM)

    def _tags(self, article: Article) -> Iterator[str]:
        for tag in article.topics:
            yield self._style(f"{visible(tag.topic)} {tag.score:.2f}", f"{_BOLD};{self._colour(tag.topic)}")

    def _colour(self, topic: str) -> int:
        known = topic in self._topics
        return _COLOURS[(self._topics.index(topic) if known else zlib.crc32(topic.encode())) % len(_COLOURS)]

    def _facts(self, record: Record) -> Iterator[str]:
        article, n = record.article, record.revision.n
        yield from (visible(fact) for fact in (article.site, article.language) if fact)
        if n > 1:
            yield f"revision {n}"
        yield from map(visible, _of_story(record))

    def _marked(self, article: Article, field: str, style: str = "") -> str:
        """Return a field on one line, cut to a width, with its evidence in bold and the colour of its topic."""
        text = visible(getattr(article, field))
        parts, reached, end = [], 0, min(len(text), _WIDTH)
        for start, stop, topic in _spans(article, field):
            if reached <= start < stop <= end:
                parts += [text[reached:start], self._style(text[start:stop], f"{_BOLD};{self._colour(topic)}")]
                reached = stop
        parts.append(self._style(text[reached:end], style))
        return "".join(parts) + ("…" if end < len(text) else "")

    def _style(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colours and style and text else text


def _spans(article: Article, field: str) -> list[tuple[int, int, str]]:
    """Return begin, end and topic of the evidence in a field, in order; of those that begin alike the longest first."""
    found = {(e.start, e.end, tag.topic) for tag in article.topics for e in tag.evidence if e.field == field}
    return sorted(found, key=lambda span: (span[0], -span[1], span[2]))


def _of_story(record: Record) -> Iterator[str]:
    """Yield its story and how many are of it by then, the story that proved to be the same, and if it is a copy."""
    if (story := record.story) is not None:
        yield f"story {story.id[:_SHORT]}" + (f" ({story.size})" if story.size > 1 else "")
        if story.merged:
            yield f"with {story.merged[:_SHORT]}"
    if record.dup is not None:
        yield "copy"


def _time(record: Record) -> str:
    moment = event_time(record)
    return "no date" if moment is None else moment.isoformat(sep=" ", timespec="minutes")
