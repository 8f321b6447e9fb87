"""What a job and the service are from the outbox on: the SQLite file, its driver, files and Kafka; fed steadily.

What comes before the outbox is left out: it accepts or it does not, and waits when there is no room.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ingest.delivery import Delivery
from ingest.items import item_of
from ingest.wiring import MIGRATIONS
from processors.records import Article, Mode, Origin, Record, Revision, TopicTag
from sinks.files import FilesSink
from sinks.kafka import KafkaSink
from sinks.outbox import Outbox
from sinks.store import Store, StoreFullError
from tests.commands import rows
from tests.faults import Place, Seen, published, seen
from tests.kafka_fixtures import committed, make_topic

if TYPE_CHECKING:
    from types import TracebackType

TOPIC = "china"
"""Every second article is about it; its stream has one partition, so that the order of feeds holds there."""
ARTICLES, FEEDS = 97, 5
_BEAT = 0.05
"""Seconds between two batches of records."""
_TEXT = "The council of Little Wickham met on the question of the bridge, and counted its stones once more. " * 5


class Chain:
    """A context manager: within it, records are accepted all the time, and delivered.

    Args:
        state: the folder of the SQLite file.
        out: the folder of the files.
        bootstrap: of the broker.
        prefix: of the topics.
        pace: records a second.
        kafka: further arguments of the Kafka sink.
    """

    def __init__(self, state: Path, out: Path, *, bootstrap: str, prefix: str, pace: int, **kafka: Any) -> None:
        self.accepted: list[Seen] = []
        self.about: set[tuple[str, int]] = set()
        """Which of them are about the topic."""
        self.prefix = prefix
        self.waited = 0
        """How often there was no room, or no disk, for more."""
        self._bootstrap = bootstrap
        self._out = out
        self._batch = max(1, int(pace * _BEAT))
        self._enough = threading.Event()
        self._lock = threading.Lock()
        self._feeder = threading.Thread(target=self._feed, name="feeder")
        make_topic(bootstrap, f"{prefix}.topic.{TOPIC}.v1")
        self.box = Outbox(Store(state / "state.sqlite", MIGRATIONS), job="faults")
        given: dict[str, Any] = {"topics": (TOPIC,), "partitions": 3, "patience_seconds": 2.0} | kafka
        self.kafka = KafkaSink(self.box.ledger("kafka"), bootstrap=bootstrap, prefix=prefix, **given)
        self.delivery = Delivery(self.box, [FilesSink(out, self.box.ledger("files")), self.kafka])

    def __enter__(self) -> Self:
        self.delivery.start()
        self._feeder.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._enough.set()
        self._feeder.join()
        self.delivery.stop(finish=kind is None)
        self.box.store.close()
        assert kind is not None or self.delivery.broken is None

    def accept(self, *texts: str) -> list[Seen]:
        """Accept a record of each text, all in one transaction, as soon as the disk takes them."""
        with self._lock:
            first = len(self.accepted)
            made = [_record(number, text) for number, text in enumerate(texts, first)]
            while not self._add(made):
                self.waited += 1
                time.sleep(_BEAT)
            new = [Seen(record.id, record.revision.n, record.origin.feed) for record in made]
            self.accepted += new
            self.about |= {(record.id, record.revision.n) for record in made if record.article.topics}
        self.delivery.notify()
        return new

    def until_delivering(self) -> None:
        """Wait until some more was delivered to Kafka: then a transaction is most likely open."""
        ledger = self.box.ledger("kafka")
        before, deadline = ledger.load()[0], time.monotonic() + 60
        while ledger.load()[0] < before + 2 * self._batch:
            assert time.monotonic() < deadline, "nothing is delivered"
            time.sleep(0.01)

    def caught_up(self, within: float = 120.0) -> float:
        """Accept no more, and return after how many seconds everything was delivered."""
        began = time.monotonic()
        self._enough.set()
        self._feeder.join()
        while not self.delivery.drained():
            assert self.delivery.broken is None, self.delivery.broken
            assert time.monotonic() < began + within, f"not caught up: {self.delivery.states()}"
            self.delivery.wait(0.1)
        return time.monotonic() - began

    def places(self, *, refused: frozenset[Seen] = frozenset()) -> list[Place]:
        """Return what was accepted and what is in files and topics; what Kafka has to refuse belongs in files only."""
        rest = [one for one in self.accepted if one not in refused]
        about = [one for one in rest if (one.id, one.n) in self.about]
        return [
            Place(self.accepted, seen(rows(self._out / "records")), one_partition=True),
            Place(rest, self._topic("articles")),
            Place(rest, self._topic("articles.latest")),
            Place(about, self._topic(f"topic.{TOPIC}"), one_partition=True),
        ]

    def _topic(self, name: str) -> list[Seen]:
        return published(committed(self._bootstrap, f"{self.prefix}.{name}.v1"))

    def _feed(self) -> None:
        while not self._enough.wait(_BEAT):
            if self.delivery.has_room():
                self.accept(*[_TEXT] * self._batch)
            else:
                self.waited += 1

    def _add(self, made: list[Record]) -> bool:
        try:
            with self.box.store.transaction() as connection:
                self.box.add(connection, [item_of(record) for record in made])
        except StoreFullError:
            return False
        return True


def _record(number: int, text: str) -> Record:
    """Return the next record; articles come round again as their next revision, each in the feed it was first in."""
    article, turn = number % ARTICLES, number // ARTICLES
    tags = (TopicTag(topic=TOPIC, score=0.9, evidence=()),) if article % 2 else ()
    return Record(
        id=f"{article:032x}",
        article=Article(title=f"Bridge report {number}", text=text, topics=tags),
        origin=Origin(mode=Mode.RUN, feed=f"https://courier.example/{article % FEEDS}.xml"),
        fingerprint={},
        revision=Revision(n=turn + 1),
    )
