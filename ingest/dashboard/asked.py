"""What the filters of the live page ask for: a query string as `ingest.wanted` has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ingest.selection import Selection
from ingest.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("topic", "language", "site", "text")
_LONGEST = 200
"""Characters of one filter."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters, each as it was given; empty where it asks for nothing."""

    topic: str = ""
    language: str = ""
    site: str = ""
    text: str = ""

    @property
    def wanted(self) -> Wanted:
        """What a record is held against."""
        return Wanted(
            selection=Selection(topics=_one(self.topic), languages=_one(self.language.lower())),
            sites=_one(self.site.lower()),
            words=tuple(self.text.casefold().split()),
        )

    @property
    def query(self) -> str:
        """The filters as a query string."""
        return urlencode({name: value for name in NAMES if (value := getattr(self, name))})


def asked(query: Mapping[str, str]) -> Asked:
    """Return the filters of a query string; what is longer than any filter needs to be is cut."""
    return Asked(**{name: query.get(name, "").strip()[:_LONGEST] for name in NAMES})


def _one(word: str) -> tuple[str, ...]:
    return (word,) if word else ()
