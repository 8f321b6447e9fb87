"""A record as consumers see it has the shape that the JSON Schema publishes."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib import resources

import pytest

from sinks.codec import CodecError, encode_record
from sinks.published import PublishedRecord, published
from tests.builders import make_record

SCHEMA = json.loads((resources.files("sinks") / "schemas" / "record.v1.json").read_text("utf-8"))


def test_its_fields_are_those_of_the_schema_in_their_order() -> None:
    assert [field.name for field in fields(PublishedRecord)] == list(SCHEMA["properties"])


def test_it_holds_what_was_published() -> None:
    record = make_record()

    found = published(encode_record(record))

    assert (found.id, found.title, found.text) == (record.id, record.article.title, record.article.text)
    assert (found.published, found.topics) == (record.article.published, record.article.topics)
    assert (found.origin, found.revision, found.dup, found.story) == (
        *(record.origin, record.revision, record.dup, record.story),
    )
    assert found.event == (record.id, record.revision.n)
    (evidence,) = found.topics[0].evidence
    assert getattr(found, evidence.field)[evidence.start : evidence.end] == evidence.phrase


def test_fields_of_a_later_version_are_passed_over_and_another_schema_is_refused() -> None:
    row = json.loads(encode_record(make_record()))
    row |= {"sentiment": 0.5, "origin": {**row["origin"], "country": "KR"}}

    assert published(json.dumps(row).encode()) == published(encode_record(make_record()))
    with pytest.raises(CodecError, match="schema 2 is not known"):
        published(json.dumps({**row, "schema": 2}).encode())
