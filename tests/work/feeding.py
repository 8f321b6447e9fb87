"""Pages that flow into `news.pages.v1` all the time, as from a fetcher, while workers are in trouble."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from ingest.routing import page_item
from processors.identity import canonical_url, record_id
from processors.records import Form, Mode, Origin, Page
from sinks.kafka import KafkaSink
from tests.faults import Seen
from tests.sinks.kafka_driver import MemoryLedger, drive
from tests.work.running import address, story

if TYPE_CHECKING:
    from types import TracebackType

    from sinks.base import Item

ARTICLES = 97
"""Each comes round again and again, as its next revision."""
_BEAT = 0.1
"""Seconds between two batches."""


class Feeder(threading.Thread):
    """A context manager: within it pages flow, from before it begins on.

    Args:
        bootstrap: of the broker.
        prefix: of the topics.
        partitions: of the topics, where they are not there yet.
        pace: pages a second.
    """

    def __init__(self, bootstrap: str, prefix: str, *, partitions: int = 3, pace: int = 60) -> None:
        super().__init__(name="feeder")
        self.accepted: list[Seen] = []
        """What is to become of the pages, in their order."""
        self._batch = max(1, int(pace * _BEAT))
        self._outbox: list[Item] = []
        self._enough = threading.Event()
        given = {"scaled": True, "partitions": partitions, "patience_seconds": 2.0}
        self._sink = KafkaSink(MemoryLedger(prefix), bootstrap=bootstrap, prefix=prefix, **given)

    def __enter__(self) -> Self:
        self._feed()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._enough.set()
        self.join()
        self._sink.close()

    def enough(self) -> list[Seen]:
        """Let no more pages flow, and return what is to become of those that did."""
        self._enough.set()
        self.join()
        return self.accepted

    def run(self) -> None:
        while not self._enough.wait(_BEAT):
            self._feed()

    def _feed(self) -> None:
        for number in range(len(self._outbox), len(self._outbox) + self._batch):
            article, turn = number % ARTICLES, number // ARTICLES
            body = story(article, turn + 1).encode()
            page = Page(form=Form.LINE, body=body, origin=Origin(mode=Mode.REPLAY))
            self._outbox.append(replace(page_item(page), seq=number + 1))
            self.accepted.append(Seen(record_id(canonical_url(address(article)), None, "", ""), turn + 1))
        drive(self._sink, self._outbox, seconds=300)
