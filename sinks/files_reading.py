"""Reading back what a files sink wrote: whole lines, in order, compressed or not, while it is being written too."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACTIVE = "active.jsonl"
STONE = b'{"retracted":true,"id":"'
"""How a line begins that stands where a record was taken out (`sinks.files_redaction`)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a files sink, and where it stands."""

    path: Path
    number: int
    """From 1."""
    body: bytes = field(repr=False)
    """JSON, without the newline."""


def read_lines(folder: Path, *, stones: bool = False) -> Iterator[Line]:
    """Yield the lines of one folder of a files sink (`records`, `dead-letters`, `skipped`), oldest first.

    A file that is finished under its final name meanwhile is read once; a line that is not whole yet is left out,
    and so is, but for `stones`, what stands where lines were taken out.
    """
    finished = sorted(path for path in folder.glob("*.jsonl*") if path.name != ACTIVE and path.suffix != ".part")
    for path in [*finished, folder / ACTIVE]:
        try:
            stream = opened(path)
        except FileNotFoundError:
            continue  # no active file, or just renamed: the next reading has it
        with stream:
            for number, line in enumerate(stream, 1):
                if line.endswith(b"\n") and (stones or not line.startswith(STONE)):
                    yield Line(path, number, line[:-1])


def opened(path: Path) -> IO[bytes]:
    """Open a file of a files sink: what it holds is read as if it were not compressed. OSError where it cannot be."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True))
    return path.open("rb")
