"""`newstap schema`: the descriptions of what newstap writes, for the programs that read it."""

from __future__ import annotations

import json
import sys
from importlib import resources
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_ENDING = ".json"


def show(name: str | None, out: IO[str] = sys.stdout) -> int:
    """Print the names of all, or one of them; return 2 for one that is not there."""
    shipped = _shipped()
    if name is None:
        for one, file in shipped.items():
            out.write(f"{one:16} {_title(file)}\n")
        return 0
    if name not in shipped:
        sys.stderr.write(f"no schema {name!r}; there are {', '.join(shipped)}\n")
        return 2
    out.write(shipped[name].read_text("utf-8"))
    return 0


def _shipped() -> dict[str, Traversable]:
    """Return the files by the names that they are asked for with, in the order of these."""
    files = (resources.files("sinks") / "schemas").iterdir()
    return {file.name.removesuffix(_ENDING): file for file in sorted(files, key=_name) if file.name.endswith(_ENDING)}


def _name(file: Traversable) -> str:
    return file.name


def _title(file: Traversable) -> str:
    """Return what a JSON Schema, or the information of an AsyncAPI document, is called."""
    content = json.loads(file.read_text("utf-8"))
    return str(content.get("title") or content["info"]["title"])
