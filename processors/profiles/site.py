"""A site's profile: its last articles as lessons, and the lines that recur among them. Bounded, and forgetful.

Nothing is counted that could not be recounted: the window holds whole lessons, so what is decided does not depend on
the order in which articles came. An article that has left the window, or is older than what has, never enters again:
that is what makes each count once, however often an archive is replayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from processors.profiles.lessons import Lesson

WINDOW = 64
"""Articles that a profile looks back on."""
MAX_AGE = 730 * 86_400
"""Seconds; an article so much older than the site's newest is left behind."""
MAX_BLOCKS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A line that was on two articles at least."""

    text: str
    """As it stood on one of them."""
    past: int = 0
    """Articles it was on that have left the window."""
    since: int | None = None
    """When the first of those was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is known of one site."""

    host: str
    lessons: tuple[Lesson, ...] = ()
    """Oldest first."""
    blocks: Mapping[str, Block] = field(default_factory=dict)
    """By key."""
    floor: tuple[float, str] | None = None
    """The youngest article that was left behind; older ones never enter."""


def learned(site: Site, lessons: Iterable[tuple[Lesson, Mapping[str, str]]]) -> Site:
    """Return the profile with more articles in it; one that is known already changes nothing."""
    window = {lesson.article: lesson for lesson in site.lessons}
    counts = Counter(key for lesson in site.lessons for key in lesson.keys)
    blocks = dict(site.blocks)
    for lesson, texts in lessons:
        if lesson.article in window or (site.floor is not None and lesson.order <= site.floor):
            continue
        window[lesson.article] = lesson
        for key in lesson.keys:
            counts[key] += 1
            if counts[key] > 1 and key not in blocks:
                blocks[key] = Block(text=texts[key])
    return _bounded(replace(site, lessons=tuple(sorted(window.values(), key=lambda one: one.order)), blocks=blocks))


def _bounded(site: Site) -> Site:
    """Leave behind what is too much or too old, adding it to the past of the lines that stay."""
    newest = max((lesson.time for lesson in site.lessons if lesson.time is not None), default=0)
    kept = site.lessons[-WINDOW:]
    kept = tuple(one for one in kept if one.time is None or one.time >= newest - MAX_AGE)
    stay = {one.article for one in kept}
    left = [one for one in site.lessons if one.article not in stay]
    floor = max([one.order for one in left] + ([site.floor] if site.floor else []), default=None)
    counts = Counter(key for lesson in kept for key in lesson.keys)
    blocks = {key: block for key, block in site.blocks.items() if counts[key]}
    for lesson in left:
        for key in lesson.keys & blocks.keys():
            blocks[key] = _passed(blocks[key], lesson.time)
    most = sorted(blocks, key=lambda key: (-counts[key], -blocks[key].past, key))[:MAX_BLOCKS]
    return replace(site, lessons=kept, blocks={key: blocks[key] for key in most}, floor=floor)


def _passed(block: Block, time: int | None) -> Block:
    times = [moment for moment in (block.since, time) if moment is not None]
    return replace(block, past=block.past + 1, since=min(times, default=None))
