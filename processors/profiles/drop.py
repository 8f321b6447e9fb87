"""Takes out of an extracted text the lines that a site was seen to repeat, each with its receipt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from processors.base import Skip
from processors.boilerplate.lines import is_prose
from processors.profiles.lessons import RULE, key_of, site_of
from processors.profiles.verdicts import HEAD, MIDDLE, TAIL
from processors.records import Article, Page, Reason, Removal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from processors.profiles.snapshot import Snapshot
    from processors.profiles.verdicts import Known

NEAR_END = 3
"""Lines; so near to the end it is the tail, whatever stands below."""


class DropLearned:
    """A reader of pages around another one.

    Args:
        read: makes an article of a page.
        snapshot: the lines that go.
    """

    def __init__(self, read: Callable[[Page], Article], snapshot: Snapshot) -> None:
        self._read = read
        self._sites = snapshot.sites

    def __call__(self, page: Page) -> Article:
        """Return the article without what its site repeats.

        Raises:
            Skip: as the reader does; NO_TEXT where nothing else is left.
        """
        article = self._read(page)
        known = self._sites.get(site_of(article) or "")
        return _without(article, known) if known else article


def _without(article: Article, known: Mapping[str, Known]) -> Article:
    lines = article.text.split("\n")
    found = [known.get(key_of(line)) for line in lines]
    if not any(found):
        return article
    taken = [
        one if one and _is_at_home(one, zone) else None for one, zone in zip(found, _zones(lines, found), strict=True)
    ]
    kept = [line for line, one in zip(lines, taken, strict=True) if one is None]
    if not kept:
        raise Skip(Reason.NO_TEXT, "nothing but what the site repeats")
    removed = (_receipt(line, one) for line, one in zip(lines, taken, strict=True) if one is not None)
    return replace(article, text="\n".join(kept), removed=(*article.removed, *removed))


def _zones(lines: Sequence[str], found: Sequence[Known | None]) -> list[str]:
    """Return where each line stands, among the paragraphs that the article does not share with its site."""
    own = [i for i, line in enumerate(lines) if found[i] is None and is_prose(line)]
    first, last = (own[0], own[-1]) if own else (len(lines), -1)
    last = min(last, len(lines) - 1 - NEAR_END)
    return [TAIL if i > last else HEAD if i < first else MIDDLE for i in range(len(lines))]


def _is_at_home(known: Known, zone: str) -> bool:
    """Tell whether a line stands where it was seen; one seen among the paragraphs may stand anywhere."""
    return MIDDLE in known.zones or zone in known.zones


def _receipt(line: str, known: Known) -> Removal:
    since = None if known.since is None else datetime.fromtimestamp(known.since, UTC)
    return Removal(rule=RULE, text=line, seen=known.seen, since=since)
