"""The kinds of plain value a key can take: each checks one, and says in words what it takes.

A kind's `label` is the type that the documentation shows. `read` returns the checked value or raises `WrongError`;
a kind that holds others reports what is wrong inside through its `Spot` and returns what is right.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingest.config.problems import Problem, WrongError, dotted, show

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 3_155_760_000
"""Seconds in a hundred years: longer waits overflow dates, and mean a slip of the keyboard."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Kind(Protocol):
    """What a key takes."""

    @property
    def label(self) -> str:
        """The type in words, for the documentation and for errors."""
        ...

    def read(self, value: object, spot: Spot) -> object:
        """Return the value checked and converted.

        Raises:
            WrongError: it is not of this kind.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where in the configuration a value stands, and what is needed to check it there."""

    source: str
    base: Path
    """The folder that relative paths start from."""
    env: Mapping[str, str]
    problems: list[Problem]
    """Shared by all spots of one reading; grows."""
    key: str = ""

    def inside(self, key: str) -> Spot:
        """Return the spot of a key in this table."""
        return replace(self, key=dotted(self.key, key))

    def item(self, index: int) -> Spot:
        """Return the spot of an item of this array."""
        return replace(self, key=f"{self.key}[{index}]")

    def report(self, what: str, right: str) -> None:
        """Note a problem here."""
        self.problems.append(Problem(source=self.source, key=self.key, what=what, right=right))

    def read(self, kind: Kind, value: object) -> object | None:
        """Return the value as its kind reads it, or None after reporting what is wrong."""
        try:
            return kind.read(value, self)
        except WrongError as wrong:
            self.report(wrong.what, wrong.right)
            return None


def string(value: object, right: str) -> str:
    """Return a value that is a string without control characters, and not empty.

    Raises:
        WrongError: it is something else.
    """
    if not isinstance(value, str):
        raise WrongError(f"{show(value)} is not a string", right)
    if not value.strip():
        raise WrongError("is empty", right)
    if CONTROL.search(value):
        raise WrongError(f"{show(value)} holds control characters", right)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string, perhaps one that fits a pattern as a whole."""

    pattern: str | None = None
    label: str = "string"
    right: str = "give a string in quotes"

    def read(self, value: object, spot: Spot) -> str:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        text = string(value, self.right)
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise WrongError(f"{show(text)} is not a {self.label}", self.right)
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def label(self) -> str:
        """See `Kind`."""
        *others, last = (f'"{word}"' for word in self.words)
        return f"{', '.join(others)} or {last}"

    def read(self, value: object, spot: Spot) -> str:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        if not isinstance(value, str) or value not in self.words:
            raise WrongError(f"{show(value)} is not one of the choices", f"give {self.label}")
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    label: str = "boolean"

    def read(self, value: object, spot: Spot) -> bool:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        if not isinstance(value, bool):
            raise WrongError(f"{show(value)} is not a boolean", "give true or false, without quotes")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """A length of time; fractions are welcome."""

    zero: bool = False
    """Whether none at all is a sensible time to wait."""

    @property
    def label(self) -> str:
        """See `Kind`."""
        return "number, 0 or more" if self.zero else "number above 0"

    def read(self, value: object, spot: Spot) -> float:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        right = f"give a {self.label}, in seconds, without quotes"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongError(f"{show(value)} is not a number", right)
        if not math.isfinite(value) or value < 0 or (value == 0 and not self.zero):
            raise WrongError(f"{show(value)} is out of range", right)
        if value > LONGEST:
            raise WrongError(f"{show(value)} is more than a hundred years", right)
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between bounds, perhaps with one special value outside of them."""

    low: int
    high: int
    special: int | None = None

    @property
    def label(self) -> str:
        """See `Kind`."""
        besides = "" if self.special is None else f"{self.special}, or "
        return f"{besides}whole number from {self.low:_} to {self.high:_}"

    def read(self, value: object, spot: Spot) -> int:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongError(f"{show(value)} is not a whole number", f"give {self._article()}, without quotes")
        if value != self.special and not self.low <= value <= self.high:
            raise WrongError(f"{show(value)} is out of range", f"give {self._article()}")
        return value

    def _article(self) -> str:
        return self.label if self.special is not None else f"a {self.label}"


MOST_PATH, MOST_NAME = 4_000, 255
"""Bytes of a path and of a name in it that Linux takes, with some room for what we put below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path. Relative ones start from the configuration file's folder, which `load` puts before them."""

    exists: bool = False
    """Whether there has to be something already."""

    @property
    def label(self) -> str:
        """See `Kind`."""
        return "path of something that exists" if self.exists else "path"

    def read(self, value: object, spot: Spot) -> Path:
        """See `Kind`."""
        text = string(value, "give a path in quotes")
        if text.startswith("~"):
            raise WrongError(f"{show(text)} starts with ~, which is not expanded here", "write the path in full")
        path = Path(text)
        if len(text.encode()) > MOST_PATH or any(len(part.encode()) > MOST_NAME for part in path.parts):
            raise WrongError(f"{show(text)} is longer than a path can be", "name another place")
        if self.exists and not (spot.base / path).exists():
            raise WrongError(f"there is no {show(str(spot.base / path))}", "name what exists, or create it first")
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """An array of one kind, without repetitions."""

    of: Kind

    @property
    def label(self) -> str:
        """See `Kind`."""
        return f"array of: {self.of.label}"

    def read(self, value: object, spot: Spot) -> tuple[object, ...]:
        """See `Kind`."""
        if not isinstance(value, list):
            raise WrongError(f"{show(value)} is not an array", f"give a list in brackets ({self.label})")
        found: list[object] = []
        for index, entry in enumerate(value):
            read = spot.item(index).read(self.of, entry)
            if read is None:  # it is reported, and nothing that others could compare
                continue
            if read in found:
                spot.item(index).report(f"{show(entry)} stands there twice", "name each once")
            found.append(read)
        return tuple(found)
