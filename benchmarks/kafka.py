"""Records per second into Kafka exactly once, beside a bare producer and at least once; what a second worker adds; how
soon a reader sees news.

    PYTHONPATH=. python -P benchmarks/kafka.py [--records 10000] [--pages 1200] [--repeats 5] [--pace 1.0] [--only NAME]

Throughput: the records wait in an outbox and are driven as the service drives them, in transactions of the size that
it chooses; every second record goes to a topic's stream too. The bare producer is kafka-python's, idempotent, with the
same settings and the same messages in memory, ready to send. Each run is a process of its own with topics of its own;
the three take turns. Rates count from the open producer to the last acknowledgement. For workers see
`benchmarks/workers.py`, for `newstap link` `benchmarks/linking.py`, for latency `benchmarks/newsroom.py`. (`-P`,
because this file has the library's name.)
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from kafka import KafkaProducer

from benchmarks.linking import link
from benchmarks.newsroom import latency
from benchmarks.processes import cpu, load
from benchmarks.workers import scale_out
from ingest.delivery import Delivery
from ingest.items import item_of
from ingest.wiring import MIGRATIONS
from processors.records import Article, Evidence, Mode, Origin, Record, TopicTag
from sinks.kafka import KafkaSink
from sinks.kafka_messages import Message, Names, message
from sinks.outbox import Outbox
from sinks.store import Store
from tests.broker import OwnBroker, start

if TYPE_CHECKING:
    from collections.abc import Callable

MODES = ("bare", "exactly-once", "at-least-once")
TOPIC = "china"


def main() -> int:
    options = _options()
    if options.child:
        print(json.dumps(run(options.child, Path(options.outbox), options.bootstrap, options.records)))
        return 0
    broker = start()
    try:
        if options.only in {None, "throughput"}:
            throughput(broker, options)
        if options.only in {None, "workers"}:
            scale_out(broker, options.pages, options.repeats)
        if options.only in {None, "link"}:
            link(broker, options.records, options.repeats)
        if options.only in {None, "latency"}:
            latency(broker.bootstrap, options.pace)
    finally:
        broker.stop()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=1_200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pace", type=float, default=1.0, help="seconds between two publications of the newsroom")
    parser.add_argument("--only", choices=["throughput", "workers", "link", "latency"])
    parser.add_argument("--child", choices=MODES, help=argparse.SUPPRESS)
    parser.add_argument("--outbox", help=argparse.SUPPRESS)
    parser.add_argument("--bootstrap", help=argparse.SUPPRESS)
    return parser.parse_args()


def throughput(broker: OwnBroker, options: argparse.Namespace) -> None:
    """Print the rates of the three, their ratios, and the CPU time of both sides."""
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as folder:
        outbox = Path(folder) / "outbox.sqlite"
        size, copies = fill(outbox, options.records)
        print(f"{options.records} records of {size} bytes on average, {copies:.2f} copies each, load {load()}")
        for mode in MODES:
            measured(mode, outbox, broker, min(2_000, options.records))  # warms the broker
        rounds = [
            {mode: measured(mode, outbox, broker, options.records) for mode in MODES} for _ in range(options.repeats)
        ]
    for mode in MODES:
        rate, client, server = (
            statistics.median(one[mode][key] for one in rounds) for key in ("rate", "cpu", "broker")
        )
        rates = [one[mode]["rate"] for one in rounds]
        print(
            f"{mode:14} {rate:8.0f} records/s ({min(rates):.0f} to {max(rates):.0f});"
            f" CPU per record: ours {client * 1e6:4.0f} us, the broker's {server * 1e6:4.0f} us"
        )
    for over, under, bar in (("exactly-once", "bare", "   (bar 0.7, aim 0.85)"), ("exactly-once", "at-least-once", "")):
        rate, cpu = (statistics.median(one[over][k] / one[under][k] for one in rounds) for k in ("rate", "cpu"))
        print(f"{over} / {under}: {rate:.2f} of the rate, {cpu:.2f} of the CPU time{bar}")


def fill(path: Path, count: int) -> tuple[int, float]:
    """Fill an outbox with records; return their mean size in bytes and the copies of each in Kafka."""
    chance, size, copies = random.Random(7), 0, 0
    words = [f"{chance.randrange(16**7):07x}"[: chance.randrange(2, 8)] for _ in range(4_000)]
    store = Store(path, MIGRATIONS)
    box = Outbox(store, job="fill")
    for first in range(0, count, 1_000):
        items = [item_of(record(number, chance, words)) for number in range(first, min(first + 1_000, count))]
        size += sum(len(item.body) for item in items)
        copies += sum(2 + len(item.topics) for item in items)
        with store.transaction() as connection:
            box.add(connection, items)
    store.close()
    return size // count, copies / count


def record(number: int, chance: random.Random, words: list[str]) -> Record:
    """Return an article of 400 words."""
    text = " ".join(chance.choices(words, k=400))
    evidence = tuple(Evidence(field="text", phrase="China", start=n, end=n + 5) for n in (10, 200, 800))
    published = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return Record(
        id=f"{chance.getrandbits(128):032x}",
        article=Article(
            title=text[:60],
            text=text,
            url=f"https://courier.example/{number}.html",
            canonical_url=f"https://courier.example/{number}",
            authors=("Ada Quill",),
            published=published,
            language="en",
            topics=(TopicTag(topic=TOPIC, score=0.9, evidence=evidence),) if number % 2 else (),
        ),
        origin=Origin(mode=Mode.RUN, feed="https://courier.example/feed.xml", fetched=published + timedelta(minutes=5)),
        fingerprint={"newstap": "0.1.0", "extractor": "trafilatura 2.3.1", "profiles": None},
    )


def measured(mode: str, outbox: Path, broker: OwnBroker, records: int) -> dict[str, float]:
    """Run one of the modes in a process of its own; also tell the CPU seconds of a record in the broker."""
    before = cpu(broker.pid)
    arguments = ["--child", mode, "--outbox", str(outbox), "--bootstrap", broker.bootstrap, "--records", str(records)]
    done = subprocess.run([sys.executable, "-P", __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures | {"broker": (cpu(broker.pid) - before) / records}


def run(mode: str, outbox: Path, bootstrap: str, records: int) -> dict[str, float]:
    """Deliver so many records; return how many a second, and the CPU seconds of each."""
    prefix = f"bench-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="newstap-bench-", dir=outbox.parent) as folder:
        store = Store(_copied(outbox, Path(folder), records), MIGRATIONS)
        box = Outbox(store, job=prefix)
        delivery = "exactly-once" if mode == "bare" else mode
        sink = KafkaSink(box.ledger("kafka"), bootstrap=bootstrap, prefix=prefix, topics=(TOPIC,), delivery=delivery)
        sink.open()
        wall, cpu = _bare(box, prefix, bootstrap) if mode == "bare" else _driven(box, sink)
        sink.close()
        store.close()
    return {"rate": records / wall, "cpu": cpu / records}


def _copied(outbox: Path, folder: Path, records: int) -> Path:
    """Copy the outbox, with the first records of it only."""
    path = folder / "outbox.sqlite"
    path.write_bytes(outbox.read_bytes())
    store = Store(path, MIGRATIONS)
    with store.transaction() as connection:
        connection.execute("DELETE FROM outbox WHERE seq > ?", (records,))
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'", (records,))
    store.close()
    return path


def _driven(box: Outbox, sink: KafkaSink) -> tuple[float, float]:
    """Deliver as the service does; return the seconds it took, on the wall and of CPU time."""
    delivery = Delivery(box, [sink])
    took = _stopwatch()
    delivery.start()
    while not delivery.drained():
        delivery.wait(1.0)
        if delivery.broken is not None:
            raise SystemExit(str(delivery.broken))
    figures = took()
    delivery.stop(finish=True)
    return figures


def _bare(box: Outbox, prefix: str, bootstrap: str) -> tuple[float, float]:
    """Send the same messages with the library alone; return the seconds until the last one was acknowledged."""
    made = _messages(box, prefix)
    producer = KafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=5,
        batch_size=131_072,
    )
    producer.partitions_for(f"{prefix}.articles.v1")
    took = _stopwatch()
    futures = [
        producer.send(topic, one.item.body, one.key, one.headers, timestamp_ms=one.timestamp_ms)
        for one in made
        for topic in one.topics
    ]
    producer.flush()
    figures = took()
    if not all(future.succeeded() for future in futures):
        raise SystemExit("the bare producer lost something")
    producer.close()
    return figures


def _messages(box: Outbox, prefix: str) -> list[Message]:
    names, found, reached = Names(prefix, (TOPIC,)), [], 0
    while True:
        items, upto = box.after(reached, sink="kafka")
        if upto == reached:
            return found
        found += [message(item, names.of(item), datetime.now(UTC)) for item in items]
        reached = upto


def _stopwatch() -> Callable[[], tuple[float, float]]:
    """Return what tells the seconds since now, on the wall and of CPU time in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    return lambda: (time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    sys.exit(main())
