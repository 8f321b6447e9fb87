"""What is known of the articles of one partition, as tables, and as messages of a compacted topic.

The tables are a temporary database, gone with the process: Kafka has them. Whatever changes in them is noticed by
triggers, so that the two cannot disagree about what is worth remembering. A message is a row: its key names the table
and holds the row's own key, its value is a line of JSON with the other columns, and behind that the row's `body`, where
the table has one, as it is.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, NamedTuple

from ingest import issued, linkstore, retracted
from sinks.kafka_messages import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.linking import Settle
    from processors.records import Outcome
    from sinks.base import Item


class Table(NamedTuple):
    """A table that is remembered."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    body: bool = False
    """Whether it has a column of that name, of bytes."""
    deletes: bool = False
    """Whether what is deleted is to be forgotten by Kafka at once; otherwise Kafka forgets by time."""


ISSUED = (Table("seen", ("key", "content"), ("last",)), Table("issued", ("id",), ("n", "last")))
"""What `ingest.issued` keeps."""
LINKED = (
    *ISSUED,
    Table("linked", ("number",), (), body=True, deletes=True),
    Table("story", ("number",), (), body=True, deletes=True),
    Table("article", ("id",), ("first", "time"), body=True, deletes=True),
)
"""And what `ingest.linkstore` does."""
_CHANGED = "CREATE TABLE changed (key TEXT PRIMARY KEY) WITHOUT ROWID"
_ONCE = "ON CONFLICT DO NOTHING"
"""And not `OR IGNORE`, in whose place a trigger does what the statement that fires it does."""
_MET_AGAIN = """
-- The number of a record that is still met must not be forgotten before it.
CREATE TRIGGER met_again AFTER UPDATE ON seen BEGIN
    INSERT INTO changed SELECT json_array('issued', id) FROM issued WHERE 'record:' || id = new.key
        ON CONFLICT DO NOTHING;
END
"""


class Memory:
    """The memory of one partition. Between `settle` and `keep` it is in a transaction.

    Args:
        settle: what becomes of outcomes, by these tables.
        tables: those that it writes.
    """

    def __init__(self, settle: Settle, tables: Sequence[Table] = ISSUED) -> None:
        self._settle = settle
        self._kinds = {table.name: table for table in tables}
        self._tables = sqlite3.connect("", isolation_level=None)  # on the disk once it is large, without a name
        self._tables.executescript(issued.SCHEMA + linkstore.SCHEMA + retracted.SCHEMA)
        self._tables.execute("BEGIN")

    def learn(self, key: bytes, value: bytes | None) -> None:
        """Take up a message of the topic, before `begin`; None in place of a value is what was deleted."""
        name, *names = json.loads(key)
        table = self._kinds[name]
        if value is None:
            where = " AND ".join(f"{column} = ?" for column in table.key)
            self._tables.execute(f"DELETE FROM {name} WHERE {where}", names)  # noqa: S608 - tables of our own
            return
        head, _, body = value.partition(b"\n")
        row = json.loads(head)
        values = [*names, *(row[column] for column in table.columns), *([body] if table.body else ())]
        holes = ",".join("?" * len(values))
        self._tables.execute(f"INSERT OR REPLACE INTO {name} VALUES ({holes})", values)  # noqa: S608 - as above

    def begin(self) -> None:
        """From now on changes are to be remembered."""
        self._tables.execute("COMMIT")
        self._tables.execute(_CHANGED)
        for table in self._kinds.values():
            for change in ("INSERT", "UPDATE", *(["DELETE"] if table.deletes else ())):
                self._tables.execute(_trigger(table, change))
        self._tables.execute(_MET_AGAIN)

    def settle(self, outcome: Outcome) -> tuple[Outcome, Item]:
        """Return the outcome as it is to be delivered."""
        if not self._tables.in_transaction:
            self._tables.execute("BEGIN")
        return self._settle(self._tables, outcome)

    def notes(self, topic: str, partition: int) -> list[Note]:
        """Return what has changed since `settle` was first called, as messages."""
        # In the order of their keys: the documents of the window are written before their stories.
        keys = [row[0] for row in self._tables.execute("SELECT key FROM changed ORDER BY key")]
        now = int(time.time())
        return [self._note(topic, partition, key, now) for key in keys]

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

    def _note(self, topic: str, partition: int, key: str, now: int) -> Note:
        name, *names = json.loads(key)
        table = self._kinds[name]
        columns = [*table.columns, *(["body"] if table.body else ())]
        where = " AND ".join(f"{column} = ?" for column in table.key)
        found = self._tables.execute(f"SELECT {', '.join(columns)} FROM {name} WHERE {where}", names).fetchone()  # noqa: S608 - as above
        if found is None:
            return Note((topic,), partition, json.dumps([name, *names]).encode(), None, now * 1000)
        row = dict(zip(table.columns, found, strict=False))
        value = json.dumps(row).encode() + (b"\n" + found[-1] if table.body else b"")
        when = row.get("last", now)
        return Note((topic,), partition, json.dumps([name, *names]).encode(), value, when * 1000)


def _trigger(table: Table, change: str) -> str:
    row = "old" if change == "DELETE" else "new"
    key = ", ".join(f"{row}.{column}" for column in table.key)
    noted = f"INSERT INTO changed VALUES (json_array('{table.name}', {key})) {_ONCE}"  # noqa: S608 - tables of our own
    return f"CREATE TRIGGER {table.name}_{change.lower()} AFTER {change} ON {table.name} BEGIN {noted}; END"
