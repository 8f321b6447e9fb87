"""The AsyncAPI document says of the topics what the code does: names, keys, headers, values, settings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from ingest.alarms import Alarm, AlarmKind, Scope, events
from ingest.config import Config, KafkaSink, Stories
from ingest.feedstore import Feed
from ingest.fleet.definitions import Defined, encoded
from ingest.fleet.places import Places
from ingest.fleet.requests import request
from ingest.linking import Linking, settle
from ingest.live.intake import Wanted
from ingest.wiring import plan_of
from ingest.work.memory import LINKED, Memory
from processors.records import Form, Mode, Origin, Page
from sinks.base import Kind
from sinks.kafka_messages import Names, Note, headers, message
from tests.builders import make_record
from tests.sinks.kafka_driver import item

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = resources.files("sinks") / "schemas"
DOCUMENT: dict[str, Any] = json.loads((FOLDER / "asyncapi.json").read_text("utf-8"))
NAMES = Names("news", ("china",), scaled=True, fleet=True, alarms=True)
"""With all that any of our commands creates: `fetch`, `work`, `link` and `replay --distribute` are `scaled`."""
PLAN = plan_of(KafkaSink(), ("china",), Config(), fleet=True)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ALARM = Alarm(
    kind=AlarmKind.SILENT, scope=Scope.TOPIC, name="china", since=NOW.timestamp(), why="no record for 9 hours"
)
MESSAGES = {
    "article": item(7),
    "tombstone": item(7, b"", kind=Kind.TOMBSTONE, topics=()),
    "deadLetter": item(8, kind=Kind.DEAD_LETTER, topics=()),
    "alarm": next(events((), [ALARM], ALARM.since)),
    "page": item(9, kind=Kind.PAGE, key="example.org", topics=()),
    "enriched": item(10, kind=Kind.ENRICHED),
}


def found(reference: str) -> Any:
    """Return what a reference within the document, or to a file beside it, stands for."""
    file, _, path = reference.partition("#")
    part = json.loads((FOLDER / file.removeprefix("./")).read_text("utf-8")) if file else DOCUMENT
    for step in filter(None, path.split("/")):
        part = part[step]
    return part


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from references(inner)


def address(channel: dict[str, Any]) -> str:
    return str(channel["address"].replace("{topic}", "china"))


def test_it_is_of_version_3_and_every_reference_leads_somewhere() -> None:
    """Checked with the JSON Schema of AsyncAPI 3.0.0 too, when it was written; that comes with no Python package."""
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"info", "channels", "operations", "components"} < set(DOCUMENT)
    assert {"title", "version"} < set(DOCUMENT["info"])
    told = list(references(DOCUMENT))
    assert len(told) > 10
    assert all(found(one) for one in told)


def test_the_channels_are_the_topics() -> None:
    assert sorted(map(address, DOCUMENT["channels"].values())) == sorted(NAMES.every())
    assert "topic" in DOCUMENT["channels"]["topic"]["parameters"]


def test_every_name_that_the_code_can_make_is_among_the_topics() -> None:
    """`Names` is the one place that makes them: a property added there is a topic, and has to be described."""
    made = {getattr(NAMES, name) for name, what in vars(Names).items() if isinstance(what, property)}

    assert made | {NAMES.stream("china")} == set(NAMES.every())
    assert {*PLAN.names.every(), NAMES.told_alarms} == set(NAMES.every())


def test_each_channel_is_sent_to_by_one_operation_with_its_own_messages() -> None:
    operations = DOCUMENT["operations"].values()
    assert {operation["action"] for operation in operations} == {"send"}
    assert [found(operation["channel"]["$ref"]) for operation in operations] == list(DOCUMENT["channels"].values())
    for operation in operations:
        channel = operation["channel"]["$ref"]
        assert [one["$ref"] for one in operation["messages"]] == [
            f"{channel}/messages/{name}" for name in found(channel)["messages"]
        ]


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_go_where_it_says(name: str) -> None:
    holding = [address(channel) for channel in DOCUMENT["channels"].values() if name in channel["messages"]]

    assert sorted(holding) == sorted(NAMES.of(MESSAGES[name]))


@pytest.mark.parametrize("name", MESSAGES)
def test_headers_are_those_that_are_written(name: str) -> None:
    written = {key: value.decode() for key, value in headers(MESSAGES[name], NOW)}
    told = DOCUMENT["components"]["messages"][name]["headers"]

    Draft202012Validator(told, format_checker=FormatChecker()).validate(written)
    assert list(written) == list(told["properties"]) == told["required"]
    assert written["ce_type"] == DOCUMENT["components"]["messages"][name]["name"]


@pytest.mark.parametrize("name", ["article", "deadLetter"])
def test_an_event_is_called_by_its_key_and_revision(name: str) -> None:
    written = dict(headers(MESSAGES[name], NOW))

    assert written["ce_id"].decode() == f"{message(MESSAGES[name], (), NOW).key.decode()}/1"


def remembered(memory: Memory, topic: str) -> list[Note]:
    """Return what is remembered of one record, as messages."""
    memory.begin()
    memory.settle(make_record())
    notes = memory.notes(topic, 3)
    memory.close()
    return notes


def test_what_workers_remember_is_as_it_says() -> None:
    told = DOCUMENT["components"]["messages"]["issued"]
    (holding,) = [address(one) for one in DOCUMENT["channels"].values() if "issued" in one["messages"]]
    notes = remembered(Memory(settle), NAMES.issued)

    assert {json.loads(note.key)[0] for note in notes} == {"seen", "issued"}
    for note in notes:
        assert note.topics == (holding,)
        Draft202012Validator(told["payload"]["schema"]).validate(json.loads(note.value or b""))
        Draft202012Validator(told["headers"]).validate(dict(note.headers))


def test_what_is_remembered_of_links_is_as_it_says() -> None:
    """A line of JSON, and bytes behind it in three tables; each table is named in the key's description."""
    told = DOCUMENT["components"]["messages"]["linked"]
    notes = remembered(Memory(Linking(Stories()).settle, LINKED), NAMES.linked)

    tables = {json.loads(note.key)[0]: (note.value or b"").partition(b"\n") for note in notes}
    assert tables.keys() == {table.name for table in LINKED}
    assert {name for name, (_, feed, _) in tables.items() if feed} == {"linked", "story", "article"}
    assert all(isinstance(json.loads(head), dict) for head, _, _ in tables.values())
    assert all(f'["{name}",' in told["bindings"]["kafka"]["key"]["description"] for name in tables)
    assert all(not note.headers for note in notes)


def test_what_fetchers_share_is_as_it_says() -> None:
    """The one of the three topics that others may write to has to be described to the letter."""
    feeds = [Defined(Feed(url="https://a.example/", tags=("x",), interval_seconds=60.0, pages=False), paused=True)]
    told = DOCUMENT["components"]["messages"]["feeds"]["payload"]["schema"]
    carried = Page(form=Form.HTML, body=b"<p>", origin=Origin(mode=Mode.RUN), url="https://a.example/1")
    asked = request(Wanted(7, "a.example:443", "1", carried, None, None, is_new=True), Places(3))

    Draft202012Validator(told).validate(json.loads(encoded(feeds) or b""))
    Draft202012Validator(DOCUMENT["components"]["messages"]["pageRequest"]["payload"]["schema"]).validate(
        json.loads(asked.body)
    )


def test_a_tombstone_has_no_value() -> None:
    assert DOCUMENT["components"]["messages"]["tombstone"]["payload"]["type"] == "null"
    assert message(MESSAGES["tombstone"], (), NOW).value is None


@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "tombstone"])
def test_values_are_of_the_schema_of_that_version(name: str) -> None:
    payload = DOCUMENT["components"]["messages"][name]["payload"]
    schema = found(payload["schema"]["$ref"])

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert payload["schemaFormat"].endswith("version=draft/2020-12")
    assert schema["properties"]["schema"]["const"] == 1


def test_settings_are_those_that_topics_are_made_with() -> None:
    made = replace(PLAN, names=NAMES).request(NAMES.every())
    for channel in DOCUMENT["channels"].values():
        told = channel["bindings"]["kafka"]["topicConfiguration"]
        configs = made[address(channel)]["configs"]
        kept = {"cleanup.policy": configs["cleanup.policy"].split(","), "retention.ms": int(configs["retention.ms"])}
        size = {key: int(value) for key, value in configs.items() if key == "max.message.bytes"}
        assert told == kept | size
