"""What the newsroom publishes: outlets and their stories (`outlets/*.toml`), in the order of `script.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from types import MappingProxyType
from typing import Any

CORRECTED = "corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One state of a story's words."""

    title: str
    summary: str
    paragraphs: tuple[str, ...]
    remark: str = ""
    """Behind the last paragraph, as in `(More history.)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article of an outlet."""

    outlet: str
    key: str
    path: str
    author: str
    section: str
    editions: tuple[Edition, ...]
    """One, or two where it is corrected."""
    link: str
    """The path that the feed names; where it is not `path`, it redirects there."""
    template: str
    """Of its page, in `pages/`."""
    text_source: str
    """`page`, or `feed` where the page cannot be had: what a record must say."""
    topics: tuple[str, ...]
    """Exactly these of north-korea, russia and china."""
    mentions: tuple[str, ...]
    """Topics that are named in passing, and must not be tagged."""
    removed: tuple[str, ...]
    """Lines of its page, or of its feed entry, that must be in `removed`."""

    @property
    def guid(self) -> str:
        """What the feed knows it by, whatever becomes of its title."""
        return f"{self.outlet}-{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A paper or an agency: what it is called, how it publishes, and what stands on all its pages."""

    key: str
    name: str
    language: str
    zone: str
    """Offset from UTC, as in `+09:00`: names would need a database that small containers lack."""
    format: str
    """`rss`, `atom`, `json` or `sitemap`."""
    feed: str
    """Path of the feed."""
    date: str
    """How pages show the time, for `strftime`."""
    inside: tuple[str, ...]
    """Prompts after the first paragraph."""
    below: tuple[str, ...]
    """Prompts after the last one."""
    related: tuple[str, ...]
    """Headlines that pages link to."""
    paragraph: str = "<p>$text</p>"
    prompt: str = "<p>$text</p>"
    charset: str = "utf-8"
    """Of its feed and its pages."""
    whole: bool = False
    """Whether the feed carries the articles whole."""
    validators: bool = False
    """Whether the feed has ETag and Last-Modified, and answers 304."""
    gzip: bool = False
    robots: str | None = None
    """Its robots.txt; None: 404."""
    down: bool = False
    """Whether connections are refused."""
    unavailable_until: int = 0
    """Until so many editions have been published, in all, it answers 503."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further keys for its `[[feeds]]` table."""
    stories: tuple[Story, ...] = ()

    def local(self, moment: datetime) -> datetime:
        """Return the moment in the outlet's zone."""
        hours, minutes = int(self.zone[:3]), int(self.zone[0] + self.zone[4:])
        return moment.astimezone(timezone(timedelta(hours=hours, minutes=minutes)))


@dataclass(frozen=True, slots=True)
class Event:
    """An edition of a story is published; `edition` counts from 0."""

    story: Story
    edition: int


@dataclass(frozen=True, slots=True)
class Script:
    """All outlets, and what they publish one after another."""

    outlets: Mapping[str, Outlet]
    events: tuple[Event, ...]

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story, in the order of first publication."""
        return tuple(event.story for event in self.events if event.edition == 0)


def load() -> Script:
    """Read the script that comes along."""
    folder = files(__package__)
    tables = {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8"))
        for file in sorted((folder / "outlets").iterdir(), key=lambda file: file.name)
    }
    stories = {f"{key}/{row['key']}": row for key, table in tables.items() for row in table.get("story", ())}
    outlets = {key: _outlet(key, table, stories) for key, table in tables.items()}
    named = {f"{story.outlet}/{story.key}": story for outlet in outlets.values() for story in outlet.stories}
    order = tomllib.loads((folder / "script.toml").read_text(encoding="utf-8"))["order"].splitlines()
    events = tuple(
        Event(named[name], int(state == CORRECTED)) for name, _, state in (line.partition(" ") for line in order)
    )
    return Script(MappingProxyType(outlets), events)


def _outlet(key: str, table: dict[str, Any], every: Mapping[str, dict[str, Any]]) -> Outlet:
    said = _frozen(table)
    removed, text_source, rows = said.pop("removed"), said.pop("text_source", "page"), said.pop("story", ())
    outlet = Outlet(key=key, **said)
    return replace(outlet, stories=tuple(_story(outlet, row, every, removed, text_source) for row in rows))


def _frozen(table: dict[str, Any]) -> dict[str, Any]:
    """Return the table with tuples for lists, in tables within it too."""
    return {
        name: tuple(value) if isinstance(value, list) else _frozen(value) if isinstance(value, dict) else value
        for name, value in table.items()
    }


def _story(
    outlet: Outlet,
    row: dict[str, Any],
    every: Mapping[str, dict[str, Any]],
    removed: tuple[str, ...],
    text_source: str,
) -> Story:
    source = row.get("text_source", text_source)
    carried = source == "page" or outlet.whole
    remark = row.get("remark", "")
    first = Edition(title=row["title"], summary=row["summary"], paragraphs=_paragraphs(row, every), remark=remark)
    corrected = row.get("correction")
    return Story(
        outlet=outlet.key,
        key=row["key"],
        path=row["path"],
        author=row["author"],
        section=row["section"],
        editions=(first,) if corrected is None else (first, _corrected(first, corrected)),
        link=row.get("link", row["path"]),
        template=row.get("template", outlet.key),
        text_source=source,
        topics=tuple(row.get("topics", ())),
        mentions=tuple(row.get("mentions", ())),
        removed=tuple(filter(None, (*removed, remark))) if carried else (),
    )


def _paragraphs(row: dict[str, Any], every: Mapping[str, dict[str, Any]]) -> tuple[str, ...]:
    """Return the text by paragraphs; a copy is the agency's without some paragraphs (counted from 1) and sentences."""
    text: str = row["text"] if "copy" not in row else every[row["copy"]]["text"]
    for sentence in row.get("cut", ()):
        text = text.replace(f" {sentence}", "")
    left_out = row.get("without", ())
    return tuple(part for number, part in enumerate(text.strip().split("\n\n"), start=1) if number not in left_out)


def _corrected(first: Edition, table: dict[str, Any]) -> Edition:
    text = "\n\n".join(first.paragraphs)
    for wrong, right in table["replace"]:
        text = text.replace(wrong, right)
    return Edition(title=table["title"], summary=table["summary"], paragraphs=(*text.split("\n\n"), table["note"]))
