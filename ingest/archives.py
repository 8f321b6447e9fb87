"""`newstap archive`: a page as it was, and whether an archive is whole."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

from ingest import archived, state
from ingest.archive.checking import Checked
from ingest.archive.finding import found
from ingest.archive.getting import plain, stored_at

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.config import Config


def get(config: Config, wanted: str, *, path: Path | None, raw: bool, out: IO[bytes]) -> int:
    """Write a document as it was archived last; return 1 where there is none.

    Args:
        config: says where the archive lies.
        wanted: a record's id, or a URL.
        path: of another archive.
        raw: the whole answer as it was received, head and coding; else the page alone, codings undone.
        out: where to write.

    Raises:
        ArchiveError: there is no archive, or it is damaged at that place.
    """
    folder = _folder(config, path)
    places = found(folder, wanted, end=_end(config, folder))
    if not places:
        print(f"{folder}: nothing with the id or URL {wanted!r}", file=sys.stderr)  # noqa: T201 - the command's answer
        return 1
    place = places[0]
    record = stored_at(place.file, place.offset)
    out.write(record.block if raw else plain(record, f"{place.file}: at byte {place.offset}"))
    out.flush()
    others = f"; the latest of {len(places)}" if len(places) > 1 else ""
    print(f"{place.file}, byte {place.offset}, {place.moment} UTC{others}", file=sys.stderr)  # noqa: T201 - as above
    return 0


def verify(config: Config, path: Path | None) -> int:
    """Check a whole archive, and tell every problem; return 1 where there is one.

    Raises:
        ArchiveError: there is no archive.
    """
    folder = _folder(config, path)
    checked = Checked(folder, config, _end(config, folder))
    problems = 0
    for problem in checked.problems():
        problems += 1
        place = "" if problem.offset is None else f" at byte {problem.offset}:"
        print(f"{problem.file}:{place} {problem.what}", file=sys.stderr)  # noqa: T201 - the command's answer
    told = f"{checked.files} files, {checked.records} records, {checked.documents} documents"
    print(f"{folder}: {told}: {problems or 'no'} problem{'' if problems == 1 else 's'}")  # noqa: T201 - as above
    return 1 if problems else 0


def _folder(config: Config, path: Path | None) -> Path:
    folder = path if path is not None or config.archive is None else config.archive.path
    if folder is None:
        raise archived.ArchiveError("no archive: the configuration has no [archive]; name one with --archive DIR")
    if not folder.is_dir():
        raise archived.ArchiveError(f"{folder}: there is no archive")
    return folder


def _end(config: Config, folder: Path) -> int | None:
    """Return how many bytes of the file being written count, where that is the configured service's archive."""
    ours = config.archive is not None and config.archive.path.resolve() == folder.resolve()
    if not ours or not (config.state.path / state.FILE).exists():
        return None
    store = state.beside(config.state.path)
    try:
        with store.reading() as connection:
            return archived.place(connection).length or None
    finally:
        store.close()
