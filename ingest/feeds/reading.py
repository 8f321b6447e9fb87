"""feedparser's mapping for an entry, and for a feed, to ours."""

from __future__ import annotations

import math
from html import unescape
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

from ingest.feeds.links import absolute
from ingest.feeds.markup import is_markup, line, paragraphs, plain
from ingest.feeds.model import (
    MAX_CONTENT,
    MAX_DATE,
    MAX_LINK,
    MAX_NAME,
    MAX_NAMES,
    MAX_SUMMARY,
    MAX_TITLE,
    Entry,
)
from ingest.feeds.settling import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from time import struct_time

    from ingest.feeds.moments import Dates

_HTML: Final = {"text/html", "application/xhtml+xml", "html", "xhtml"}
_PERIODS: Final = {
    "hourly": 3_600,
    "daily": 86_400,
    "dayly": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
    "always": 3_600,
}
_LONGEST_PERIOD: Final = 31_536_000


class Base(NamedTuple):
    """What an entry's link, and the links in its content, are relative to."""

    link: str
    content: str


class Facts(TypedDict):
    """What a feed says of itself."""

    title: str
    link: str | None
    language: str | None
    ttl: int | None
    period: int | None


def feed_facts(said: Mapping[str, Any], url: str) -> Facts:
    """Return what the feed's head says."""
    return Facts(
        title=_title(said, "title")[:MAX_TITLE],
        link=absolute(_link(said), url),
        language=language(said.get("language")),
        ttl=minutes(said.get("ttl")),
        period=_period(said),
    )


def entry_of(said: Mapping[str, Any], version: str, base: Base, dates: Dates) -> Entry:
    """Return the entry."""
    atom = version.startswith("atom")
    guid = (_text(said, "id") or "").strip()
    published_link = (_link(said) or "").strip() or None
    link = absolute(published_link, base.link)
    if link is None and published_link is None:
        link = absolute(guid)  # a guid may stand in for a link, but only if it is one: `1559104147038` is not
    title = _title(said, "title")[:MAX_TITLE]
    published, updated = (_text(said, name, MAX_DATE) for name in ("published", "updated"))
    dated = published or (None if atom else updated)  # RSS 1.0 has one date, `dc:date`, which feedparser calls updated
    return Entry(
        key=key_of(guid, published_link, title, published or updated),
        link=link,
        published_link=None if published_link is None else published_link[:MAX_LINK],
        title=title,
        summary=_summary(said, atom=atom),
        content=_content(said, atom=atom),
        base=absolute(base.content),
        authors=_authors(said),
        published=dates.moment(dated, parsed=_parsed(said, "published" if published or atom else "updated")),
        updated=dates.moment(updated, parsed=_parsed(said, "updated")),
        published_raw=dated,
        updated_raw=updated,
        tags=names(plain(str(tag.get("label") or tag.get("term") or "")) for tag in said.get("tags") or ()),
        language=language(said.get("language") or (said.get("title_detail") or {}).get("language")),
    )


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Return names without repetitions, empty ones and URLs, none longer, and no more, than we keep."""
    kept = (line(value)[:MAX_NAME] for value in values)
    return tuple(dict.fromkeys(name for name in kept if name and "://" not in name))[:MAX_NAMES]


def language(tag: object) -> str | None:
    """Return a language tag as published, or None for what cannot be one (RFC 5646: at most 35 characters)."""
    found = tag.strip() if isinstance(tag, str) else ""
    return found if 2 <= len(found) <= 35 and found.isascii() else None


def _text(said: Mapping[str, Any], name: str, longest: int | None = None) -> str | None:
    """Return a text; `in`, because feedparser answers `get("updated")` with the date of publication."""
    if name not in said:
        return None
    value = said[name]
    text = value.strip() if isinstance(value, str) else ""
    return text[:longest] or None


def _parsed(said: Mapping[str, Any], name: str) -> struct_time | None:
    key = f"{name}_parsed"
    found: struct_time | None = said[key] if key in said else None  # noqa: SIM401 - as above: `get` answers for another
    return found


def _link(said: Mapping[str, Any]) -> str | None:
    """Return the link as published: the first alternate one, better one to HTML; never one made up from a guid."""
    links = [link for link in said.get("links") or () if link.get("rel") == "alternate" and link.get("href")]
    best = next((link for link in links if link.get("type") in _HTML), links[0] if links else None)
    return None if best is None else str(best["href"])


def _title(said: Mapping[str, Any], name: str) -> str:
    value = _text(said, name, MAX_CONTENT) or ""
    kind = (said.get(f"{name}_detail") or {}).get("type")
    return plain(value) if kind in _HTML or is_markup(value) else line(value)


def _content(said: Mapping[str, Any], *, atom: bool) -> str | None:
    """Return the longest content as HTML, else the description.

    An empty `content:encoded` beside a good description is common; plain text is content in Atom alone.
    """
    contents = [part for part in said.get("content") or () if str(part.get("value") or "").strip()]
    if not atom:
        contents = [part for part in contents if part.get("type") != "text/plain"]
    if contents:
        best = max(contents, key=lambda part: len(part["value"]))
        return _as_html(best["value"], best.get("type"), atom=atom)
    return _as_html(_text(said, "summary"), (said.get("summary_detail") or {}).get("type"), atom=atom)


def _as_html(value: str | None, kind: str | None, *, atom: bool) -> str | None:
    """Return the text as HTML; RSS does not say which it is, and feedparser calls what holds an `iframe` plain."""
    if not value:
        return None
    if atom:
        return (value if kind in _HTML else paragraphs(value))[:MAX_CONTENT]
    return (value if is_markup(value) else paragraphs(unescape(value)))[:MAX_CONTENT]


def _summary(said: Mapping[str, Any], *, atom: bool) -> str | None:
    """Return the description as plain text; without one feedparser repeats the content there, but without details."""
    detail = said.get("summary_detail")
    value = _text(said, "summary", MAX_CONTENT)
    if not detail or not value:
        return None
    markup = detail.get("type") in _HTML or (not atom and is_markup(value))
    return (plain(value) if markup else line(value))[:MAX_SUMMARY] or None


def _authors(said: Mapping[str, Any]) -> tuple[str, ...]:
    named = [str(author.get("name") or "") for author in said.get("authors") or ()]
    return names(plain(name) for name in named if "@" not in name)


def minutes(raw: object) -> int | None:
    """Return `<ttl>` in seconds; None for what is not a number of minutes above zero, or more than a year."""
    text = raw.strip() if isinstance(raw, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return None
    return int(text) * 60 or None


def _period(said: Mapping[str, Any]) -> int | None:
    """Return the seconds of `sy:updatePeriod` by `sy:updateFrequency`; None where the frequency is none."""
    unit = _PERIODS.get(str(said.get("sy_updateperiod") or "").strip().lower())
    try:
        frequency = float(said.get("sy_updatefrequency") or 1)
    except ValueError:
        return None
    if unit is None or not math.isfinite(frequency) or frequency <= 0:
        return None
    return max(1, min(round(unit / frequency), _LONGEST_PERIOD))
