"""CDXJ: one line for each thing that can be asked for, sorted, beside each finished file.

Pages, feeds and revisits are found by their URL, as other tools look for them, and what is made from a feed's text by a
name of ours, `urn:newstap:ID`, since it is no capture of its page. A record's id stands in the line's JSON as well.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ingest.archive.reading import Stored, stored
from ingest.archive.surt import surt
from ingest.sources.http import parsed_response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".cdxj"
_WARC = ".warc.gz"
_MODE = 0o640


def index_of(file: Path) -> Path:
    """Return where the index of a file lies."""
    return file.with_name(file.name.removesuffix(_WARC) + SUFFIX)


def lines(file: Path, *, end: int | None = None) -> list[str]:
    """Return the lines of a file's index, sorted, without newlines; what is damaged is left out.

    Args:
        file: what is indexed.
        end: bytes of it that count; by default all.
    """
    return sorted(_lines(file, end))


def write(file: Path) -> None:
    """Write the index of a finished file, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    target = index_of(file)
    part = target.with_name(target.name + ".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(part, flags, _MODE), "w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines(file))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)


def _lines(file: Path, end: int | None) -> Iterator[str]:
    name: str | None = None
    for record in stored(file, end=end):
        if not isinstance(record, Stored):
            continue
        if record.kind == "metadata":
            name = record.record_id
            if record.told_kind == "entry" and name:
                yield _line(f"urn:newstap:{name}", record, file, "application/json", "-", name)
        elif record.kind == "response":
            yield _http(record, file, None, name)
        elif record.kind == "revisit":
            yield _http(record, file, "warc/revisit", None)


def _http(record: Stored, file: Path, mime: str | None, name: str | None) -> str:
    response = parsed_response(record.block)
    kind = "" if response is None else response.headers.get("content-type", "").partition(";")[0].strip().lower()
    status = "-" if response is None else str(response.status)
    return _line(surt(record.headers.get("warc-target-uri", "")), record, file, mime or kind or "unk", status, name)


def _line(key: str, record: Stored, file: Path, mime: str, status: str, name: str | None) -> str:  # noqa: PLR0917 - the columns of a line
    headers = record.headers
    moment = "".join(c for c in headers.get("warc-date", "")[:19] if c.isdigit())
    row = {
        "url": headers.get("warc-target-uri", ""),
        "mime": mime,
        "status": status,
        "digest": headers.get("warc-payload-digest") or headers.get("warc-block-digest", ""),
        "length": str(record.length),
        "offset": str(record.offset),
        "filename": file.name,
    }
    return f"{key} {moment} {json.dumps(row if name is None else {**row, 'id': name}, ensure_ascii=False)}"
