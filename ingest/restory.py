"""`newstap replay … --restory`: the stories of records told anew in one order, so that the order they came in is none.

Online, an id depends on what had come before. Here all records are there: they are sorted by record time, id and
revision, and linked in that order; stories that turned out to be one have one id. The same records give the same bytes,
in whatever order and from however many folders they are read, and each id that was published is told what it is now.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.sources.opening import InputError
from processors.stories.linker import Linker, time_of
from sinks.codec import CodecError, decode_record
from sinks.files_marker import sync_folder
from sinks.files_reading import Line, opened, read_lines
from sinks.stories import Stories

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

log = logging.getLogger(__name__)

STORIES, ALIASES = "stories.jsonl", "aliases.jsonl"
DONE, STOPPED = 0, 1
_ALL = 1 << 62
"""Merges that are remembered."""
_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
CREATE TABLE record (
    id TEXT, n INTEGER, time INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (id, n)
);
CREATE TABLE linked (place INTEGER PRIMARY KEY, id TEXT, n INTEGER, story TEXT, copy_of TEXT);
CREATE TABLE told (
    story TEXT, as_merged INTEGER, id TEXT, n INTEGER, PRIMARY KEY (story, as_merged, id, n)
) WITHOUT ROWID;
"""
_PUT = """
INSERT INTO record (id, n, time, body) VALUES (?, ?, ?, ?) ON CONFLICT (id, n) DO UPDATE SET
    time = excluded.time, body = excluded.body WHERE excluded.body < record.body
"""
_ALIASES = """
SELECT told.story, as_merged, linked.story, count(*), min(place) AS place
FROM told JOIN linked USING (id, n) GROUP BY 1, 2, 3
ORDER BY told.story, as_merged, linked.story IS NULL, count(*) DESC, place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    inputs: tuple[str, ...]
    """Folders of files sinks, or of their records, and files of records."""
    to: Path


def restory(options: Options, stop: threading.Event) -> int:
    """Write the stories of records, and what the published ids stand for; return 0, or 1 if stopped before the end.

    Args:
        options: of the command line.
        stop: ends it early; nothing is written then.

    Raises:
        InputError: an input is not there, or a line of it is no record.
    """
    with (
        tempfile.TemporaryDirectory(prefix="newstap-restory-") as scratch,
        closing(sqlite3.connect(Path(scratch) / "records.sqlite", isolation_level=None)) as base,
    ):
        base.executescript(_SCHEMA)
        if not (_read(base, options.inputs, stop) and _link(base, stop)):
            log.warning("stopped; nothing was written")
            return STOPPED
        _write(options.to, STORIES, _stories(base))
        _write(options.to, ALIASES, _aliases(base))
        _tell(base, options.to)
    return DONE


def _read(base: sqlite3.Connection, inputs: Iterable[str], stop: threading.Event) -> bool:
    """Read all records; say whether we came to the end. Of two with one key, the one whose bytes are less counts."""
    base.execute("BEGIN")
    for line in (line for path in inputs for line in _lines(path)):
        if stop.is_set():
            return False
        try:
            record = decode_record(line.body)
        except CodecError as error:
            raise InputError(f"{line.path}, line {line.number}: no record: {error}") from error
        key = record.id, record.revision.n
        base.execute(_PUT, (*key, time_of(record) or 0, line.body))
        if (story := record.story) is not None:
            names = [(story.id, 0)] if story.merged is None else [(story.id, 0), (story.merged, 1)]
            base.executemany("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?)", [(*name, *key) for name in names])
    base.execute("COMMIT")
    return True


def _lines(given: str) -> Iterator[Line]:
    path = Path(given)
    if path.is_dir():
        inner = path / "records"
        first = None
        for first in read_lines(inner if inner.is_dir() else path):
            yield first
        if first is None:
            raise InputError(f"{path}: no records there; name the folder of a files sink")
        return
    try:
        with opened(path) as stream:
            for number, body in enumerate(stream, 1):
                yield Line(path, number, body.rstrip(b"\n"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error


def _link(base: sqlite3.Connection, stop: threading.Event) -> bool:
    """Give each record its story, in their one order; say whether we came to the end."""
    linker, stories = Linker(), Stories(most=_ALL)
    base.execute("BEGIN")
    for place, (body,) in enumerate(base.execute("SELECT body FROM record ORDER BY time, id, n")):
        if stop.is_set():
            return False
        record = decode_record(body)
        links = linker.link(record)
        linker.changes()
        found = stories.see(links.story), links.dup and links.dup.copy_of
        base.execute("INSERT INTO linked VALUES (?, ?, ?, ?, ?)", (place, record.id, record.revision.n, *found))
    base.execute("CREATE INDEX by_story ON linked (story)")
    base.execute("CREATE INDEX by_record ON linked (id, n)")
    base.executemany(
        "UPDATE linked SET story = ? WHERE story = ?", [(old, one) for one, old in stories.aliases.items()]
    )
    base.execute("COMMIT")
    return True


def _stories(base: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for record_id, n, story, copy_of in base.execute("SELECT id, n, story, copy_of FROM linked ORDER BY place"):
        yield {"id": record_id, "revision": n, "story": story, "copy_of": copy_of}


def _aliases(base: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Yield each id that was published with the story that most of its records are of now, of equal ones the first.

    One that is only known from the record that showed its story to be another one goes with that record.
    """
    for published, rows in groupby(base.execute(_ALIASES), key=lambda row: row[0]):
        found = list(rows)
        own = [row for row in found if not row[1]]
        yield {
            "published": published,
            "story": found[0][2],
            "records": own[0][3] if own else 0,
            "of": sum(row[3] for row in own),
        }


def _write(folder: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Put a file in place as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(folder / name)
    sync_folder(folder)


def _tell(base: sqlite3.Connection, folder: Path) -> None:
    records, stories = base.execute("SELECT count(*), count(DISTINCT story) FROM linked").fetchone()
    published = base.execute("SELECT count(DISTINCT story) FROM told").fetchone()[0]
    log.info("%d records in %d stories, %d ids published: %s", records, stories, published, folder)
