"""Figures for people, and for programs."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import IO, TYPE_CHECKING

from ingest.durations import length, until
from ingest.logs import visible
from ingest.status.gathering import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.config import Config
    from ingest.owners import Here
    from ingest.status.figures import Feeds, Fetchers, Service, Sink, Status, Workers


def show(config: Config, *, as_json: bool, out: IO[str] | None = None) -> int:
    """Print how things are; return 1 where something needs attention, else 0.

    Raises:
        StoreError: there is a state, and it cannot be read.
    """
    out = out or sys.stdout
    now = time.time()
    found = status(config, now=now)
    if as_json:
        out.write(json.dumps(asdict(found)) + "\n")
    else:
        out.writelines(f"{name:<11} {visible(told)}\n" for name, told in _rows(found, now))
    return 1 if found.attention else 0


def _rows(found: Status, now: float) -> Iterator[tuple[str, str]]:
    ran = "" if found.exists else "; no service has run on it"
    yield "state", found.state + ran
    yield "service", _service(found.service)
    yield "feeds", _feeds(found.feeds, now)
    yield "waiting", f"{found.entries_waiting} entries for a record, {found.outbox} items in the outbox"
    for sink in found.sinks:
        yield f"  {sink.name}", _sink(sink, now)
    yield (
        "records",
        f"{found.records}; of {found.articles_hour} articles in the last hour, {found.articles_day} in a day",
    )
    yield "skipped", str(found.skipped)
    steps = ", ".join(f"{step} {n}" for step, n in sorted(found.dead_letters.items()))
    yield "dead", f"{sum(found.dead_letters.values())} letters{f' ({steps})' if steps else ''}"
    if found.workers is not None:
        yield "workers", _workers(found.workers)
    if found.link is not None and found.link.lag is not None:
        yield "link", f"{found.link.lag} offsets of records before {found.link.group}"
    if found.fetchers is not None:
        yield "fetchers", _fetchers(found.fetchers)
        yield from (("  here", _here(here, now)) for here in found.fetchers.here)
    yield "profiles", f"{found.profiles} sites"
    if found.archive_bytes is not None:
        yield "archive", f"{found.archive_bytes / 1e6:.1f} MB"
    yield from (("attention", line) for line in found.attention)


def _service(service: Service) -> str:
    if service.pid is None:
        return "does not run"
    told = [f"runs as process {service.pid}"]
    if service.health is not None:
        told += [service.health, "ready" if service.ready else "not ready"]
    if service.uptime_seconds is not None:
        told.append(f"for {length(service.uptime_seconds)}")
    return ", ".join(told)


def _feeds(feeds: Feeds, now: float) -> str:
    kinds = (
        *((feeds.healthy, "healthy"), (feeds.failing, "failing"), (feeds.paused, "paused"), (feeds.dead, "dead")),
        *((feeds.never_polled, "never polled"), (feeds.overdue, "overdue")),
    )
    told = ", ".join(f"{n} {name}" for n, name in kinds if n)
    due = "" if feeds.next_due is None else f"; next poll {until(feeds.next_due, now)}"
    return f"{feeds.total}{': ' if told else ''}{told}{due}"


def _sink(sink: Sink, now: float) -> str:
    age = "" if sink.oldest is None else f", the first was fetched {length(now - sink.oldest)} ago"
    return f"has item {sink.position}, {sink.waiting} wait{age if sink.waiting else ''}"


def _fetchers(fetchers: Fetchers) -> str:
    if fetchers.problem is not None:
        return f"not known of {fetchers.group}"
    waiting = "" if fetchers.lag is None else f"; {fetchers.lag} offsets of page requests"
    if not fetchers.settled:
        return f"{', '.join(fetchers.owned)} share out {fetchers.unowned} partitions anew{waiting}"
    told = ", ".join(f"{name} has {n} partitions" for name, n in fetchers.owned.items()) or "none in the group"
    nobodys = f", {fetchers.unowned} are nobody's" if fetchers.unowned else ""
    return f"{told}{nobodys}{waiting}"


def _here(here: Here, now: float) -> str:
    if here.pid is None:
        return f"{here.name} does not run"
    told = [f"{here.name} runs as process {here.pid}"]
    told.append(f"{len(here.ours)} partitions with {here.feeds} feeds ({here.due} due)")
    if (going := here.restoring) is not None:
        far = f"{going.read} of {going.total} messages, for {length(now - going.began)}"
        told.append(f"reads {len(going.numbers)} more ({far})")
    if (last := here.restored) is not None and last.seconds is not None:
        took = f"{len(last.numbers)} partitions with {last.feeds} feeds in {last.seconds:.1f} s"
        told.append(f"last took up {took}")
    told.append(f"{here.requests} page requests and {here.outbox} items of the outbox wait")
    return "; ".join(told)


def _workers(workers: Workers) -> str:
    if workers.problem is not None:
        return f"not known of {workers.group}"
    return "none so far" if workers.lag is None else f"{workers.lag} offsets of pages before {workers.group}"
