"""One of each story: the first that is seen of it. Copies are left out; what is of no story stands for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sinks.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Iterable

    from processors.records import Record

_REMEMBERED = 200_000
"""Stories whose first one was seen; a story goes on for six days at most."""


class OneOfEach:
    """Remembers the stories that were seen, and which of them turned out to be one."""

    def __init__(self) -> None:
        self._stories = Stories(most=_REMEMBERED)
        self._seen: dict[str, None] = {}

    def takes(self, record: Record) -> bool:
        """Say whether a record is the first of its story, as far as was seen, or of none; and remember it."""
        story = self._stories.see(record.story)
        if record.dup is not None:
            return False
        return story is None or self._is_new(story)

    def newest(self, records: Iterable[tuple[bytes, Record]], most: int) -> list[tuple[bytes, Record]]:
        """Return the first of each of the newest stories, no more than so many, in the order they came.

        Args:
            records: the newest first. No more of them are read than it takes to meet so many stories and one more, so
                that the first of a story is the first among those.
            most: stories, and records without one.
        """
        found: dict[str, tuple[bytes, Record]] = {}
        for body, record in records if most else ():
            story = self._stories.see(record.story)
            if record.dup is not None:
                continue
            key = f"record {len(found)}" if story is None else story
            if key not in found and len(found) == most:
                break
            found.pop(key, None)  # an earlier one of the same story takes its place, and stands farther behind
            found[key] = body, record
        for _, record in found.values():
            self.takes(record)
        return [*reversed(found.values())]

    def _is_new(self, story: str) -> bool:
        if story in self._seen:
            return False
        self._seen[story] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True
