"""What a worker process is given, as plain values; imports nothing heavy, since the parent process needs it too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from processors.topics import definitions

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.config import Config
    from processors.boilerplate.files import RuleFiles

READY = b""
"""A worker's first message when it can take pages; any other is the text of why it cannot."""
RETIRED = b""
"""A worker's last message when it ends because it is due to; no outcome is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that records depend on, beside the page itself."""

    config: Config
    topics: tuple[str, ...] | None = None
    """Overrides what the configuration enables; empty for every topic there is."""
    definitions: definitions.Topics | None = None
    """Topics already loaded: a worker that starts later has the same ones, whatever has become of the files."""
    rules: RuleFiles | None = field(default=None, repr=False)
    """Boilerplate rules already read, for the same reason; None for what the files say when a worker starts."""
    profiles: str = field(default="", repr=False)
    """The snapshot of what was learned about sites; see `processors.profiles.snapshot`."""
    knowledge: Path | None = None
    """Where that is kept which a page's `as_of` names."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker may take."""

    seconds: float
    """Wall time for one page."""
    memory_mb: int
    """Address space beyond what the worker has when it starts."""
    pages: int
    """After so many it ends and is replaced."""


def topics_of(recipe: Recipe) -> definitions.Topics:
    """Return the topics that are looked for: those the recipe holds, else what the files say now.

    Raises:
        TopicsError: a definition is wrong, or a topic unknown.
    """
    return recipe.definitions or loaded(recipe)


def loaded(recipe: Recipe) -> definitions.Topics:
    """Return what the files say now; raises `TopicsError` as above."""
    enabled = recipe.config.topics.enabled if recipe.topics is None else recipe.topics or None
    return definitions.load(enabled, recipe.config.topics.paths)
