"""Lessons and profiles as JSON, for whoever keeps them. What another layout wrote is not read: it is forgotten."""

from __future__ import annotations

import json
from typing import Any

from processors.profiles.lessons import Lesson, Line
from processors.profiles.site import Block, Site

LAYOUT = 1


def lesson_to_json(lesson: Lesson, texts: dict[str, str]) -> str:
    """Return a lesson with the texts of its lines."""
    return json.dumps([LAYOUT, _row(lesson), texts], ensure_ascii=False)


def lesson_from_json(text: str) -> tuple[Lesson, dict[str, str]] | None:
    """Read a lesson back; None where it is of another layout."""
    layout, row, texts = json.loads(text)
    return (_lesson(row), texts) if layout == LAYOUT else None


def site_to_json(site: Site) -> str:
    """Return a profile."""
    row = {
        "layout": LAYOUT,
        "host": site.host,
        "lessons": [_row(lesson) for lesson in site.lessons],
        "blocks": {key: [block.text, block.past, block.since] for key, block in site.blocks.items()},
        "floor": None if site.floor is None else [_finite(site.floor[0]), site.floor[1]],
    }
    return json.dumps(row, ensure_ascii=False)


def site_from_json(host: str, text: str) -> Site:
    """Read a profile back; an empty one where it is of another layout."""
    row = json.loads(text)
    if row["layout"] != LAYOUT:
        return Site(host=host)
    floor = row["floor"]
    return Site(
        host=host,
        lessons=tuple(map(_lesson, row["lessons"])),
        blocks={key: Block(text=text, past=past, since=since) for key, (text, past, since) in row["blocks"].items()},
        floor=None if floor is None else (float("-inf") if floor[0] is None else floor[0], floor[1]),
    )


def _row(lesson: Lesson) -> list[Any]:
    about = [lesson.host, lesson.article, lesson.time, lesson.words, lesson.author, lesson.section]
    return [*about, lesson.lines, lesson.gone]


def _lesson(row: list[Any]) -> Lesson:
    host, article, time, words, author, section, lines, gone = row
    return Lesson(
        host=host,
        article=article,
        time=time,
        words=tuple(words),
        author=author,
        section=section,
        lines=tuple(Line(*line) for line in lines),
        gone=tuple(Line(*line) for line in gone),
    )


def _finite(moment: float) -> float | None:
    """JSON knows no infinity, which is the age of an article without a date."""
    return None if moment == float("-inf") else moment
