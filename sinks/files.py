"""JSON Lines files, exactly once: `records/`, `dead-letters/` and `skipped/` under one folder.

Lines go to `active.jsonl`; after an fdatasync its length and the sequence number are saved in one SQLite commit, and
that commit is what counts. After a crash a longer file is cut to the committed length, and its lines come again from
the outbox; a shorter one is a loss that we refuse to guess about, as is a state older than the files (`Marker`). A full
or old active file is finished under its final name (`part-000001.jsonl`, `.gz`, `.zst`) and never touched again.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import shutil
import stat
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import zstandard

from sinks.base import Item, Kind, Landed, Landing, Ledger, SinkBrokenError, SinkUnavailableError
from sinks.files_marker import Marker, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FOLDERS = {Kind.RECORD: "records", Kind.DEAD_LETTER: "dead-letters", Kind.SKIPPED: "skipped"}
SUFFIXES = {"none": ".jsonl", "gzip": ".jsonl.gz", "zstd": ".jsonl.zst"}
ACTIVE = "active.jsonl"
_FINISHED = re.compile(r"part-(\d{6,})\.jsonl(?:\.gz|\.zst)?")
_CHUNK = 1 << 20
_MODE = 0o640


@dataclass(slots=True)
class _Stream:
    """One folder and its active file."""

    folder: Path
    number: int = 1
    """Of the file being written; its final name is made of it."""
    length: int = 0
    """Bytes written and, after `flush`, committed."""
    began: float = 0.0
    """Seconds since the epoch when its first line was written; says nothing while the length is 0."""
    descriptor: int = -1
    items: list[Item] = field(default_factory=list)
    """Not written yet."""

    @property
    def active(self) -> Path:
        return self.folder / ACTIVE

    def state(self) -> dict[str, Any]:
        return {"number": self.number, "length": self.length, "began": self.began}

    def advance(self) -> None:
        self.number, self.length, self.began = self.number + 1, 0, 0.0


class FilesSink:
    """A sink of JSON Lines files.

    Args:
        path: the folder.
        ledger: where lengths and the sequence number are committed.
        compression: of finished files: `none`, `gzip` or `zstd`.
        rotate_bytes: finish a file of this size (uncompressed).
        rotate_seconds: finish a file this old.
        sync: False leaves the moment of writing to the operating system: kill -9 loses nothing, a power cut may.
        clock: seconds since the epoch.
        landed: told where each record is: the final name of its file, and the offset in the uncompressed text.
    """

    name = "files"
    kinds = frozenset(FOLDERS)

    def __init__(
        self,
        path: Path,
        ledger: Ledger,
        *,
        compression: str = "none",
        rotate_bytes: int = 134_217_728,
        rotate_seconds: float = 3600,
        sync: bool = True,
        clock: Callable[[], float] = time.time,
        landed: Landing | None = None,
    ) -> None:
        self.path = path
        self._ledger = ledger
        self._marker = Marker(path, ledger.owner)
        self._suffix = SUFFIXES[compression]
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._sync = sync
        self._clock = clock
        self._landed = landed
        self._seq = 0
        self._streams: dict[Kind, _Stream] = {}
        self._lock = -1

    def open(self) -> int:
        """Take the folder, cut what was not committed, and return the committed sequence number."""
        # No descriptor is tried again: after a failed fsync Linux has dropped the dirty pages.
        self.close()
        try:
            self._take_folder()
            self._seq, state = self._ledger.load()
            if state:
                self._marker.require(self._seq)
            else:
                self._claim()
            for kind, folder in FOLDERS.items():
                self._streams[kind] = _recovered(self.path / folder, state.get(kind, {}))
            sync_folder(self.path)
        except OSError as error:
            raise self._unavailable(error) from error
        except SinkBrokenError:
            self.close()
            raise
        return self._seq

    def write(self, items: Sequence[Item]) -> None:
        """Keep the items' lines until the next flush."""
        for item in items:
            self._streams[item.kind].items.append(item)

    def flush(self, seq: int) -> None:
        """Append, sync, commit; then finish files that are full or old. Cheap where there is nothing new."""
        try:
            written = [stream for stream in self._streams.values() if stream.items]
            landed = [place for stream in written for place in self._append(stream)]
            if written or seq != self._seq:
                self._commit(seq)
            if self._landed is not None and landed:
                self._landed(landed)
        except OSError as error:
            raise self._unavailable(error) from error
        self.idle()

    def idle(self) -> None:
        """Finish files that are full or old."""
        try:
            for stream in self._streams.values():
                if self._is_due(stream):
                    self._finish(stream)
        except OSError as error:
            raise self._unavailable(error) from error

    def finish(self) -> None:
        """Finish every active file that holds something."""
        try:
            for stream in self._streams.values():
                self._finish(stream)
        except OSError as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Close the files and let go of the folder."""
        held = [self._lock, *(stream.descriptor for stream in self._streams.values())]
        self._streams, self._lock = {}, -1
        for descriptor in held:
            if descriptor >= 0:
                with suppress(OSError):  # nothing uncommitted is left to lose, and closing must not fail
                    os.close(descriptor)

    def _take_folder(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SinkBrokenError(f"{self.path}: another process writes here; give each its own folder") from error

    def _claim(self) -> None:
        """On first use refuse a folder with output that this state does not know, then enter it as ours."""
        for folder in FOLDERS.values():
            found = next((p for p in (self.path / folder).glob("*") if p.is_file() and p.stat().st_size), None)
            if found is not None:
                raise SinkBrokenError(
                    f"{found}: written under another state; restore that state or use an empty folder"
                )
        self._marker.remove()
        self._ledger.save(0, {kind: _Stream(self.path).state() for kind in FOLDERS})

    def _append(self, stream: _Stream) -> list[Landed]:
        """Write what waits; return where each record of it will be found, where anybody wants to know."""
        if stream.descriptor < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            stream.descriptor = os.open(stream.active, flags, _MODE)
            sync_folder(stream.folder)
        _require_untouched(stream)
        if not stream.length:
            stream.began = self._clock()
        data = b"\n".join([*(item.body for item in stream.items), b""])
        _write(stream, data)
        if self._sync:
            os.fdatasync(stream.descriptor)
        landed = self._places(stream) if self._landed is not None and stream is self._streams[Kind.RECORD] else []
        stream.length += len(data)
        stream.items = []
        return landed

    def _places(self, stream: _Stream) -> list[Landed]:
        """Return where each of the items will be found that are written next."""
        name = f"{stream.folder.name}/part-{stream.number:06d}{self._suffix}"
        ends = accumulate((len(item.body) + 1 for item in stream.items), initial=stream.length)
        return [
            Landed(item.key, item.revision, f"{name}, byte {start}")
            for item, start in zip(stream.items, ends, strict=False)
        ]

    def _commit(self, seq: int) -> None:
        self._seq = seq
        self._ledger.save(seq, {kind: stream.state() for kind, stream in self._streams.items()})
        self._marker.note(seq)

    def _is_due(self, stream: _Stream) -> bool:
        old = self._clock() - stream.began >= self._rotate_seconds
        return stream.length > 0 and (old or stream.length >= self._rotate_bytes)

    def _finish(self, stream: _Stream) -> None:
        """Give the active file its final name; killed after any step, `_recovered` takes it up from there."""
        if not stream.length:
            return
        _require_untouched(stream)
        final = stream.folder / f"part-{stream.number:06d}{self._suffix}"
        if stream.number in _finished(stream.folder):
            raise SinkBrokenError(f"{final}: a file of this number is there already, and not by us; move it away")
        if stream.descriptor >= 0:
            os.close(stream.descriptor)
            stream.descriptor = -1
        if self._suffix == SUFFIXES["none"]:
            stream.active.rename(final)
        else:
            part = final.with_name(final.name + ".part")
            self._compress(stream, part)
            part.rename(final)
        sync_folder(stream.folder)
        stream.advance()
        self._commit(self._seq)
        stream.active.unlink(missing_ok=True)

    def _compress(self, stream: _Stream, target: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with stream.active.open("rb") as plain, os.fdopen(os.open(target, flags, _MODE), "wb") as raw:
            packer: Any
            if self._suffix == SUFFIXES["gzip"]:
                packer = gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0)
            else:
                # The frame names its size, which one-shot decompressors ask for.
                compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
                packer = compressor.stream_writer(raw, size=stream.length, closefd=False)
            with packer:
                shutil.copyfileobj(plain, packer, _CHUNK)
            raw.flush()
            os.fsync(raw.fileno())

    def _unavailable(self, error: OSError) -> SinkUnavailableError:
        return SinkUnavailableError(self.name, f"{self.path}: {error.strerror or error}", retry_after=2.0)


def _write(stream: _Stream, data: bytes) -> None:
    """Write at the end; a disk that takes only part of it keeps none: whoever reads beside us finds whole lines."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(stream.descriptor, rest) :]
    except OSError:
        with suppress(OSError):  # cut then when the sink is opened again
            os.ftruncate(stream.descriptor, stream.length)
        raise


def _recovered(folder: Path, state: dict[str, Any]) -> _Stream:
    """Return a folder's stream as committed, whatever of a flush or a finish was under way when we were killed.

    Raises:
        SinkBrokenError: the folder holds less than was committed, or more than this state can have written.
    """
    folder.mkdir(exist_ok=True)
    stream = _Stream(folder, **state)
    for torn in folder.glob("part-*.part"):
        torn.unlink()
    finished = _finished(folder)
    newest = max(finished, default=0)
    if newest > stream.number or (newest == stream.number and not stream.length):
        raise SinkBrokenError(
            f"{finished[newest]}: not written by this state, or after it was saved; restore the state that "
            "belongs to the files, or run the job again with --restart"
        )
    if newest == stream.number:
        # Killed between the rename to the final name and its commit.
        _require_size(finished[newest], _plain_size(finished[newest]), stream.length)
        stream.advance()
    size = _active_size(stream)
    if size < stream.length:
        _require_size(stream.active, size, stream.length)
    if not stream.length:
        stream.active.unlink(missing_ok=True)
    elif size > stream.length:
        os.truncate(stream.active, stream.length)
    return stream


def _finished(folder: Path) -> dict[int, Path]:
    """Return the finished files by number, compressed in whatever way: the configuration may have changed meanwhile."""
    found = ((_FINISHED.fullmatch(entry.name), folder / entry.name) for entry in os.scandir(folder))
    return {int(match[1]): path for match, path in found if match}


def _require_size(path: Path, size: int, wanted: int) -> None:
    if size != wanted:
        found = "damaged" if size < 0 else f"{size} bytes"
        raise SinkBrokenError(
            f"{path}: {found}, but {wanted} bytes were delivered; put the file back, or run it again with --restart"
        )


def _require_untouched(stream: _Stream) -> None:
    """Refuse to go on with an active file that someone else changed, replaced, moved or removed."""
    try:
        there = stream.active.lstat()
        same = stream.descriptor < 0 or os.path.samestat(there, os.fstat(stream.descriptor))
    except FileNotFoundError:
        there, same = None, False
    if there is None or not same or there.st_size != stream.length:
        raise SinkBrokenError(
            f"{stream.active}: changed or removed by someone else; it must hold {stream.length} bytes; "
            "put it back, or run the job again with --restart"
        )


def _active_size(stream: _Stream) -> int:
    try:
        found = stream.active.lstat()
    except FileNotFoundError:
        return 0
    if not stat.S_ISREG(found.st_mode):
        raise SinkBrokenError(f"{stream.active}: not a regular file; remove it")
    return found.st_size


def _plain_size(path: Path) -> int:
    """Return how many bytes a finished file holds once decompressed; -1 where it is damaged."""
    if path.suffix not in {".gz", ".zst"}:
        return path.stat().st_size
    size = 0
    with path.open("rb") as raw:
        unpacker: Any = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: a gzip member
        if path.suffix == ".zst":
            unpacker = zstandard.ZstdDecompressor().decompressobj()
        try:
            for chunk in iter(lambda: raw.read(_CHUNK), b""):
                size += len(unpacker.decompress(chunk))
        except (zlib.error, zstandard.ZstdError):
            return -1
    return size if unpacker.eof and not unpacker.unused_data else -1
