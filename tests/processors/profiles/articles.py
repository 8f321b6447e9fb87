"""Records of an invented site, its lines given by the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from processors.profiles import Lesson, Site, Verdict, learned, lesson_of, verdicts
from processors.records import Article, Mode, Origin, Record, Removal

HOST = "gazette.example"
BEGAN = datetime(2024, 5, 1, 8, tzinfo=UTC)
WORDS = ("ferry", "orchard", "theatre", "railway", "lighthouse", "orchestra", "bakery", "library", "vineyard", "quarry")


def own(n: int, part: int = 0) -> str:
    """Return a paragraph that no other article has."""
    return (
        f"On day {n} the people of the harbour counted {part} and {n * 31 + part} stones, wrote the numbers down and "
        "went home, since nothing else was left to be done before the evening came."
    )


def record(n: int, lines: Sequence[str], **fields: object) -> Record:
    """Return the n-th article of the site, a day after the one before."""
    plain = {
        "title": f"The {WORDS[n % 10]} number {n}",
        "url": f"https://www.{HOST}/city/{n}",
        "authors": (f"Writer {n % 4}",),
        "section": ("City", "World", "Sport")[n % 3],
        "published": BEGAN + timedelta(days=n),
    }
    article = Article(text="\n".join(lines), **(plain | fields))  # type: ignore[arg-type] # of the types above
    return Record(id=f"record-{n}", article=article, origin=Origin(mode=Mode.REPLAY), fingerprint={})


def lesson(n: int, lines: Sequence[str], **fields: object) -> tuple[Lesson, Mapping[str, str]]:
    """Return what that article teaches."""
    found = lesson_of(record(n, lines, **fields))
    assert found is not None
    return found


def again(n: int, line: str) -> tuple[Lesson, Mapping[str, str]]:
    """Return what an article teaches from which a learned line was taken out."""
    found = record(n, [own(n)])
    removed = (Removal(rule="site-learned", text=line, seen=9),)
    taught = lesson_of(replace(found, article=replace(found.article, removed=removed)))
    assert taught is not None
    return taught


def site(*lessons: tuple[Lesson, Mapping[str, str]]) -> Site:
    """Return the profile of a site that was learned from these."""
    return learned(Site(host=HOST), lessons)


def verdict(profile: Site, line: str) -> Verdict | None:
    """Return what is thought of a line."""
    return next((one for one in verdicts(profile) if one.block.text == line), None)
