"""What is remembered of a partition, and how it travels."""

from __future__ import annotations

import time
from dataclasses import replace

from ingest.linking import settle
from ingest.work.memory import Memory
from processors.records import Article, Mode, Origin, Record, Skipped
from sinks.kafka_messages import Note


def record(text: str, *, mode: Mode = Mode.RUN, document: str | None = None) -> Record:
    origin = Origin(mode=mode, document_id=document)
    return Record(id="one", article=Article(title="A", text=text), origin=origin, fingerprint={})


def fresh(*notes: Note) -> Memory:
    """A memory that has learned these, in order."""
    memory = Memory(settle)
    for note in notes:
        memory.learn(note.key, note.value)
    memory.begin()
    return memory


def settled(memory: Memory, text: str, **origin: object) -> int | None:
    """Settle a record, keep that, and return its revision; None for a duplicate."""
    outcome, _ = memory.settle(record(text, **origin))  # type: ignore[arg-type] # as `record` takes it
    memory.keep()
    return None if isinstance(outcome, Skipped) else outcome.revision.n if isinstance(outcome, Record) else -1


def test_one_that_learned_decides_as_the_one_that_taught() -> None:
    first = fresh()
    notes: list[Note] = []
    for text in ("a", "b", "a", "c"):
        first.settle(record(text))
        notes += first.notes("issued", 3)
        first.keep()
    assert {(note.partition, note.topics) for note in notes} == {(3, ("issued",))}
    second = fresh(*notes)
    assert settled(second, "b") is None
    assert settled(second, "d") == settled(first, "d") == 4
    first.close()
    second.close()


def test_only_what_changed_is_told_and_only_once() -> None:
    memory = fresh()
    memory.settle(record("a"))
    assert len(memory.notes("issued", 0)) == 2
    memory.keep()
    assert memory.notes("issued", 0) == []
    memory.settle(record("x", mode=Mode.REPLAY, document="7"))
    assert len(memory.notes("issued", 0)) == 2
    memory.close()


def test_what_is_met_again_is_remembered_anew_with_its_number() -> None:
    """Kafka forgets by time: the number must not go before the content that it belongs to."""
    memory = fresh()
    settled(memory, "a")
    memory.settle(record("a"))
    kinds = sorted(note.key.split(b'"')[1] for note in memory.notes("issued", 0))
    assert kinds == [b"issued", b"seen"]
    memory.close()


def test_what_was_not_kept_is_not_known_to_the_next() -> None:
    memory = fresh()
    memory.settle(record("a"))
    notes = memory.notes("issued", 0)
    memory.close()
    other = fresh(*notes)
    assert settled(other, "a") is None
    later = fresh()
    assert settled(later, "a") == 1
    other.close()
    later.close()


def test_it_forgets_what_was_met_last_before_a_time() -> None:
    memory = fresh()
    settled(memory, "a")
    memory.forget(time.time() + 10)
    assert settled(memory, "a") == 1
    memory.close()


def test_a_message_without_a_value_is_forgotten() -> None:
    first = fresh()
    first.settle(record("a"))
    notes = first.notes("issued", 0)
    first.close()
    second = Memory(settle)
    for note in notes:
        second.learn(note.key, note.value)
        second.learn(note.key, None)
    second.begin()
    assert settled(second, "a") == 1
    second.close()
    assert all(replace(note, partition=1).weight > 100 for note in notes)
