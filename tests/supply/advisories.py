"""Our own list of advisories (`advisories.toml`), held against versions without asking anybody."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.requirements import Requirement

FILE = Path(__file__).with_name("advisories.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One vulnerability of one library."""

    package: str
    vulnerable: SpecifierSet
    id: str
    published: str
    """Year and month."""
    what: str

    def __str__(self) -> str:
        """What is wrong, in a line."""
        return f"{self.package} {self.vulnerable}: {self.id} ({self.published}): {self.what}"


def listed(file: Path = FILE) -> tuple[Advisory, ...]:
    """Return the advisories of a list.

    Raises:
        KeyError, packaging.specifiers.InvalidSpecifier, tomllib.TOMLDecodeError: it is not as it should be.
    """
    rows = tomllib.loads(file.read_text("utf-8"))["advisory"]
    return tuple(
        Advisory(
            package=str(canonicalize_name(row["package"])),
            vulnerable=SpecifierSet(row["vulnerable"]),
            id=row["id"],
            published=row["published"],
            what=row["what"],
        )
        for row in rows
    )


def known(versions: Mapping[str, str], advisories: Iterable[Advisory]) -> list[Advisory]:
    """Return the advisories that versions fall under; names are canonical."""
    return [
        one
        for one in advisories
        if one.package in versions and one.vulnerable.contains(Version(versions[one.package]), prereleases=True)
    ]


def lowest(requirements: Iterable[Requirement]) -> dict[str, str]:
    """Return the oldest version that each requirement lets in, where it says one."""
    return {
        str(canonicalize_name(one.name)): bound.version
        for one in requirements
        for bound in one.specifier
        if bound.operator in {">=", "==", "~="}
    }
