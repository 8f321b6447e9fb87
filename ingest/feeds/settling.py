"""Which entries of a document are which."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.feeds.model import MAX_KEY
from processors.identity import untracked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.feeds.model import Entry


def key_of(guid: str | None, link: str | None, title: str, date: str | None) -> str:
    """Return the raw guid, else the link as published, else a hash of title and date; a very long one is hashed.

    Tracking parameters are left out of either: they tell one poll, or one feed of a site, from another.
    """
    raw = guid or link or _digest(f"{title}\n{date or ''}")
    key = untracked(raw) or raw
    return key if len(key) <= MAX_KEY else _digest(key)


def settled(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], int]:
    """Return the entries with each key once, the first one kept, and how many that left out.

    Where three or more entries with links of their own all share one guid, the guid is a mistake of the publisher's
    system and the links are the keys.
    """
    links = {entry.published_link for entry in entries}
    if len(entries) > 2 and len({entry.key for entry in entries}) == 1 and len(links - {None}) == len(entries):
        entries = [replace(entry, key=key_of(None, entry.published_link, "", None)) for entry in entries]
    kept: dict[str, Entry] = {}
    for entry in entries:
        kept.setdefault(entry.key, entry)
    return tuple(kept.values()), len(entries) - len(kept)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
