"""JSON Lines, and documents that fill a whole file: text, HTML, one JSON object."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from ingest.sources.base import Position
from ingest.sources.opening import DAMAGED, Layout
from processors.records import ArchiveRef, Failed, Form, Mode, Origin, Page, Reason, Skipped, Step, TextSource

if TYPE_CHECKING:
    from collections.abc import Iterator

Read = tuple[Page | Skipped | Failed, Position]

_STEP = 1 << 20
_FORMS = {Layout.TEXT: Form.COPIED, Layout.HTML: Form.HTML, Layout.JSON: Form.LINE}


def read_lines(stream: IO[bytes], name: str, start: Position, *, max_bytes: int) -> Iterator[Read]:
    """Yield one page of form LINE per line, from the start position on.

    Args:
        stream: decompressed bytes, at their beginning.
        name: the file's, for origins.
        start: where to go on.
        max_bytes: of one line; a longer one becomes a dead letter that points at it.

    Empty lines are passed over. Damage ends the file with a dead letter behind the last whole line.
    """
    if start.ended:
        return
    ordinal, offset = start.ordinal, start.offset
    try:
        _skip(stream, offset)
        while line := stream.readline(max_bytes + 1):
            begin, offset = offset, offset + len(line)
            if len(line) > max_bytes and not line.endswith(b"\n"):
                offset += _rest_of_line(stream)
                ordinal += 1
                yield _too_long(name, begin, max_bytes), Position(ordinal, offset)
            elif line.strip():
                ordinal += 1
                yield _page(Form.LINE, line.rstrip(b"\r\n"), name, begin), Position(ordinal, offset)
    except DAMAGED as error:
        yield unreadable(name, offset, error), Position(ordinal + 1, offset, ended=True)


def read_whole(stream: IO[bytes], name: str, layout: Layout, start: Position, *, max_bytes: int) -> Iterator[Read]:
    """Yield the one document that a file is."""
    if start.ended:
        return
    after = Position(1, ended=True)
    try:
        body = stream.read(max_bytes + 1)
    except DAMAGED as error:
        yield unreadable(name, 0, error), after
        return
    if len(body) > max_bytes:
        origin = _origin(name, 0)
        yield Skipped(origin=origin, url=None, reason=Reason.TOO_LARGE, detail=f"over {max_bytes} bytes"), after
    else:
        yield _page(_FORMS[layout], body, name, 0), after


def unreadable(name: str, offset: int, error: BaseException | str) -> Failed:
    """Return the dead letter of an archive that cannot be read from some place on."""
    text = str(error) or type(error).__name__
    return Failed(
        origin=_origin(name, offset), url=None, step=Step.READ, error=f"{name}: from byte {offset} on: {text}"
    )


def _page(form: Form, body: bytes, name: str, offset: int) -> Page:
    source = TextSource.PAGE if form is Form.HTML else TextSource.ARCHIVE
    return Page(form=form, body=body, origin=_origin(name, offset), text_source=source)


def _origin(name: str, offset: int) -> Origin:
    return Origin(mode=Mode.REPLAY, archive=ArchiveRef(file=name, offset=offset))


def _too_long(name: str, offset: int, limit: int) -> Failed:
    error = f"{name}: at byte {offset}: a line of over {limit} bytes"
    return Failed(origin=_origin(name, offset), url=None, step=Step.READ, error=error)


def _skip(stream: IO[bytes], offset: int) -> None:
    """Move to an offset; what cannot seek (standard input, compressed data) is read up to it."""
    if stream.seekable():
        stream.seek(offset)
        return
    while offset > 0:
        passed = len(stream.read(min(offset, _STEP)))
        if not passed:
            raise EOFError(f"{offset} bytes shorter than when it was read before")
        offset -= passed


def _rest_of_line(stream: IO[bytes]) -> int:
    """Read past the end of the line, holding little of it; return the number of bytes."""
    passed = 0
    while piece := stream.readline(_STEP):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed
