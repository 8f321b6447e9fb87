"""What a sink really holds: every record by its key, how often, and what cannot be read."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from processors.records import Step
from sinks.base import Kind
from sinks.files import FOLDERS
from sinks.files_reading import ACTIVE, STONE, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.audit.books import Key
    from ingest.progress import Counting

REFUSED = "refused"


@dataclass(slots=True)
class Holdings:
    """What was found."""

    records: Counter[Key] = field(default_factory=Counter)
    topics: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    counts: Counter[Kind] = field(default_factory=Counter)
    refused: set[Key] = field(default_factory=set)
    """Records that a sink refused, by the dead letters about them."""
    problems: list[str] = field(default_factory=list)

    def record(self, body: bytes, where: str, *, topics: bool = False) -> None:
        """Take in one record."""
        row = _object(body)
        key = None if row is None else _key(row)
        if row is None or key is None:
            self.problems.append(f"{where}: not a record")
            return
        self.counts[Kind.RECORD] += 1
        self.records[key] += 1
        if topics:
            self.topics[key] = tuple(tag["topic"] for tag in row.get("topics") or ())

    def letter(self, body: bytes, where: str, sink: str) -> None:
        """Take in one dead letter."""
        row = _object(body)
        if row is None or "step" not in row:
            self.problems.append(f"{where}: not a dead letter")
            return
        self.counts[Kind.DEAD_LETTER] += 1
        if row["step"] == Step.DELIVER and (key := _refused(str(row.get("error")), sink)) is not None:
            self.refused.add(key)

    def skip(self, body: bytes, where: str) -> None:
        """Take in one skipped document."""
        if (row := _object(body)) is None or "reason" not in row:
            self.problems.append(f"{where}: not a skipped document")
            return
        self.counts[Kind.SKIPPED] += 1


def of_files(folder: Path, active: dict[str, int], finished: dict[str, int], count: Counting) -> Holdings:
    """Return what a files sink's folder holds.

    Args:
        folder: with `records/`, `skipped/`, `dead-letters/`.
        active: bytes that each active file was committed at.
        finished: how many files of each kind were finished.
        count: told of each line.
    """
    held = Holdings()
    for kind, name in FOLDERS.items():
        held.problems += _files(folder / name, active.get(kind, 0), finished.get(kind, 0))
        for line in count.over(read_lines(folder / name, stones=True)):
            where = f"{line.path}, line {line.number}"
            if line.body.startswith(STONE):
                held.counts[kind] += 1
            elif kind is Kind.RECORD:
                held.record(line.body, where)
            elif kind is Kind.SKIPPED:
                held.skip(line.body, where)
            else:
                held.letter(line.body, where, "files")
    return held


def _files(folder: Path, active: int, finished: int) -> Iterator[str]:
    """Tell of files that are not there, or not whole."""
    there = sorted(path for path in folder.glob("part-*") if path.suffix != ".part")
    numbers = {int(path.name.split("-")[1].partition(".")[0]) for path in there}
    if missing := [number for number in range(1, finished + 1) if number not in numbers]:
        yield f"{folder}: part-{missing[0]:06d} is missing" + (f", and {len(missing) - 1} more" if missing[1:] else "")
    for path in there:
        if path.suffix == ".jsonl" and path.stat().st_size and not _ends_whole(path):
            yield f"{path}: truncated: its last line is not whole"
    if finished not in numbers or finished + 1 not in numbers:  # else it was just finished, and its bytes are elsewhere
        size = (folder / ACTIVE).stat().st_size if (folder / ACTIVE).exists() else 0
        if size < active and finished + 1 not in numbers:
            yield f"{folder / ACTIVE}: truncated: {size} bytes, but {active} were delivered"


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) == b"\n"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(body)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _key(row: dict[str, Any]) -> Key | None:
    revision = row.get("revision")
    number = revision.get("n") if isinstance(revision, dict) else None
    key = row.get("id")
    return (key, number) if isinstance(key, str) and isinstance(number, int) else None


def _refused(error: str, sink: str) -> Key | None:
    """Return the record that a dead letter of delivery is about: `SINK: ID/N: why`."""
    name, _, rest = error.partition(": ")
    key, _, number = rest.partition(":")[0].rpartition("/")
    return (key, int(number)) if name == sink and number.isdigit() else None
