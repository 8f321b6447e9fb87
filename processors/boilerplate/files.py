"""Rule files as they stand: what rules are built from, and what their digest names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

_ENGINE = b"2"
"""Part of the digest: raised when the code takes other lines than before by the same data."""


@dataclass(frozen=True)
class RuleFiles:
    """The texts of rule files, the user's own first."""

    own: int
    """How many are the user's own; only those are checked against themselves."""
    texts: tuple[tuple[str, str], ...]
    """Name and content of each."""
    problems: tuple[str, ...] = ()
    """Why others could not be read."""

    @classmethod
    def read(cls, paths: Sequence[Path] = ()) -> RuleFiles:
        """Read the user's files and the package's. What cannot be read is among the problems."""
        package = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
        sources: list[tuple[str, Path | Traversable]] = [(str(path), path) for path in paths]
        sources += [(file.name, file) for file in package if file.name.endswith(".toml")]
        texts: list[tuple[str, str]] = []
        problems: list[str] = []
        for name, source in sources:
            try:
                texts.append((name, source.read_text(encoding="utf-8")))
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{name}: cannot be read: {error}; it must be a TOML file in UTF-8")
        return cls(len(paths) - len(problems), tuple(texts), tuple(problems))

    @classmethod
    def from_json(cls, text: str) -> RuleFiles:
        """Read what `to_json` wrote."""
        row = json.loads(text)
        return cls(int(row["own"]), tuple((name, content) for name, content in row["files"]))

    def to_json(self) -> str:
        """Return all of it as text; of the names of the user's files without their folders."""
        names = [name.rpartition("/")[2] for name, _ in self.texts]
        contents = [content for _, content in self.texts]
        return json.dumps({"own": self.own, "files": list(zip(names, contents, strict=True))}, ensure_ascii=False)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits, what records name the rules by."""
        digest = hashlib.sha256(_ENGINE)
        for _, text in self.texts:
            digest.update(text.encode())
        return digest.hexdigest()[:16]
