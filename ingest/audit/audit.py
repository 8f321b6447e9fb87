"""The books against what there is."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack, closing
from typing import IO, TYPE_CHECKING

from ingest import jobs, state
from ingest.audit import books
from ingest.audit.holdings import Holdings, of_files
from ingest.progress import Counting
from ingest.wiring import MIGRATIONS, connection_of
from sinks.base import Kind
from sinks.files import FOLDERS
from sinks.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.audit.books import Books, Key
    from ingest.config import Config, KafkaSink, Sinks

_SHOWN = 5
"""Of each kind of discrepancy, so many by name."""


def audit(config: Config, to: Path | None, out: IO[str] | None = None) -> int:
    """Print how the books add up and what is wrong; return 0, or 1 where something is.

    Args:
        config: where the service's state and sinks are.
        to: the folder of a replay job, whose state and files are audited instead.
        out: where to print; standard output by default.

    Raises:
        StoreError: there is no state, or it cannot be read.
    """
    out = out or sys.stdout
    with ExitStack() as stack:
        store, sinks = _service(config) if to is None else _job(config, to)
        stack.callback(store.close)
        before = books.read(store)
        count = stack.enter_context(closing(Counting("items looked at", sys.stderr, total=_items(sinks, before))))
        held = dict(_held(sinks, before, count))
        after = books.read(store)
    problems = [*_of_books(before), *(p for name, one in held.items() for p in _of_sink(name, one, before, after))]
    _tell(before, held, out)
    for problem in problems:
        out.write(f"wrong: {problem}\n")
    out.write("all of it adds up\n" if not problems else f"{len(problems)} discrepancies\n")
    return 1 if problems else 0


def _service(config: Config) -> tuple[Store, Sinks]:
    if not (config.state.path / state.FILE).exists():
        raise StoreError(f"{config.state.path}: no service has run on this state")
    return state.beside(config.state.path), config.sinks


def _job(config: Config, to: Path) -> tuple[Store, Sinks]:
    file = to / jobs.STATE_FOLDER / "job.sqlite"
    if not file.exists():
        raise StoreError(f"{to}: no replay has written here")
    store = Store(file, MIGRATIONS, beside=True)
    return store, jobs.sinks_of(store, to, config)


def _items(sinks: Sinks, before: Books) -> int:
    """Return how many items there are to look at; 0 with Kafka, whose topics hold other states' too."""
    return 0 if sinks.kafka is not None else sum(before.count(kind) for kind in FOLDERS)


def _held(sinks: Sinks, before: Books, count: Counting) -> Iterator[tuple[str, Holdings]]:
    if sinks.files is not None and "files" in before.places:
        yield "files", of_files(sinks.files.path, before.active, before.finished, count)
    if sinks.kafka is not None and "kafka" in before.places:
        yield "kafka", _of_kafka(sinks.kafka, before, count)


def _of_kafka(kafka: KafkaSink, before: Books, count: Counting) -> Holdings:
    from ingest.audit.topics import of_topics  # noqa: PLC0415 - the library takes a fifth of a second

    return of_topics(connection_of(kafka), kafka.topic_prefix, before, count)


def _of_books(before: Books) -> Iterator[str]:
    """Tell what is wrong within the state."""
    settled = before.settled()
    if before.discovered != settled + before.waiting:
        yield (f"discovered {before.discovered}, but {settled} have an outcome and {before.waiting} wait for theirs")
    if before.gaps:
        yield f"the outbox lacks {before.gaps} items that some sink has not had"


def _of_sink(name: str, held: Holdings, before: Books, after: Books) -> Iterator[str]:
    """Tell where a sink differs from the books."""
    yield from (f"{name}: {problem}" for problem in held.problems)
    place = before.places[name]
    expected = (
        {(key, n) for key, n in before.latest.items() if key not in after.retracted} - place.withheld - held.refused
    )
    yield from _named(name, "lacks", [key for key in expected if key not in held.records])
    yield from _named(name, "holds more than once", [key for key, n in held.records.items() if n > 1])
    if name == "files":
        known = after.latest
        foreign = [(key, n) for key, n in held.records if key not in known or n > known[key]]
        yield from _named(name, "holds what the books do not know", foreign)
    kinds = (Kind.RECORD, Kind.DEAD_LETTER, Kind.SKIPPED) if name == "files" else ()
    for kind in kinds:
        least = before.count(kind) - place.undelivered[kind] - (len(held.refused) if kind is Kind.RECORD else 0)
        most = after.count(kind)
        if not least <= held.counts[kind] <= most:
            yield f"{name}: {held.counts[kind]} of kind {kind}, but the books say {least}"


def _named(name: str, what: str, keys: Sequence[Key]) -> Iterator[str]:
    if keys:
        shown = ", ".join(f"{key}/{n}" for key, n in sorted(keys)[:_SHOWN])
        more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
        yield f"{name}: {what} {shown}{more}"


def _tell(before: Books, held: dict[str, Holdings], out: IO[str]) -> None:
    out.write(f"discovered       {before.discovered:>9}\n")
    pages = (Kind.PAGE,) if before.count(Kind.PAGE) else ()  # handed to workers, whose records are not in these books
    for kind in (Kind.RECORD, *pages, Kind.SKIPPED, Kind.DEAD_LETTER):
        labels = Counter({label: n for (of, label), n in before.tally.items() if of is kind and label})
        told = ", ".join(f"{label} {n}" for label, n in sorted(labels.items()))
        out.write(f"  {kind:<14} {before.count(kind):>9}{f'  ({told})' if told else ''}\n")
    for why, n in before.passed.items():
        out.write(f"  {why:<14} {n:>9}\n")
    out.write(f"  {'in flight':<14} {before.waiting:>9}\n")
    if before.count(Kind.TOMBSTONE):
        out.write(f"tombstones       {before.count(Kind.TOMBSTONE):>9}\n")
    if before.count(Kind.ALARM):
        out.write(f"alarm messages   {before.count(Kind.ALARM):>9}\n")
    for name, one in held.items():
        place = before.places[name]
        out.write(
            f"{name}: {one.counts[Kind.RECORD]} records, {one.counts[Kind.DEAD_LETTER]} dead letters held, "
            f"{place.undelivered.total()} items still to be delivered\n"
        )
