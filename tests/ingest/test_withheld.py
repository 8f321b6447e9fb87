"""What waits of an article that is taken down does not go out, and each document still has one outcome in the books."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest import linking, pending, retracted, state
from ingest.audit import books
from ingest.withheld import withhold
from processors.records import Failed, Mode, Origin, Reason, Record, Skipped, Step
from sinks.base import Kind
from sinks.outbox import Outbox
from tests.builders import make_page, make_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://news.example/a"
KEY = retracted.key_of(URL) or ""
LETTER = Failed(origin=Origin(mode=Mode.RUN), url=URL, step=Step.EXTRACT, error="died", page=make_page(url=URL))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    with closing(state.owned(tmp_path)) as store:
        yield Outbox(store, job="run")


def accept(box: Outbox, *outcomes: Record | Failed) -> list[object]:
    with box.store.transaction() as connection:
        pending.discover(connection, len(outcomes))
        done = [linking.settle(connection, outcome) for outcome in outcomes]
        box.add(connection, [item for _, item in done])
    return [outcome for outcome, _ in done]


def take_down(box: Outbox) -> None:
    with box.store.transaction() as connection:
        retracted.add(connection, KEY, "", 1.0)
        withhold(connection, box, KEY)


def waiting(box: Outbox, sink: str, after: int = 0) -> list[tuple[Kind, str]]:
    return [(item.kind, item.key if item.kind is not Kind.SKIPPED else "") for item in box.after(after, sink=sink)[0]]


def adds_up(box: Outbox) -> bool:
    read = books.read(box.store)
    return read.discovered == read.settled() + read.waiting and not read.gaps


def test_what_no_sink_has_becomes_a_skip(box: Outbox) -> None:
    accept(box, make_record(id=KEY), make_record(id="b" * 32), LETTER)
    take_down(box)

    skip = (Kind.SKIPPED, "")
    assert waiting(box, "files") == [skip, (Kind.RECORD, "b" * 32), skip, (Kind.TOMBSTONE, KEY)]
    assert box.tally()[Kind.SKIPPED, Reason.RETRACTED] == 2
    assert adds_up(box)


def test_what_files_have_is_withheld_from_kafka_alone(box: Outbox) -> None:
    accept(box, make_record(id=KEY), LETTER)
    box.ledger("files").save(2, {})
    take_down(box)

    assert waiting(box, "kafka") == [(Kind.TOMBSTONE, KEY)]
    assert box.tally()[Kind.RECORD, ""] == 1
    assert adds_up(box)


def test_an_entry_that_waits_is_skipped(box: Outbox) -> None:
    with box.store.transaction() as connection:
        pending.discover(connection, 2)
        for url in (URL, "https://news.example/b"):
            pending.put(connection, 1, None, make_page(url=url), due=0.0)
    take_down(box)

    assert waiting(box, "files")[0] == (Kind.SKIPPED, "")
    assert books.read(box.store).waiting == 1
    assert adds_up(box)


def test_whatever_comes_later_is_skipped_and_leaves_no_trace(box: Outbox) -> None:
    take_down(box)
    take_down(box)
    later = accept(box, make_record(id=KEY), replace(LETTER, step=Step.PROCESS))

    assert [one.reason for one in later if isinstance(one, Skipped)] == [Reason.RETRACTED, Reason.RETRACTED]
    assert sum(kind is Kind.TOMBSTONE for kind, _ in waiting(box, "kafka")) == 1
    with box.store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)
