"""Finds a document in an archive, by its URL or its record's id: in the indexes, where there is none in the file."""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.archive import index
from ingest.archive.files import files_of
from ingest.archive.surt import surt
from processors.identity import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """Where a document lies."""

    file: Path
    offset: int
    length: int
    moment: str
    """14 digits, UTC."""


def found(path: Path, wanted: str, *, end: int | None = None) -> list[Found]:
    """Return every place of a document, latest first.

    Args:
        path: the archive's folder.
        wanted: a record's id, or a URL: as it was fetched, or as the record has it.
        end: bytes of the last file that count; by default all.
    """
    files = files_of(path)
    last = max(files, default=0)
    places = {
        place
        for number, file in files.items()
        for place in _in_file(file, _names(wanted), end if number == last else None)
    }
    return sorted(places, key=lambda place: (place.moment, str(place.file), place.offset), reverse=True)


def _names(wanted: str) -> tuple[str, ...]:
    """Return what a line begins with, or holds, where it is about what is wanted."""
    if "://" not in wanted:
        return (f'"id": {json.dumps(wanted)}',)
    urls = dict.fromkeys((wanted, normalised(wanted) or wanted))
    keys = (f"{key} " for key in dict.fromkeys(map(surt, urls)))
    # What is made from a feed's text stands under a name of ours, and tells its link.
    return (*keys, *(f'"url": {json.dumps(url, ensure_ascii=False)}' for url in urls))


def _in_file(file: Path, names: tuple[str, ...], end: int | None) -> Iterator[Found]:
    beside = index.index_of(file)
    lines = _lines(beside, names) if beside.exists() else index.lines(file, end=end)
    for line in lines:
        _, moment, text = line.split(" ", 2)
        row = json.loads(text)
        is_about = any(line.startswith(name) or (name.startswith('"') and name in line) for name in names)
        if is_about and row["mime"] != "warc/revisit":
            yield Found(file, int(row["offset"]), int(row["length"]), moment)


def _lines(beside: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines that hold one of the names, without reading the others into memory."""
    if not beside.stat().st_size:
        return
    with beside.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for name in names:
            place = text.find(name.encode())
            while place >= 0:
                begin, after = text.rfind(b"\n", 0, place) + 1, text.find(b"\n", place)
                after = len(text) if after < 0 else after
                yield text[begin:after].decode()
                place = text.find(name.encode(), after)
