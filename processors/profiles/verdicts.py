"""Which recurring lines of a site are boilerplate, and which are the site's own way of writing.

Recurring alone says little: datelines, the headers of a live blog, the standing first line of a column and the
background paragraph of a long story recur too. What tells boilerplate is that it comes with the site, whatever the
article is about and whoever wrote it. So each line is held against the articles that do not have it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from processors.profiles.lessons import HEADING, PROSE, Lesson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from processors.profiles.site import Block, Site

MIN_ARTICLES = 4
"""Distinct articles of a site that a line must have been on."""
SHARE = 0.4
"""Of the site's articles, unless there are `MANY`."""
MANY = 12
BOUND = 0.8
"""Share of a line's articles that one writer or one story has; and of the others at most `UNBOUND`."""
UNBOUND = 0.3
NEARLY_ALL = 0.75
VOICES = 3
"""Pairs of writer and section that a standing first line or a heading must have, before it is the site's."""
SAME = 0.9
"""Share of the shorter article's text; so much in common and two articles are one, whatever their titles."""
ALIKE = 0.6
"""The same, for articles whose titles have half of their words in common."""
HEAD, MIDDLE, TAIL = "h", "m", "t"


class Known(NamedTuple):
    """A line that goes: its receipt, and where."""

    seen: int
    since: int | None
    zones: str


_NOTHING: Mapping[str, Known] = MappingProxyType({})


class Why(StrEnum):
    """Why a recurring line stays, or that it goes."""

    GOES = "goes"
    FEW = "stays: on too few articles"
    SHARE = "stays: on too small a share of the site's articles"
    STORY = "stays: comes with one story"
    WRITER = "stays: comes with one writer"
    FIRST = "stays: the standing first line of a column"
    HEADING = "stays: a heading or date line, with other text below it each time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is thought of one recurring line."""

    key: str
    block: Block
    why: Why
    seen: int
    """Distinct articles it was on, ever."""
    since: int | None
    """Publication of the first of them, in seconds since 1970."""
    zones: str
    """Where it stood: `HEAD` (above the first paragraph that is the article's own), `MIDDLE`, `TAIL`."""

    @property
    def goes(self) -> bool:
        """Whether it is boilerplate."""
        return self.why is Why.GOES


@dataclass(slots=True)
class _Seen:
    """Where a line stood, over the articles that have it."""

    lessons: list[Lesson]
    zones: Counter[str]
    introduces: int = 0
    """Articles in which a line of their own follows it."""
    kind: str = PROSE


def verdicts(site: Site, before: Mapping[str, Known] = _NOTHING) -> list[Verdict]:
    """Return what is thought of each recurring line of a site, those seen most often first.

    Args:
        site: its profile.
        before: what went by the last verdicts: such a line is seen nowhere any more, and keeps its place.
    """
    lessons = independent(site.lessons)
    counts = Counter(key for lesson in lessons for key in lesson.keys)
    seen: dict[str, _Seen] = {key: _Seen([], Counter()) for key in site.blocks}
    for lesson in lessons:
        for key in lesson.keys & seen.keys():
            seen[key].lessons.append(lesson)
        _place(lesson, counts, seen)
    found = [_verdict(key, site.blocks[key], one, lessons, before.get(key)) for key, one in seen.items()]
    return sorted(found, key=lambda verdict: (-verdict.seen, verdict.key))


def independent(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Return the lessons without near-copies of an earlier one: an article updated, or under a second address.

    What most articles of a site have in common tells nothing about two of them, and is left out of the comparison.
    """
    counts = Counter(key for lesson in lessons for key in lesson.keys)
    common = {key for key, n in counts.items() if n >= MIN_ARTICLES and n > len(lessons) / 2}
    kept: list[tuple[Lesson, dict[str, int]]] = []
    for lesson in lessons:
        sizes = {line.key: line.size for line in lesson.lines if line.key and line.key not in common}
        if not any(_is_copy(lesson, sizes, other, others) for other, others in kept):
            kept.append((lesson, sizes))
    return [lesson for lesson, _ in kept]


def _is_copy(one: Lesson, sizes: dict[str, int], other: Lesson, others: dict[str, int]) -> bool:
    shared = sizes.keys() & others.keys()
    if not shared and (sizes or others):
        return False
    common = sum(sizes[key] for key in shared)
    shorter = min(sum(sizes.values()), sum(others.values()))
    if shorter and common >= SAME * shorter:
        return True
    return common >= ALIKE * shorter and _titles_agree(one.words, other.words)


def _titles_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return 2 * len({*one} & {*other}) >= max(1, min(len(one), len(other)))


def _place(lesson: Lesson, counts: Counter[str], seen: dict[str, _Seen]) -> None:
    """Note where in one article each recurring line stood."""
    own = [i for i, line in enumerate(lesson.lines) if line.kind == PROSE and counts[line.key] <= 1]
    if not own:
        return
    for i, line in enumerate(lesson.lines):
        one = seen.get(line.key)
        if one is None:
            continue
        one.kind = line.kind
        one.zones[HEAD if i < own[0] else TAIL if i > own[-1] else MIDDLE] += 1
        one.introduces += _introduces(lesson, i, counts)


def _introduces(lesson: Lesson, place: int, counts: Counter[str]) -> bool:
    """Tell whether a line of the article's own comes next, other recurring headings passed over."""
    for line in lesson.lines[place + 1 :]:
        if counts[line.key] <= 1:
            return True
        if line.kind != HEADING:
            return False
    return False


def _verdict(key: str, block: Block, one: _Seen, lessons: Sequence[Lesson], before: Known | None) -> Verdict:
    times = [lesson.time for lesson in one.lessons if lesson.time is not None]
    times += [] if block.since is None else [block.since]
    zones = "".join(zone for zone in (HEAD, MIDDLE, TAIL) if one.zones[zone]) or (before.zones if before else "")
    return Verdict(
        key=key,
        block=block,
        why=_why(one, lessons, went=before is not None),
        seen=block.past + len(one.lessons),
        since=min(times, default=None),
        zones=zones,
    )


def _why(one: _Seen, lessons: Sequence[Lesson], *, went: bool) -> Why:
    """Return the first reason to let a line stay; a line always taken out was placed once, and keeps that verdict."""
    share = len(one.lessons) / max(1, len(lessons))
    if len(one.lessons) < MIN_ARTICLES:
        return Why.FEW
    if share < SHARE and len(one.lessons) < MANY:
        return Why.SHARE
    if not one.zones:
        return Why.GOES if went else Why.FEW
    others = _others(one, lessons)
    if _is_bound(one.lessons, others, lambda lesson: lesson.words):
        return Why.STORY
    below = one.zones[TAIL] > one.zones.total() / 2 and not (one.kind == HEADING and one.introduces)
    return Why.GOES if below else _above(one, lessons, others)


def _above(one: _Seen, lessons: Sequence[Lesson], others: Sequence[Lesson]) -> Why:
    """Return the verdict on a line that stands above text: as a heading, a date line or a column's first line may."""
    placed = one.zones.total()
    if _is_bound(one.lessons, others, lambda lesson: (lesson.author,) if lesson.author else ()):
        return Why.WRITER
    if one.kind == HEADING and one.introduces > placed / 2:
        return Why.GOES if one.zones[MIDDLE] > placed / 2 and _is_everywhere(one, lessons) else Why.HEADING
    if one.zones[HEAD] > placed / 2:
        return Why.GOES if _is_everywhere(one, lessons) else Why.FIRST
    return Why.GOES


def _is_everywhere(one: _Seen, lessons: Sequence[Lesson]) -> bool:
    """Tell whether nearly all of the site's articles have a line, by several writers or in several sections.

    Where no article names its writer, that cannot be held against the line.
    """
    voices = {(each.author, each.section) for each in one.lessons}
    known = any(each.author for each in lessons)
    return len(one.lessons) >= NEARLY_ALL * len(lessons) and (len(voices) >= VOICES or not known)


def _others(one: _Seen, lessons: Sequence[Lesson]) -> list[Lesson]:
    having = {lesson.article for lesson in one.lessons}
    return [lesson for lesson in lessons if lesson.article not in having]


def _is_bound(having: Sequence[Lesson], others: Sequence[Lesson], of: Callable[[Lesson], Iterable[str]]) -> bool:
    """Tell whether one word, say, is nearly always there with the line and rarely without it."""
    if len(others) < 2:
        return False
    inside = Counter(word for lesson in having for word in of(lesson))
    outside = Counter(word for lesson in others for word in of(lesson))
    return any(n >= BOUND * len(having) and outside[word] <= UNBOUND * len(others) for word, n in inside.items())
