"""Which entries a feed has shown, and what of a document is new."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.feedstore.rows import Claimed

MAX_EDITS = 24
"""Edits of one entry that count; a clock in its text would make each poll one (lemon24/reader has the same limit)."""
_SPARE = 1000
"""Entries that are remembered after they left the document, at least; they do come back."""
_TIMES = 5
"""The same, in sizes of the document."""
_AGE = 90 * 86_400
"""Seconds that they are remembered at most."""
_BATCH = 500


class Comparison(NamedTuple):
    """A document beside what its feed has shown before. Keys are in the document's order."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    """Known entries whose content is another one now."""
    known: int
    """Entries that were seen before, changed or not."""
    backlog: int
    """Entries that are new but only to be remembered: what was there at first contact with `first_fetch = "new"`."""


def compare(
    connection: sqlite3.Connection, claimed: Claimed, shown: Mapping[str, bytes], *, skip_backlog: bool
) -> Comparison:
    """Tell what of a document is new; nothing is written.

    To be called in the transaction of `commit`: feeds may be merged in between.

    Args:
        connection: of the state.
        claimed: the feed.
        shown: the digest of each entry's content by the entry's key, which is unique within the feed.
        skip_backlog: whether everything that is there at first contact counts as seen (`first_fetch = "new"`).
    """
    held = _held(connection, claimed.id, shown)
    new = tuple(key for key in shown if key not in held)
    changed = tuple(
        key for key, content in shown.items() if key in held and held[key][0] != content and held[key][1] < MAX_EDITS
    )
    backlog = len(new) if skip_backlog and claimed.state.last_body is None else 0
    return Comparison(() if backlog else new, changed, len(shown) - len(new), backlog)


def remember(connection: sqlite3.Connection, feed: int, shown: Mapping[str, bytes], now: float) -> None:
    """Note everything that a document shows, and forget what left it long ago.

    What is in the document is never forgotten, however long it stays there. Of the rest the youngest are kept.
    """
    if not shown:
        return
    connection.executemany(
        "INSERT INTO feed_seen VALUES (?, ?, ?, 0, ?) ON CONFLICT (feed, key) DO UPDATE SET"
        " last = excluded.last, edits = edits + (content <> excluded.content), content = excluded.content",
        [(feed, _digest(key), content, now) for key, content in shown.items()],
    )
    spare = max(_SPARE, _TIMES * len(shown))
    connection.execute(
        "DELETE FROM feed_seen WHERE feed = :feed AND (last < :oldest OR key IN ("
        "SELECT key FROM feed_seen WHERE feed = :feed AND last <> :now ORDER BY last DESC LIMIT -1 OFFSET :spare))",
        {"feed": feed, "now": now, "oldest": now - _AGE, "spare": spare},
    )


def _held(connection: sqlite3.Connection, feed: int, shown: Mapping[str, bytes]) -> dict[str, tuple[bytes, int]]:
    """Return content and number of edits of those that are known."""
    keys = {_digest(key): key for key in shown}
    return {
        keys[digest]: (content, edits)
        for batch in _batches(list(keys))
        for digest, content, edits in connection.execute(
            f"SELECT key, content, edits FROM feed_seen WHERE feed = ? AND key IN ({', '.join('?' * len(batch))})",  # noqa: S608 - placeholders only
            (feed, *batch),
        )
    }


def _batches(digests: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (digests[start : start + _BATCH] for start in range(0, len(digests), _BATCH))


def _digest(key: str) -> bytes:
    """Return 16 bytes for a key of any length, lone surrogates of a broken document included."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
