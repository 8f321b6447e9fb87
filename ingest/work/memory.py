"""What was issued of the articles of one partition, as `ingest.issued` keeps it, and as messages of a compacted topic.

The tables are a temporary database, gone with the process: Kafka has them. Whatever `settled` changes in them is
noticed by triggers, so that the two cannot disagree about what is worth remembering.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from ingest import issued
from sinks.kafka_messages import Note

if TYPE_CHECKING:
    from processors.records import Outcome

_CHANGES = """
CREATE TABLE changed (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER seen_first AFTER INSERT ON seen BEGIN
    INSERT OR IGNORE INTO changed VALUES (json_array('seen', new.key, new.content));
END;
CREATE TRIGGER seen_again AFTER UPDATE ON seen BEGIN
    INSERT OR IGNORE INTO changed VALUES (json_array('seen', new.key, new.content));
    -- The number of a record that is still met must not be forgotten before it.
    INSERT OR IGNORE INTO changed SELECT json_array('issued', id) FROM issued WHERE 'record:' || id = new.key;
END;
CREATE TRIGGER issued_anew AFTER INSERT ON issued BEGIN
    INSERT OR IGNORE INTO changed VALUES (json_array('issued', new.id));
END;
"""


class Memory:
    """The memory of one partition. Between `settle` and `keep` it is in a transaction."""

    def __init__(self) -> None:
        self._tables = sqlite3.connect("", isolation_level=None)  # on the disk once it is large, without a name
        self._tables.executescript(issued.SCHEMA)
        self._tables.execute("BEGIN")

    def learn(self, key: bytes, value: bytes | None) -> None:
        """Take up a message of the topic, before `begin`; None in place of a value is what was deleted by hand."""
        kind, *names = json.loads(key)
        row = {} if value is None else json.loads(value)
        if kind == "seen":
            self._replace("seen", "key = ? AND content = ?", names, [row["last"]] if row else None)
        else:
            self._replace("issued", "id = ?", names, [row["n"], row["last"]] if row else None)

    def begin(self) -> None:
        """From now on changes are to be remembered."""
        self._tables.execute("COMMIT")
        self._tables.executescript(_CHANGES)

    def settle(self, outcome: Outcome) -> Outcome:
        """Return the outcome as it is to be delivered: see `ingest.issued.settled`."""
        if not self._tables.in_transaction:
            self._tables.execute("BEGIN")
        return issued.settled(self._tables, outcome)

    def notes(self, topic: str, partition: int) -> list[Note]:
        """Return what has changed since `settle` was first called, as messages."""
        keys = [row[0] for row in self._tables.execute("SELECT key FROM changed")]
        return [self._note(topic, partition, key) for key in keys]

    def keep(self) -> None:
        """Keep what has changed: it is in Kafka."""
        if self._tables.in_transaction:
            self._tables.execute("DELETE FROM changed")
            self._tables.execute("COMMIT")

    def forget(self, before: float) -> None:
        """Forget what was last met before a time (Unix seconds); Kafka does so by itself."""
        issued.forget(self._tables, before)

    def close(self) -> None:
        """Forget everything, and what was not kept."""
        self._tables.close()

    def _note(self, topic: str, partition: int, key: str) -> Note:
        kind, *names = json.loads(key)
        if kind == "seen":
            row = self._tables.execute("SELECT last FROM seen WHERE key = ? AND content = ?", names).fetchone()
            value = {"last": row[0]}
        else:
            row = self._tables.execute("SELECT n, last FROM issued WHERE id = ?", names).fetchone()
            value = {"n": row[0], "last": row[1]}
        when = value["last"] * 1000
        return Note((topic,), partition, json.dumps([kind, *names]).encode(), json.dumps(value).encode(), when)

    def _replace(self, table: str, where: str, names: list[str], values: list[int] | None) -> None:
        self._tables.execute(f"DELETE FROM {table} WHERE {where}", names)  # noqa: S608 - tables of our own
        if values is not None:
            row = [*names, *values]
            self._tables.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)  # noqa: S608 - as above
