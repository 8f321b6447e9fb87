"""Keeps the stories of a topic in SQLite, and prints the first article of each, and which of them turned out to be one.

python docs/examples/stories.py 127.0.0.1:9092 news.articles.v1 stories.sqlite
"""

import signal
import sqlite3
import sys

from sinks.reader import Reader, Stories

bootstrap, topic, path = sys.argv[1:]
base = sqlite3.connect(path)
base.execute("CREATE TABLE IF NOT EXISTS story (id TEXT PRIMARY KEY, title TEXT NOT NULL)")
base.execute("CREATE TABLE IF NOT EXISTS alias (young TEXT PRIMARY KEY, old TEXT NOT NULL)")
stories = Stories(dict(base.execute("SELECT young, old FROM alias")))
with Reader(bootstrap, topic, group="my-stories") as reader:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: reader.stop())
    for message in reader:
        record = message.record
        if record is not None and (story := stories.see(record.story)) is not None:
            with base:  # both statements change nothing the second time: a message may come again after a crash
                if base.execute("INSERT OR IGNORE INTO story VALUES (?, ?)", (story, record.title)).rowcount:
                    print(story, record.title, flush=True)
                if merged := record.story.merged:
                    base.execute("INSERT OR REPLACE INTO alias VALUES (?, ?)", (merged, story))
                    print(merged, "is", story, flush=True)
        reader.commit()
base.close()
