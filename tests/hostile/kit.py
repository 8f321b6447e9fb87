"""A kit: a folder with `index.jsonl`, the files it names, and a `gen.py` that writes the large ones."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = {"feed": "feed", "sitemap": "feed", "page": "page", "body": "body", "json": "record", "record": "record"}
"""What gen.py's names begin with, and the kind that this tells."""
_LIMITED = "size/time-limit error"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a kit."""

    file: str
    """Its path in the kit."""
    kind: str
    """feed, page, warc, record, config, urls, http-response, or (no line of the index, a name of gen.py) body."""
    expected: str
    """accepted, truncated or rejected-with-error; "" where the index does not say."""
    note: str
    either_ok: bool
    """Accepting and rejecting are both right."""
    path: Path
    """Where its bytes lie."""

    @property
    def may_be_limited(self) -> bool:
        """An error that names a limit of size or time is right too."""
        return _LIMITED in self.note


def kit(folder: Path, made: Path, *, kinds: frozenset[str] | None = None, large: bool = True) -> list[Input]:
    """Return the inputs of a kit, those of gen.py that the index leaves out among them.

    Args:
        folder: the kit.
        made: an empty folder for what gen.py writes.
        kinds: the only kinds that are wanted; None for all.
        large: whether gen.py is run at all.
    """
    rows = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
    inputs = [_input(row, folder, made) for row in rows]
    told = {one.file for one in inputs}
    lists = sorted((folder / "urls").glob("*.jsonl"))
    inputs += [_list(path) for path in lists if f"urls/{path.name}" not in told]
    if large:
        subprocess.run([sys.executable, str(folder / "gen.py"), str(made)], check=True, timeout=300)
        inputs += [_unlisted(path) for path in sorted(made.iterdir()) if f"gen/{path.name}" not in told]
    return [one for one in inputs if (kinds is None or one.kind in kinds) and (large or one.path.parent != made)]


def _input(row: dict[str, object], folder: Path, made: Path) -> Input:
    name = str(row["file"])
    path = made / name.removeprefix("gen/") if name.startswith("gen/") else folder / name
    kind, expected, note = (str(row.get(key, "")) for key in ("kind", "expected", "note"))
    return Input(name, kind, expected, note, bool(row["either_ok"]), path)


def _list(path: Path) -> Input:
    return Input(f"urls/{path.name}", "urls", "rejected-with-error", "", either_ok=False, path=path)


def _unlisted(path: Path) -> Input:
    kind = "urls" if path.name.startswith("url_") else _KINDS.get(re.split(r"[_.]", path.name)[0], "record")
    return Input(f"gen/{path.name}", kind, "", _LIMITED, either_ok=True, path=path)
