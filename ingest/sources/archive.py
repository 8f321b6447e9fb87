"""Archived files as a source: text, HTML, JSON, JSON Lines, WARC and ARC, directories of them, and standard input."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ingest.sources.arc import read_arc
from ingest.sources.base import Entry, Mark, Position, SourceError
from ingest.sources.lines import read_lines, read_whole, unreadable
from ingest.sources.opening import STDIN, Layout, gunzipped, layout_of, sniffed, unpacked
from ingest.sources.warc import read_warc

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from ingest.sources.lines import Read
    from sinks.store import Store

SCHEMA = """
CREATE TABLE file (
    path TEXT PRIMARY KEY, identity TEXT NOT NULL,
    ordinal INTEGER NOT NULL, offset INTEGER NOT NULL, member INTEGER NOT NULL, start INTEGER NOT NULL,
    ended INTEGER NOT NULL, done INTEGER NOT NULL
) WITHOUT ROWID;
"""

MAX_LINE = 32_000_000
"""Bytes of one line of JSON; a page of the default limit fits into it however it is escaped."""
_HEAD = 65_536
_CLOSED = "unreadable"
"""Identity of a file that could not even be opened."""


@dataclass(frozen=True, slots=True)
class _Progress:
    position: Position
    done: bool


class ArchiveSource:
    """Reads archived files in order, each from where the job left it.

    Args:
        files: as `ingest.sources.opening.discovered` found them.
        store: with `SCHEMA` among its migrations.
        max_page_bytes: of a decoded page.
        stdin: what `-` means.
    """

    name = "archive"

    def __init__(self, files: Sequence[str], store: Store, *, max_page_bytes: int, stdin: IO[bytes]) -> None:
        self.files = tuple(files)
        self._store = store
        self._limit = max_page_bytes
        self._stdin = stdin
        self._identities: dict[str, str] = {}
        self._total = 0 if STDIN in files else sum(_size(Path(file)) for file in files)
        self._passed = 0
        self._stream: IO[bytes] | None = None

    def entries(self) -> Iterator[Entry[Mark]]:
        """Yield what is left of each file.

        Raises:
            SourceError: a file that was begun or read before is not the same any more.
        """
        for file in self.files:
            if file == STDIN:
                yield from self._standard_input()
            else:
                yield from self._file(file)

    def commit(self, connection: sqlite3.Connection, marks: Sequence[Mark]) -> None:
        """Save each file's last mark."""
        last = {mark.file: mark for mark in marks}
        connection.executemany(
            "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(mark.file, self._identities[mark.file], *astuple(mark.position), mark.done) for mark in last.values()],
        )

    def done(self, marks: Sequence[Mark]) -> None:
        """Nothing more is to be done than was committed."""

    def progress(self) -> tuple[int, int]:
        """Return the bytes read and the bytes of all files together (0: standard input is among them)."""
        here = self._stream.tell() if self._stream is not None and not self._stream.closed else 0
        return self._passed + here, self._total

    def _file(self, file: str) -> Iterator[Entry[Mark]]:
        path, name = Path(file), _writable(file)
        key = _writable(os.path.realpath(path))  # `resolve` raises where links lead in circles
        try:
            identity = _identity(path)
        except OSError as error:
            if not self._resumed(key, name, _CLOSED).done:
                yield from self._marked(key, iter([(unreadable(name, 0, error), Position(1, ended=True))]), Position())
            return
        before = self._resumed(key, name, identity)
        if before.done:
            self._passed += _size(path)
        else:
            yield from self._marked(key, self._read(path, name, before.position), before.position)

    def _read(self, path: Path, name: str, start: Position) -> Iterator[Read]:
        layout = layout_of(path.name)
        with path.open("rb", buffering=1 << 20) as raw:
            self._stream = raw
            if layout in {Layout.WARC, Layout.ARC}:
                read = read_warc if layout is Layout.WARC else read_arc
                yield from read(raw, name, start, max_bytes=self._limit)
            else:
                yield from self._read_stream(unpacked(raw, path.name), name, layout or Layout.TEXT, start)
            self._passed += raw.seek(0, io.SEEK_END)
            self._stream = None

    def _read_stream(self, stream: IO[bytes], name: str, layout: Layout, start: Position) -> Iterator[Read]:
        if layout is Layout.LINES:
            yield from read_lines(stream, name, start, max_bytes=MAX_LINE)
        else:
            limit = MAX_LINE if layout is Layout.JSON else self._limit
            yield from read_whole(stream, name, layout, start, max_bytes=limit)

    def _standard_input(self) -> Iterator[Entry[Mark]]:
        stream, head = _peeked(self._stdin)
        before = self._resumed(STDIN, "standard input", hashlib.sha256(head).hexdigest())
        if not before.done:
            yield from self._marked(STDIN, self._piped(stream, head, before.position), before.position)

    def _piped(self, stream: IO[bytes], head: bytes, start: Position) -> Iterator[Read]:
        layout, packed = sniffed(head)
        if layout in {Layout.WARC, Layout.ARC}:
            # Their readers go back to where damage began, which a pipe cannot.
            with tempfile.NamedTemporaryFile(prefix="newstap-stdin-", suffix=f".{layout}") as spooled:
                shutil.copyfileobj(stream, spooled, 1 << 20)
                spooled.flush()
                yield from self._read(Path(spooled.name), STDIN, start)
        else:
            plain = gunzipped(stream) if packed else stream
            yield from self._read_stream(plain, STDIN, layout, start)

    def _resumed(self, key: str, name: str, identity: str) -> _Progress:
        """Return how far the file has been read.

        Raises:
            SourceError: it has changed since.
        """
        self._identities[key] = identity
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT identity, ordinal, offset, member, start, ended, done FROM file WHERE path = ?", (key,)
            ).fetchone()
        if row is None:
            return _Progress(Position(), done=False)
        if row[0] != identity:
            raise SourceError(f"{name}: not what this job read before; --restart begins anew, another --to keeps both")
        position = Position(row[1], row[2], row[3], row[4], ended=bool(row[5]))
        return _Progress(position, done=bool(row[6]))

    def _marked(self, file: str, reads: Iterator[Read], start: Position) -> Iterator[Entry[Mark]]:
        position = start
        for content, position in reads:
            yield Entry(content=content, mark=Mark(file, position))
        yield Entry(content=None, mark=Mark(file, position, done=True))


def _writable(name: str) -> str:
    """Return a file's name as text can hold it: bytes that are not UTF-8 as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # said in its turn, when it is to be read


def _identity(path: Path) -> str:
    """Tell a file from a changed one: its size, and its first and last 64 KiB. A moved or touched file is the same."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        digest.update(str(size).encode("ascii"))
        for place in (0, max(size - _HEAD, 0)):
            stream.seek(place)
            digest.update(stream.read(_HEAD))
    return digest.hexdigest()


class _Rejoined(io.RawIOBase):
    """A head that has been read already, and the rest of its stream."""

    def __init__(self, head: bytes, rest: IO[bytes] | gzip.GzipFile) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override] # what BufferedReader passes
        piece = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _peeked(stream: IO[bytes] | gzip.GzipFile) -> tuple[io.BufferedReader, bytes]:
    """Return the stream as it was, and its first 64 KiB (fewer only where it ends)."""
    parts: list[bytes] = []
    wanted = _HEAD
    while wanted > 0 and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    head = b"".join(parts)
    return io.BufferedReader(_Rejoined(head, stream), 1 << 20), head
