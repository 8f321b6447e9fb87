"""How much an article is about a topic: fixed weights over where and how often its phrases stand.

The weights are the same for every topic, so a user's own topic needs no training. `benchmarks/topics_fit.py` fits and
cross-validates them; `docs/topics.md` has the tables.
"""

from __future__ import annotations

import math
import re
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from processors.topics.matcher import Hit
    from processors.topics.sheet import Sheet

THRESHOLD = 0.45
"""Where a topic counts as given unless its definition says otherwise."""

BIAS = -3.15
WEIGHTS = {
    "title": 2.15,
    "lead": 0.21,
    "density": 0.42,
    "spread": 0.51,
    "first": 2.16,
    "share": 0.37,
    "rank": 1.38,
    "amount": 0.92,
    "variety": 0.63,
}
"""Fitted, never negative, on 557 labelled pairs of document and topic; see the head of this file."""
_VALUES = tuple(WEIGHTS.values())

_ALONE = 0.5
"""`rank` of a topic that is no country: with nothing to be ranked among, it must neither help nor harm."""
_DOUBT = 2
"""Mentions of nothing, counted against every share, so that one mention in passing is not "all of them"."""
_FIRST_FADE = 360
"""Characters (about sixty words) over which `first` falls to 0.37."""
_LIST_GAP = 22
"""Characters at most between two members of a list, a comma or a word such as "and" among them."""
_LIST_SPACES = 4
"""Spaces at most, which is three words: ", and the former "."""
_LIST_LENGTH = 3
"""This many different countries one after another are a list."""
_SUBJECTS = 4
"""A list of up to this many is the subject where it opens the text ("Russia, Iran and China signed ..."), and anywhere
in the title or the summary, which have no room for what they are not about."""
_LISTED = 0.2
"""What is left of a hit that stands in a list ("exports to Peru, Chad, China and Malta"). Set by hand, see the docs."""
_JOIN = re.compile(
    r"[,،、，;/&和及与與或とや및와과]|\sو|\b(?:and|or|nor|y|e|o|et|ou|und|oder|и|или|та|і|й|ve|veya|dan|atau|và|hoặc|en|och|og|או)\b"
    r"|\sו",
    re.IGNORECASE,
)
_ARTICLE = 4
"""Characters that may stand before a list that opens a text: "The ", "La "."""

Place = tuple[int, int, str]
"""Start and end of a mention of a country, and the country's ISO code."""
_NOWHERE = (1 << 62, 1 << 62, "")


class Features(NamedTuple):
    """All from 0 to about 1; more of any never lowers the score."""

    title: float
    """The strongest hit in the title, or in the first sentence where there is none."""
    lead: float
    """The strongest hit in the summary and the first two sentences."""
    density: float
    """Hits per word, full at one in ten."""
    spread: float
    """Share of sentences with a hit."""
    first: float
    """How early the first hit stands: 1 at the start, 0.37 after sixty words."""
    share: float
    """Share among all countries' mentions, two more of which are assumed."""
    rank: float
    """Its mentions over those of the country most mentioned."""
    amount: float
    """Logarithm of the number of hits, 1 at about twenty."""
    variety: float
    """Different phrases beyond the first, full at three more."""


class Measures(NamedTuple):
    """What all topics of one document share."""

    words: float
    sentences: int
    title_end: int
    lead_end: int
    mentions: Mapping[str, int]
    """How often each country is named, by ISO code."""
    listed: frozenset[int]
    """Where mentions stand that are part of a list of countries."""


def measure(sheet: Sheet, places: Sequence[Place]) -> Measures:
    """Count once for the document; `places` are the countries named, in order."""
    mentions: dict[str, int] = {}
    for _, _, code in places:
        mentions[code] = mentions.get(code, 0) + 1
    listed = frozenset(_listed(sheet, places)) if len(mentions) >= _LIST_LENGTH else frozenset[int]()
    sentences = len(sheet.sentence_ends()) + 1
    return Measures(sheet.words(), sentences, sheet.title_end(), sheet.lead_end(), mentions, listed)


def _listed(sheet: Sheet, places: Sequence[Place]) -> Iterator[int]:
    """Where the places stand that are members of a list, and not the subject."""
    text, end = sheet.original, 0
    run: list[Place] = []
    for place in (*places, _NOWHERE):
        start = place[0]
        if start - end > _LIST_GAP or not _joins(text[end:start]):
            if len(run) >= _LIST_LENGTH:
                countries = len({code for _, _, code in run})
                if countries >= _LIST_LENGTH and not (countries <= _SUBJECTS and _is_subject(sheet, run[0][0])):
                    yield from (at for at, _, _ in run)
            run = []
        run.append(place)
        end = place[1]


def _joins(gap: str) -> bool:
    """Whether what stands between two places makes them members of one list."""
    return gap.count(" ") <= _LIST_SPACES and ". " not in gap and _JOIN.search(gap) is not None


def _is_subject(sheet: Sheet, start: int) -> bool:
    """Whether a list that begins here is in the title or the summary, or opens the text, an article aside."""
    before = start - sheet.text_at
    return before <= 0 or (before <= _ARTICLE and sheet.original[sheet.text_at : start].isascii())


def features(sheet: Sheet, size: Measures, hits: Sequence[Hit], country: str | None) -> Features:
    """What the hits of one topic, in order of position and at least one, amount to."""
    body, title_end, lead_end = sheet.body, size.title_end, size.lead_end
    listed_at = size.listed
    title = lead = first = inside = total = plain = strongest = 0.0
    starts, texts = [], set()
    for start, _, meaning in hits:
        weight = meaning.weight
        total += weight
        texts.add(meaning.text)
        if start in listed_at:
            weight *= _LISTED
        plain += weight
        if weight > strongest:  # noqa: PLR1730 - max() costs three times as much, for every hit
            strongest = weight
        if start < title_end and weight > title:
            title = weight
        early = weight
        if start >= body:
            inside += weight
            starts.append(start)
            early *= math.exp((body - start) / _FIRST_FADE)
            if start < lead_end and weight > lead:
                lead = weight
        if early > first:  # noqa: PLR1730 - as above
            first = early
    share, rank = _standing(total, size.mentions, country)
    return Features(
        title=title,
        lead=lead,
        density=min(1.0, 10 * inside / size.words),
        spread=strongest * sheet.sentences_with(starts) / size.sentences,
        first=first,
        share=share,
        rank=rank,
        amount=math.log1p(plain) / 3,
        variety=min(3, len(texts) - 1) / 3,
    )


def _standing(total: float, mentions: Mapping[str, int], country: str | None) -> tuple[float, float]:
    """Share and rank among the countries named."""
    if country is None:
        return total / (total + _DOUBT), _ALONE
    others = [count for code, count in mentions.items() if code != country]
    return total / (total + sum(others) + _DOUBT), total / max(total, *others) if others else 1.0


def score(found: Features) -> float:
    """The probability, calibrated on the development set, that the article is about the topic."""
    logit = BIAS + sum(map(mul, _VALUES, found))
    return 1 / (1 + math.exp(-logit))
