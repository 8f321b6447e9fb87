"""How a table of the file becomes a dataclass: its annotated fields are the keys, their defaults the defaults.

A key is a field annotated `Annotated[type, Kind, "meaning"]`; fields without a kind are none of the file's business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from ingest.config.problems import WrongError, nearest, show, suggestion

if TYPE_CHECKING:
    from ingest.config.kinds import Kind, Spot


class Clash(NamedTuple):
    """Values that are right each for itself, but not together."""

    keys: tuple[str, ...]
    """The keys involved, the one to be named first."""
    what: str
    right: str


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the file. Subclasses have a default for every key that is not required."""

    def clashes(self) -> Iterator[Clash]:
        """Tell what cannot be meant together: an error."""
        return iter(())

    def identity(self) -> tuple[str, object] | None:
        """Return the key and value that no two tables of an array may share, if there is one."""
        return None

    def cautions(self) -> Iterator[Clash]:
        """Tell what is legal but probably not meant: a warning."""
        return iter(())


class Key(NamedTuple):
    """One key that a table takes."""

    name: str
    kind: Kind
    meaning: str
    default: object
    required: bool


def keys_of(section: type[Section]) -> Mapping[str, Key]:
    """Return the keys that a table takes, in the order they are documented in."""
    return _keys_of(section)  # type: ignore[arg-type]  # mypy takes the hash of instances for that of their class


@cache
def _keys_of(section: type[Section]) -> Mapping[str, Key]:
    hints = get_type_hints(section, include_extras=True)
    found: dict[str, Key] = {}
    for field in dataclasses.fields(section):
        if metadata := getattr(hints[field.name], "__metadata__", ()):
            kind, meaning = metadata
            made = None if field.default_factory is dataclasses.MISSING else field.default_factory()
            plain = None if field.default is dataclasses.MISSING else field.default
            required = field.default is field.default_factory is dataclasses.MISSING
            found[field.name] = Key(field.name, kind, meaning, plain if made is None else made, required)
    return found


@dataclass(frozen=True, slots=True)
class Table:
    """A table that one section describes."""

    section: type[Section]
    label: str = "table"

    def read(self, value: object, spot: Spot) -> Section | None:
        """Return the section; None where a required key is missing or wrong, which is reported.

        Raises:
            WrongError: the value is not a table.
        """
        if not isinstance(value, dict):
            heading = f"[[{spot.key.partition('[')[0]}]]" if "[" in spot.key else f"[{spot.key}]"
            raise WrongError(f"{show(value)} is not a table", f"write {heading} on a line of its own, its keys below")
        keys = keys_of(self.section)
        values: dict[str, Any] = {}
        failed: set[str] = set()
        for name, given in value.items():
            here = spot.inside(name)
            if name not in keys:
                here.report("unknown key", suggestion(name, keys))
                failed.update(nearest(name, keys))
            elif (read := here.read(keys[name].kind, given)) is None:
                failed.add(name)
            else:
                values[name] = read
        lacking = [name for name, key in keys.items() if key.required and name not in values]
        for name in [name for name in lacking if name not in failed]:
            spot.inside(name).report("is missing", f"give a value: {keys[name].kind.label}")
        if lacking:
            return None
        section = self.section(**values)
        _report_clashes(section, failed, spot)
        return section


def _report_clashes(section: Section, failed: set[str], spot: Spot) -> None:
    """Report what does not go together, but not where a key involved was wrong by itself and holds its default."""
    for clash in section.clashes():
        if failed.isdisjoint(clash.keys):
            spot.inside(clash.keys[0]).report(clash.what, clash.right)


@dataclass(frozen=True, slots=True)
class Tables:
    """An array of tables that one section describes."""

    section: type[Section]
    label: str = "array of tables"

    def read(self, value: object, spot: Spot) -> tuple[Section, ...]:
        """Return the sections that could be read; the problems of the others are reported.

        Raises:
            WrongError: the value is not an array.
        """
        if not isinstance(value, list):
            raise WrongError(f"{show(value)} is not an array of tables", f"write [[{spot.key}]] before each one")
        found: list[Section] = []
        seen: dict[object, int] = {}
        for index, entry in enumerate(value):
            section = spot.item(index).read(Table(self.section), entry)
            if isinstance(section, Section):
                found.append(section)
                _report_repetition(section, index, seen, spot)
        return tuple(found)


def _report_repetition(section: Section, index: int, seen: dict[object, int], spot: Spot) -> None:
    if (identity := section.identity()) is None:
        return
    key, value = identity
    if (first := seen.setdefault(value, index)) != index:
        spot.item(index).inside(key).report(f"is the same as in {spot.item(first).key}", "name each once")


def sections_in(section: Section, path: str = "") -> Iterator[tuple[str, Section]]:
    """Walk over a section and all those within it, each with its path in the file."""
    yield path, section
    for name in keys_of(type(section)):
        value = getattr(section, name)
        here = f"{path}.{name}" if path else name
        if isinstance(value, Section):
            yield from sections_in(value, here)
        elif isinstance(value, tuple):
            for index, entry in enumerate(value):
                if isinstance(entry, Section):
                    yield from sections_in(entry, f"{here}[{index}]")
