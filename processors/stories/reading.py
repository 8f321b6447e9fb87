"""What of a record copies and stories are told by, made once: no other step looks at its text again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from zlib import crc32

from processors.stories.rolling import is_rolling
from processors.stories.shingles import CHARACTERS, LONGEST, hashed, numbers
from processors.stories.tongues import codes, guessed
from processors.stories.words import folded, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processors.records import Article
    from processors.stories.shingles import Hashed

LEAD = 80
"""Words of the text that a story is told by."""
_FRONT = 12 * LEAD
"""Characters in which they are, in most languages."""
_SHORT = 40
"""Words of a text that says so little that the summary is read with it."""
_ENOUGH = 8
"""Words of a text that is the same as another only by being a copy."""
_TITLE = 2
"""How often a word of the title counts."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A record as words, numbers and terms; each of these as a number of 32 bits."""

    id: str
    time: int
    """Record time, Unix seconds."""
    language: str | None
    rolling: bool
    """It is about whatever happens: see `processors.stories.rolling`."""
    whole: int
    """All words of the text; 0 where they are too few to tell it from others."""
    hashes: Hashed = field(repr=False)
    """Of the text."""
    numbers: frozenset[int]
    """Numbers of text and title."""
    title: frozenset[int]
    """Terms of the title."""
    terms: Mapping[int, int]
    """Terms of title and lead, and how often they are there."""

    @cached_property
    def shingles(self) -> list[int]:
        """Shingles by place; made when a candidate is compared, which most documents have none of."""
        return self.hashes.shingles.tolist()  # type: ignore[no-any-return]  # of whole numbers

    @cached_property
    def unique(self) -> frozenset[int]:
        """The same, each once."""
        return frozenset(self.hashes.unique)


def reading_of(record_id: str, article: Article, time: int) -> Reading:
    """Read an article."""
    title, hashes = words(article.title), hashed(folded(article.text[:CHARACTERS]))
    lead = words(article.text[: _FRONT * 2 // 3])
    if len(lead) <= LEAD:
        lead = words(article.text[:_FRONT])
    lead = lead[:LEAD]
    if hashes.words < _SHORT and article.summary:
        lead = words(article.summary[:_FRONT])[:LEAD] + lead
    language = article.language or guessed((*title, *lead))
    heading = codes(title, language)
    return Reading(
        id=record_id,
        time=time,
        language=language,
        rolling=is_rolling(article.title),
        whole=_whole(hashes, article.text),
        hashes=hashes,
        numbers=frozenset([*(code for _, code in hashes.numbers), *numbers(folded(article.title))]),
        title=frozenset(heading) - {0},
        terms=_counted(heading, codes(lead, language)),
    )


def _counted(title: Sequence[int], lead: Sequence[int]) -> dict[int, int]:
    counts = Counter(lead)
    for code in title:
        counts[code] = counts.get(code, 0) + _TITLE
    counts.pop(0, None)
    return counts


def _whole(hashes: Hashed, text: str) -> int:
    """Return a number for the words that were looked at, and for how many there are where those are not all."""
    if hashes.words < _ENOUGH:
        return 0
    return crc32(str(len(text.split())).encode(), hashes.whole) if hashes.words == LONGEST else hashes.whole
