"""A document out of an archive, without what it was wrapped in for the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.archive.files import FOLDER
from ingest.archive.reading import Stored, one
from ingest.archived import ArchiveError
from ingest.decoding import BodyError, decoded
from ingest.sources.http import parsed_response
from sinks.bodies import body_of

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT = 2**31
"""Bytes of a page without its coding."""


def stored_at(file: Path, offset: int) -> Stored:
    """Return the record at a place.

    Raises:
        ArchiveError: there is none, or it is damaged.
        OSError: the file cannot be read.
    """
    record = one(file, offset)
    if not isinstance(record, Stored):
        raise ArchiveError(f"{file}: at byte {offset}: damaged; newstap archive verify tells more")
    return record


def page_at(path: Path, name: str, offset: int) -> bytes:
    """Return the page that lies in a file of an archive.

    Args:
        path: the archive's folder.
        name: of the file, whatever path stands before it.
        offset: bytes from its start.

    Raises:
        ArchiveError: there is none, or it is damaged.
        OSError: the file cannot be read; archives forget their oldest files.
    """
    file = path / FOLDER / name.rpartition("/")[2]
    return plain(stored_at(file, offset), f"{file}: at byte {offset}")


def plain(record: Stored, where: str) -> bytes:
    """Return a page without head and codings.

    Raises:
        ArchiveError: it holds none; the text begins with `where`.
    """
    if record.kind == "metadata":
        try:
            return body_of(record.told["page"]["input"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArchiveError(f"{where}: metadata that hold no page: {error}") from error
    response = parsed_response(record.block)
    if response is None:
        raise ArchiveError(f"{where}: no HTTP response")
    try:
        return decoded(response.payload, response.headers.get("content-encoding", "").split(","), limit=_LIMIT)
    except BodyError as error:
        raise ArchiveError(f"{where}: {error}") from error
