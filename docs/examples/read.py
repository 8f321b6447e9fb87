"""Prints the articles of one topic as they come, from the first one; begun again it goes on where it was ended.

python docs/examples/read.py 127.0.0.1:9092 news.topic.north-korea.v1
"""

import signal
import sys

from sinks.reader import Reader

bootstrap, topic = sys.argv[1:]
with Reader(bootstrap, topic, group="my-reader") as reader:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: reader.stop())
    for message in reader:
        if message.record is not None:
            topics = ", ".join(tag.topic for tag in message.record.topics)
            print(message.record.published, message.record.title, f"({topics})", flush=True)
        reader.commit()
