"""The hits of one document: what counts for each topic, and what is ignored and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors.topics import aboutness, setting
from processors.topics.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from processors.topics.matcher import Hit, Matcher
    from processors.topics.model import Topic
    from processors.topics.sheet import Sheet

BLOCKED = "blocked phrase"
CREDIT = "credit line"
DATELINE = "dateline"
OUTLET = "outlet's own name"
NAMESAKE = "namesake place"
COMPOUND = "describes something else"
UNSUPPORTED = "needs support"

_TELLING = ",- "
"""What stands behind a name that belongs to something else: "Moscow, Idaho", "Soviet-era", "Moscow Road"."""
_PRIMARY, _SECONDARY, _CONTEXT, _NEEDS_SUPPORT = Kind.PRIMARY, Kind.SECONDARY, Kind.CONTEXT, Kind.NEEDS_SUPPORT
"""Bound once: an attribute of an enum costs more than the comparison, and a set of them hashes in Python."""

_Span = tuple[int, int, str]


class Reading:
    """What one article's hits say, topic by topic."""

    def __init__(self, sheet: Sheet, hits: Sequence[Hit], matcher: Matcher, site: str | None) -> None:
        self.sheet = sheet
        self._matcher = matcher
        self._size: aboutness.Measures | None = None
        self._ignored: list[tuple[Hit, str]] = []
        self._kept: dict[int, list[Hit]] = {}
        self._places: list[aboutness.Place] = []
        self._sort(hits, sorted(self._spans(hits, site)))

    def _sort(self, hits: Sequence[Hit], spans: Sequence[_Span]) -> None:
        """Keep or ignore each hit, in one sweep over hits and spans, both in order: never quadratic."""
        original = self.sheet.original
        passed, reach, setting_of = 0, 0, ""
        for hit in hits:
            start, end, meaning = hit
            while passed < len(spans) and spans[passed][0] <= start:
                if spans[passed][1] > reach:
                    _, reach, setting_of = spans[passed]
                passed += 1
            if not meaning.weight:
                self._ignored.append((hit, BLOCKED))
            elif start < reach:
                self._ignored.append((hit, setting_of))
            elif (after := original[end]) in _TELLING and (reason := _named(original, end, after)):
                self._ignored.append((hit, reason))
            else:
                self._keep(hit)

    def _keep(self, hit: Hit) -> None:
        start, end, meaning = hit
        owner, codes, kept = meaning.owner, self._matcher.codes, self._kept
        if owner < self._matcher.topics:
            if owner not in kept:
                kept[owner] = []
            kept[owner].append(hit)
        if owner < len(codes) and meaning.kind is _PRIMARY and (code := codes[owner]):
            self._places.append((start, end, code))

    def owners(self, *, ignored: bool = False) -> list[int]:
        """The topics that have a hit left, or any at all."""
        found = set(self._kept)
        if ignored:
            found.update(hit[2].owner for hit, _ in self._ignored if hit[2].owner < self._matcher.topics)
        return sorted(found)

    def counted(self, owner: int) -> Sequence[Hit]:
        """The topic's hits that count; none where all that is left is too weak to stand alone."""
        mine = self._kept.get(owner, ())
        return mine if _stands(mine) else ()

    def all_of(self, owner: int) -> list[tuple[Hit, str | None]]:
        """Every hit of the topic in order of position, with the reason if it is ignored."""
        mine = self._kept.get(owner, ())
        reason = None if self.counted(owner) else UNSUPPORTED
        found: list[tuple[Hit, str | None]] = [(hit, reason) for hit in mine]
        found += [(hit, why) for hit, why in self._ignored if hit[2].owner == owner]
        return sorted(found, key=lambda pair: pair[0][:2])

    def features(self, topic: Topic, counted: Sequence[Hit]) -> aboutness.Features:
        """What the counted hits amount to."""
        if self._size is None:
            self._size = aboutness.measure(self.sheet, self._places)
        return aboutness.features(self.sheet, self._size, counted, topic.country)

    def _spans(self, hits: Sequence[Hit], site: str | None) -> Iterator[_Span]:
        sheet = self.sheet
        if any(sheet.text_at <= start < sheet.text_at + setting.DATELINE_REACH for start, _, _ in hits):
            end = setting.dateline_end(sheet.original, sheet.text_at)
            if end > sheet.text_at:
                yield sheet.text_at, end, DATELINE
        for start, end, meaning in hits:
            if meaning.owner == self._matcher.credits:
                span = setting.credit_span(sheet.original, start, end)
                if span:
                    yield *span, CREDIT
        if site:
            yield from ((*span, OUTLET) for span in setting.own_name_spans(sheet.folded, site))


def _named(original: str, end: int, after: str) -> str:
    """Why a hit that ends here names something else; empty if it does not."""
    if after == ",":
        return NAMESAKE if setting.is_namesake(original, end) else ""
    if after == "-":
        return COMPOUND if setting.is_compound(original, end) else ""
    return NAMESAKE if setting.is_named_after(original, end) else ""


def _stands(hits: Sequence[Hit]) -> bool:
    """Whether these hits are enough: an ambiguous phrase is supported by context, each alone by nothing."""
    ambiguous = context = False
    for _, _, meaning in hits:
        kind = meaning.kind
        if kind is _PRIMARY or kind is _SECONDARY:
            return True
        ambiguous = ambiguous or kind is _NEEDS_SUPPORT
        context = context or kind is _CONTEXT
    return ambiguous and context
