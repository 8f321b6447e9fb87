"""Which records are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from processors.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the filters ask for; each that is empty asks for nothing."""

    selection: Selection = EVERYTHING
    sites: tuple[str, ...] = ()
    """Parts of outlets' names, in lower case: one of them."""
    words: tuple[str, ...] = ()
    """Folded (`str.casefold`): each of them."""

    def __bool__(self) -> bool:
        return bool(self.selection or self.sites or self.words)

    def takes(self, record: Record) -> bool:
        """Say whether a record is asked for."""
        return self.selection.takes(record) and self._is_of(record) and self._says(record)

    def _is_of(self, record: Record) -> bool:
        name = (record.article.site or "").lower()
        return not self.sites or any(site in name for site in self.sites)

    def _says(self, record: Record) -> bool:
        if not self.words:
            return True
        article = record.article
        said = "\n".join((article.title, article.summary or "", article.text)).casefold()
        return all(word in said for word in self.words)
