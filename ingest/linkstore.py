"""What linking knows, as tables: the documents of the window, their stories, and the last state of each article."""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from processors.records import Article
from processors.stories.revisions import FIELDS
from processors.stories.stored import cluster_from_bytes, cluster_to_bytes, document_from_bytes, document_to_bytes

if TYPE_CHECKING:
    import sqlite3

    from processors.records import Record
    from processors.stories.clusters import Cluster
    from processors.stories.linker import Changes
    from processors.stories.window import Held

SCHEMA = """
CREATE TABLE linked (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE story (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE article (id TEXT PRIMARY KEY, first INTEGER NOT NULL, time INTEGER NOT NULL, body BLOB NOT NULL)
    WITHOUT ROWID;
CREATE INDEX article_time ON article (time);
"""


def following(connection: sqlite3.Connection) -> int:
    """Return the number of the next document."""
    last = connection.execute("SELECT max(number) FROM linked").fetchone()[0]
    return 0 if last is None else last + 1


def read(connection: sqlite3.Connection) -> tuple[list[Held], list[Cluster]]:
    """Return the documents of the window and their stories.

    None, and forget them, where another version kept them, or where a part is missing: Kafka deletes what nobody has
    added to for long.
    """
    clusters = [cluster_from_bytes(body) for (body,) in connection.execute("SELECT body FROM story ORDER BY number")]
    rows = connection.execute("SELECT body FROM linked ORDER BY number")
    documents = [document_from_bytes(body) for (body,) in rows]
    known = [one for one in documents if one is not None], [one for one in clusters if one is not None]
    if len(known[0]) == len(documents) and len(known[1]) == len(clusters) and _are_whole(*known):
        return known
    connection.execute("DELETE FROM linked")
    connection.execute("DELETE FROM story")
    return [], []


def _are_whole(documents: list[Held], clusters: list[Cluster]) -> bool:
    """Say whether documents follow one another, and whether their stories are there, and no others."""
    follow = all(after.number == before.number + 1 for before, after in pairwise(documents))
    return follow and {one.story for one in documents} - {-1} == {one.number for one in clusters}


def keep(connection: sqlite3.Connection, changes: Changes) -> None:
    """Keep what has become known."""
    connection.executemany(
        "INSERT INTO linked VALUES (?, ?)", [(one.number, document_to_bytes(one)) for one in changes.documents]
    )
    connection.executemany(
        "INSERT OR REPLACE INTO story VALUES (?, ?)",
        [(number, cluster_to_bytes(one)) for number, one in changes.clusters.items()],
    )
    connection.execute("DELETE FROM linked WHERE number < ?", (changes.left,))
    connection.executemany("DELETE FROM story WHERE number = ?", [(number,) for number in changes.dropped])


def earlier(connection: sqlite3.Connection, record_id: str) -> tuple[Article, int] | None:
    """Return the last state of an article, as far as it is compared, and the number of its first one."""
    row = connection.execute("SELECT first, body FROM article WHERE id = ?", (record_id,)).fetchone()
    return None if row is None else (_article(row[1]), row[0])


def remember(connection: sqlite3.Connection, record: Record, time: int) -> None:
    """Keep the last state of an article, as of a record time."""
    connection.execute(
        "INSERT INTO article VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET time = excluded.time, body = excluded.body",
        (record.id, record.revision.n, time, _packed(record.article)),
    )


def forget(connection: sqlite3.Connection, before: int) -> None:
    """Forget the articles whose last state is of before a record time."""
    connection.execute("DELETE FROM article WHERE time < ?", (before,))


def _packed(article: Article) -> bytes:
    values = {name: getattr(article, name) for name in (*FIELDS, "language")}
    text = json.dumps(values, ensure_ascii=True, default=datetime.isoformat)
    return zlib.compress(text.encode("ascii"), 1)


def _article(body: bytes) -> Article:
    row: dict[str, Any] = json.loads(zlib.decompress(body))
    times = {name: row[name] and datetime.fromisoformat(row[name]) for name in ("published", "modified")}
    return Article(**row | times | {"authors": tuple(row["authors"])})
