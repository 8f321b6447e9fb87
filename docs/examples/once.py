"""Counts articles by site and day, each `id` and `revision.n` exactly once, through kill -9 at any moment.

python docs/examples/once.py 127.0.0.1:9092 news.articles.v1 counts.sqlite

Kafka gives what was not committed again after a crash. So the SQLite transaction that counts a record also notes that
it did: of a record that comes again, the note is there already. Only when that transaction is on the disk is Kafka told
to go on behind it. Killed before the former, nothing was counted; killed between the two, it comes again and is passed
over. Start it as often as you like with names of their own in place of `one`: they share the partitions, and the file.
"""

import signal
import sqlite3
import sys
from contextlib import closing

from sinks.reader import PublishedRecord, Reader, UnreadableError

TABLES = """
CREATE TABLE IF NOT EXISTS counted (id TEXT, n INTEGER, PRIMARY KEY (id, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS articles (site TEXT, day TEXT, number INTEGER, PRIMARY KEY (site, day)) WITHOUT ROWID;
"""


def count(base: sqlite3.Connection, record: PublishedRecord) -> None:
    """Count a record, unless that was done; in the transaction of the caller."""
    if base.execute("INSERT OR IGNORE INTO counted VALUES (?, ?)", record.event).rowcount:
        day = record.published.date().isoformat() if record.published else "unknown"
        base.execute(
            "INSERT INTO articles VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1",
            (record.site or "unknown", day),
        )


def main(bootstrap: str, topic: str, path: str, instance: str = "one") -> None:
    """Count until SIGINT or SIGTERM."""
    with (
        closing(sqlite3.connect(path, timeout=30)) as base,
        Reader(bootstrap, topic, group=f"counts-{topic}", instance=instance) as reader,
    ):
        base.executescript(TABLES)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: reader.stop())
        while not reader.stopped:
            try:
                messages = reader.poll(0.5)
            except UnreadableError as error:
                print(f"passed over: {error}", file=sys.stderr)
                continue
            with base:  # all of them or none
                for message in messages:
                    if message.record is not None:
                        count(base, message.record)
            reader.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
