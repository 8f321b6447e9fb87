"""Topic definitions that change while a service runs: newer ones replace those in use only once they are proved.

A service asks `WatchedTopics.newer` every few seconds, or after a signal, and on an answer starts its workers anew
from `WatchedTopics.recipe`. What it has holds until then, and a broken definition is told once for each time that the
files change.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.recipe import Recipe, loaded, topics_of
from processors.topics.definitions import TopicsError
from processors.topics.tag import run_examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from processors.topics.definitions import Topics

Stamp = tuple[tuple[str, int, int, int], ...]


class WatchedTopics:
    """The definitions in use, and the files they came from.

    Args:
        recipe: what the first workers are built from.

    Raises:
        TopicsError: a definition is wrong, or a topic unknown.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._stamp = _stamp(recipe.config.topics.paths)
        self.recipe = replace(recipe, definitions=topics_of(recipe))

    @property
    def topics(self) -> Topics:
        """The definitions in use; `topics.digest` names them in logs and records."""
        return topics_of(self.recipe)

    def newer(self) -> Topics | None:
        """Return newer definitions, in use from now on; None where the files have not changed, or say the same.

        Costs one `stat` of each file where none has changed, and seconds for a thousand topics where one has.

        Raises:
            TopicsError: they are broken, or an example fails; those in use stay. Raised once for each change.
        """
        stamp = _stamp(self.recipe.config.topics.paths)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        found = reloaded(self.topics, self.recipe)
        if found is not None:
            self.recipe = replace(self.recipe, definitions=found)
        return found


def reloaded(current: Topics, recipe: Recipe) -> Topics | None:
    """Return what the files say now, tried with the examples of each definition that differs; None where none does.

    Raises:
        TopicsError: see `WatchedTopics.newer`.
    """
    found = loaded(recipe)
    if found.digest == current.digest:
        return None
    differing = {topic.name: topic.source for topic in found.topics if topic not in current.topics}
    problems = [
        f"{differing[failure.topic]}: examples: {failure}; mend the phrases or the example"
        for failure in run_examples(found)
        if failure.topic in differing
    ]
    if problems:
        raise TopicsError(problems)
    return found


def _stamp(paths: Iterable[Path]) -> Stamp:
    """Return what tells files from changed ones: name, inode, size and time of change; a missing one is left out."""
    return tuple(sorted(_marks(paths)))


def _marks(paths: Iterable[Path]) -> Iterator[tuple[str, int, int, int]]:
    for path in paths:
        for file in path.glob("*.toml") if path.is_dir() else (path,):
            try:
                state = file.stat()
            except OSError:
                continue
            yield str(file), state.st_ino, state.st_size, state.st_mtime_ns
