"""What a topic definition says, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a phrase means for its topic; the names of the tables in a definition file."""

    PRIMARY = "primary"
    """Names the subject: country, demonym, capital, leader."""
    SECONDARY = "secondary"
    """Belongs to the subject (city, company, agency): adds to other phrases; alone only where it stands out."""
    CONTEXT = "context"
    """Weak: adds a little to other phrases, never counts alone."""
    NEEDS_SUPPORT = "needs_support"
    """Ambiguous (an acronym, say): counts as secondary where an unambiguous phrase of the topic also stands."""
    NOT = "not"
    """A blocked phrase: what stands inside it does not count."""


STRENGTH = {Kind.PRIMARY: 1.0, Kind.SECONDARY: 0.7, Kind.NEEDS_SUPPORT: 0.7, Kind.CONTEXT: 0.2, Kind.NOT: 0.0}
"""What a hit of each kind adds, relative to a primary one. Set by hand: few labelled texts hang on a secondary one."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One alias of a topic."""

    text: str
    kind: Kind
    stem: bool = False
    """Written with a trailing `*`: the word may go on."""
    only: str | None = None
    """The one language in whose texts a Latin-script phrase counts; None: in every text."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text that must, or must not, get the topic."""

    text: str
    must: bool
    title: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """One definition, its policies already applied."""

    name: str
    about: str
    country: str | None
    """ISO 3166 alpha-2 code; mentions of other countries then compete with the topic."""
    threshold: float
    phrases: tuple[Phrase, ...] = field(repr=False)
    examples: tuple[Example, ...] = field(default=(), repr=False)
    source: str = field(default="", compare=False)
    """The file it came from."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The definitions in use; `load` makes them."""

    topics: tuple[Topic, ...]
    countries: tuple[tuple[str, tuple[Phrase, ...]], ...] = field(repr=False)
    """Names of countries by ISO code, for those that no topic in use stands for."""
    digest: str
    """16 hex digits; changes with everything that changes a tag, and with nothing else."""

    @property
    def names(self) -> tuple[str, ...]:
        """The topics' names, sorted."""
        return tuple(topic.name for topic in self.topics)
