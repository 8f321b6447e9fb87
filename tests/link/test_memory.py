"""What the one that links remembers, and how it travels: whoever reads it back decides as the one that wrote it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from ingest.config import Stories
from ingest.linking import Linking
from ingest.work.memory import LINKED, Memory
from ingest.work.settling import Settling
from ingest.work.shares import Share, Taken
from sinks.kafka_client import Place
from sinks.kafka_fitting import Fitting
from sinks.kafka_messages import Message, Names, Note
from tests.link.newsroom import fresh
from tests.processors.stories.newsroom import MORNING, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from processors.records import Outcome, Record

TOPIC = "news.linked.v1"
PLACE = Place("news.enriched.v1", 0)


def batches(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    return (records[at : at + size] for at in range(0, len(records), size))


def recalled(kept: Mapping[bytes, bytes | None]) -> Memory:
    """A memory that has read a compacted topic."""
    memory = Memory(Linking(Stories()).settle, LINKED)
    for key, value in kept.items():
        memory.learn(key, value)
    memory.begin()
    return memory


def settled(memory: Memory, records: Sequence[Record], kept: dict[bytes, bytes | None]) -> list[Outcome]:
    """Settle a batch, and put what is remembered into the topic."""
    found = [memory.settle(one)[0] for one in records]
    for note in memory.notes(TOPIC, 0):
        kept.pop(note.key, None)
        kept[note.key] = note.value
    memory.keep()
    return found


@pytest.mark.parametrize("size", [1, 7, 50])
def test_whoever_takes_over_at_any_batch_decides_as_one_that_lives(size: int) -> None:
    records = fresh(31, 200)
    one, kept, whole = recalled({}), {}, []
    for batch in batches(records, 50):
        whole += settled(one, batch, kept)
    one.close()

    kept, found = {}, []
    for batch in batches(records, size):
        memory = recalled(kept)
        found += settled(memory, batch, kept)
        memory.close()

    assert found == whole


def test_what_has_left_the_window_is_deleted_in_kafka_too() -> None:
    """The topic without its tombstones is the tables, and these are bounded by the window."""
    kept: dict[bytes, bytes | None] = {}
    memory = recalled(kept)
    for batch in batches(fresh(32, 300), 20):
        settled(memory, batch, kept)
    memory.close()

    left = [key for key, value in kept.items() if value is not None]
    assert any(key.startswith(b'["linked"') and value is None for key, value in kept.items())
    assert sum(key.startswith(b'["linked"') for key in left) <= 48 / 0.6 + 2
    assert sum(key.startswith(b'["story"') for key in left) <= 48 / 0.6 + 2


def test_a_memory_that_lost_its_beginning_begins_a_new_window() -> None:
    """As where Kafka has deleted what nobody added to for long: revisions are still numbered on."""
    kept: dict[bytes, bytes | None] = {}
    memory = recalled(kept)
    records = fresh(33, 30)
    settled(memory, records, kept)
    memory.close()
    del kept[b'["linked", 3]']

    memory = recalled(kept)
    (again,) = settled(memory, records[:1], kept)
    (after,) = settled(memory, fresh(34, 1), kept)
    memory.close()

    assert again.reason == "duplicate"
    assert after.story is None or after.story.size == 1


class Kept:
    """Stands for Kafka: keeps what is settled."""

    def __init__(self) -> None:
        self.messages: list[Message | Note] = []

    def settle(self, messages: Sequence[Message | Note], offsets: Mapping[Place, int]) -> None:
        """As `Seat.settle`."""
        assert offsets == {PLACE: 8}
        self.messages += messages


def test_what_kafka_would_never_take_is_not_remembered_and_nothing_else_is_held_up() -> None:
    """An article whose last state, compressed, is larger than the topic allows; its record is not too large."""
    fitting = Fitting(Names("news"), max_request_size=10**6, page_bytes=0, compression="none", now=lambda: MORNING)
    fitting.limits = {TOPIC: 20_000}
    share = Share(PLACE, recalled({}))
    words = " ".join(f"{random.Random(n).getrandbits(64):x}" for n in range(3_000))
    seat = Kept()
    Settling(fitting, TOPIC).settle([(record("a", "A long one", words), Taken(share, 7))], seat)  # type: ignore[arg-type]  # see Kept
    share.drop()

    tables = [json.loads(one.key)[0] for one in seat.messages if isinstance(one, Note)]
    assert sorted(tables) == ["issued", "linked", "seen", "story"]
    assert [one.topics[0] for one in seat.messages if isinstance(one, Message)] == ["news.articles.v1"]
