"""Values of messages, each held to what it should be: strangers and other versions write into our topics, too."""

from __future__ import annotations

import math
from base64 import b64decode
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ingest.feedstore import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

LATEST = 1e11
"""Unix seconds of the year 5138: no time of ours is beyond, and none comes near to `feedstore.PARKED`."""
_LARGEST = 2**63 - 1
"""That SQLite holds."""


class NoteError(ValueError):
    """A message that is none of ours; the text says why."""


def text(value: object) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise NoteError(f"no string but {type(value).__name__}")
    return value


def flag(value: object) -> bool:
    """Return yes or no, which SQLite keeps as 1 and 0."""
    if not isinstance(value, int) or value not in {0, 1}:
        raise NoteError(f"neither yes nor no but {type(value).__name__}")
    return bool(value)


def whole(value: object) -> int:
    """Return a whole number from 0 on that SQLite holds."""
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise NoteError("no whole number from 0 on")
    return value


def span(value: object) -> float:
    """Return a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NoteError("no number")
    return float(value)


def moment(value: object) -> float:
    """Return a time, in Unix seconds."""
    found = span(value)
    if not -LATEST <= found <= LATEST:
        raise NoteError("no time before the year 5138")
    return found


def words(value: object) -> tuple[str, ...]:
    """Return strings of an array; null is as good as none."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise NoteError(f"no array but {type(value).__name__}")
    return tuple(map(text, value))


def binary(value: object) -> bytes:
    """Return bytes in base 64 (RFC 4648)."""
    try:
        return b64decode(text(value), validate=True)
    except ValueError as error:
        raise NoteError(f"no base 64: {error}") from error


def optional(read: Callable[[object], T]) -> Callable[[object], T | None]:
    """Return a reader that takes null, too."""
    return lambda value: None if value is None else read(value)


def field(row: Mapping[str, Any], name: str, read: Callable[[object], T]) -> T:
    """Return a field that has to be there, though perhaps as null.

    Raises:
        NoteError: it is not, or not what it should be.
    """
    if name not in row:
        raise NoteError(f"without {name}")
    try:
        return read(row[name])
    except NoteError as error:
        raise NoteError(f"{name}: {error}") from error


def web_host(url: str) -> str:
    """Return the host of an address of the web (`feedstore.host_of`) that holds no secrets.

    Raises:
        NoteError: it is none.
    """
    try:
        holds_secrets, host = "@" in urlsplit(url).netloc, host_of(url)
    except ValueError as error:
        raise NoteError(str(error)[:200]) from error
    if holds_secrets:
        raise NoteError("a URL with a user name or password in it")
    return host
