"""Alarms that come and go as items of the outbox, for whoever listens in Kafka: `sinks/schemas/alarm.v1.json`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from processors.records import SCHEMA
from sinks.base import Item, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.alarms.values import Alarm

RAISED = "raised"
OVER = "over"


def events(cleared: Iterable[Alarm], raised: Iterable[Alarm], at: float) -> Iterator[Item]:
    """Yield an item for each alarm that ended at a Unix time, and for each that began then."""
    for alarm in cleared:
        yield _event(alarm, OVER, at)
    for alarm in raised:
        yield _event(alarm, RAISED, at)


def _event(alarm: Alarm, state: str, at: float) -> Item:
    when = datetime.fromtimestamp(at, UTC)
    row = {
        "schema": SCHEMA,
        "state": state,
        "kind": alarm.kind,
        "scope": alarm.scope,
        "name": alarm.name,
        "since": _stamp(datetime.fromtimestamp(alarm.since, UTC)),
        "at": _stamp(when),
        "why": alarm.why,
    }
    body = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    key = f"{alarm.kind}/{alarm.scope}/{alarm.name}"
    return Item(seq=0, kind=Kind.ALARM, key=key, body=body, label=state, fetched=when)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
