"""Alarms that come and go, as items: two for each, under one key, as the schema says."""

from __future__ import annotations

import json
from contextlib import closing
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from ingest.alarms import Alarm, AlarmKind, Scope, events
from ingest.config import KafkaSink
from ingest.wiring import MIGRATIONS, kafka_sink
from sinks.base import Kind
from sinks.kafka_admin import losses
from sinks.kafka_messages import Names, event_time, headers
from sinks.outbox import Outbox
from sinks.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((resources.files("sinks") / "schemas" / "alarm.v1.json").read_text("utf-8"))
ALARM = Alarm(
    kind=AlarmKind.STALE,
    scope=Scope.FEED,
    name="https://gazette.example/föed?a=1",
    since=1_800_000_000.25,
    why="für 9 h",
)


def test_it_is_raised_and_over_under_one_key_and_with_an_id_of_each() -> None:
    (raised,) = events((), [ALARM], ALARM.since)
    (over,) = events([ALARM], (), ALARM.since + 90)
    told = [json.loads(item.body) for item in (raised, over)]

    assert raised.key == over.key == "stale/feed/https://gazette.example/föed?a=1"
    assert [item.label for item in (raised, over)] == ["raised", "over"]
    assert told[0] == {
        "schema": 1,
        "state": "raised",
        "kind": "stale",
        "scope": "feed",
        "name": "https://gazette.example/föed?a=1",
        "since": "2027-01-15T08:00:00.250+00:00",
        "at": "2027-01-15T08:00:00.250+00:00",
        "why": "für 9 h",
    }
    assert told[1] == told[0] | {"state": "over", "at": "2027-01-15T08:01:30.250+00:00"}
    ids = {dict(headers(item, event_time(item, item.fetched)))["ce_id"] for item in (raised, over) if item.fetched}
    assert len(ids) == 2


def test_every_kind_and_scope_is_as_the_schema_says_and_goes_to_one_topic() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    valid = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    alarms = [Alarm(kind=kind, scope=scope, name="x", since=0.0, why="") for kind in AlarmKind for scope in Scope]
    for item in events(alarms, alarms, 60.0):
        valid.validate(json.loads(item.body))
        assert item.kind is Kind.ALARM
        assert Names("our", alarms=True).of(item) == ("our.alarms.v1",)

    assert SCHEMA["properties"]["kind"]["examples"] == [str(kind) for kind in AlarmKind]
    assert SCHEMA["properties"]["scope"]["enum"] == [str(scope) for scope in Scope]
    assert all(one["description"] for one in SCHEMA["properties"].values())
    assert list(SCHEMA["properties"]) == SCHEMA["required"]


def test_their_topic_may_forget_without_a_warning() -> None:
    forgetful = {"cleanup.policy": "compact,delete", "retention.ms": "86400000"}
    names = Names(alarms=True)

    assert losses({names.told_alarms: forgetful}, names) == []
    assert len(losses({names.articles: forgetful}, names)) == 2


@pytest.mark.parametrize("wanted", [False, True])
def test_kafka_carries_them_where_they_are_wanted_or_wait_already(tmp_path: Path, wanted: bool) -> None:
    with closing(Store(tmp_path / "state.sqlite", MIGRATIONS)) as store:
        box = Outbox(store, job="run")
        before = kafka_sink(KafkaSink(), box, (), alarms=wanted)
        with store.transaction() as connection:
            box.add(connection, list(events((), [ALARM], ALARM.since)))
        after = kafka_sink(KafkaSink(), box, ())

    assert (Kind.ALARM in before.kinds) is wanted
    assert Kind.ALARM in after.kinds
