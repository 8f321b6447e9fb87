"""For consumers who keep stories: which story an id stands for by now.

    stories = Stories()
    for message in reader:
        if message.record is not None:
            stories.see(message.record.story)
    stories.of(some_id)

An id that was published stays as it is; where two stories turn out to be one, a record says so (`story.merged`), and
whoever has followed those knows that both ids stand for the older one. In whatever order records come, and however
often, the same ones give the same answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processors.records import Story


class Stories:
    """Follows merges.

    Args:
        aliases: what `aliases` gave, to go on from.
        most: ids that are remembered; the first ones are forgotten. A story goes on for six days at most, and is taken
            in by another one in that time.

    Raises:
        ValueError: the aliases lead in a circle, so no instance has given them.
    """

    def __init__(self, aliases: Mapping[str, str] | None = None, *, most: int = 1_000_000) -> None:
        self._into: dict[str, str] = {}
        self._most = most
        for young, old in (aliases or {}).items():
            if self.of(old) == young:
                raise ValueError(f"the aliases lead in a circle: {young} into {old}")
            self._into[young] = old

    def see(self, story: Story | None) -> str | None:
        """Learn what a record says of stories; return the id of its own as `of` does, None where it has none."""
        if story is None:
            return None
        if story.merged is not None:
            self._merge(story.merged, story.id)
        return self.of(story.id)

    def of(self, story_id: str) -> str:
        """Return the id that a story goes by now: its own, unless another has taken it in."""
        while (older := self._into.get(story_id)) is not None:
            story_id = older
        return story_id

    @property
    def aliases(self) -> dict[str, str]:
        """Return each id that is another story's by now, with that story's."""
        return {young: self.of(young) for young in self._into}

    def _merge(self, young: str, old: str) -> None:
        young, old = self.of(young), self.of(old)
        if young == old:
            return
        self._into[young] = old
        while len(self._into) > self._most:
            del self._into[next(iter(self._into))]
