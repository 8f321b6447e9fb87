"""The JSON Schemas and `docs/records.md` say what the code writes, no more and no less."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from importlib import resources
from itertools import chain

import pytest
from jsonschema import Draft202012Validator, ValidationError

from processors.identity import TRACKING
from processors.records import (
    ArchiveRef,
    Article,
    Copy,
    Evidence,
    Form,
    Hint,
    Mode,
    Origin,
    Page,
    Reason,
    Removal,
    Revision,
    Step,
    Story,
    TextSource,
    TopicTag,
)
from sinks import codec
from tests.builders import make_failed, make_page, make_record, make_skipped
from tests.conftest import CHECKOUT
from tests.sinks.test_codec import WIRE

NAMES = ("record", "dead-letter", "skipped", "page")
NUMBERED = (Reason, Step, Mode, Form, TextSource)
ADDED = {
    Origin: {"fallback", "reserved"},
    Hint: {"content", "url"},
    Article: {"image_caption", "paywalled", "provenance", "wire"},
    Revision: {"numbers", "diff"},
    Story: {"merged"},
}
"""What earlier versions did not write yet: lines without it stay valid."""


def schema(name):
    return json.loads((resources.files("sinks") / "schemas" / f"{name}.v1.json").read_text("utf-8"))


def at(name, *path):
    """The properties of one part of a schema; a part that may be null counts as the other."""
    part = schema(name)
    for step in path:
        part = part["properties"][step]
        part = next((one for one in part.get("oneOf", []) if one.get("type") == "object"), part)
        part = part.get("items", part)
    return part


def names(kind):
    return {"class" if field.name == "kind" and kind is Revision else field.name for field in fields(kind)}


ENCODED = [
    ("record", codec.encode_record(make_record())),
    ("dead-letter", codec.encode_failed(make_failed())),
    ("dead-letter", codec.encode_failed(make_failed(page=make_page(body=b"\xff")))),
    ("dead-letter", codec.encode_failed(make_failed(page=None))),
    ("skipped", codec.encode_skipped(make_skipped())),
    ("page", codec.encode_whole_page(make_page())),
    *((path.name.partition(".")[0], path.read_bytes()) for path in sorted(WIRE.glob("*.json"))),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_describes_every_field(name):
    Draft202012Validator.check_schema(schema(name))
    parts = [schema(name)]
    for part in parts:
        inner = [
            *part.get("properties", {}).values(),
            *part.get("oneOf", []),
            *([part["items"]] if "items" in part else []),
        ]
        parts += inner
        assert all(one.get("description") for one in part.get("properties", {}).values() if "oneOf" not in one)
        if "properties" in part:
            assert set(part.get("required", [])) <= set(part["properties"])


@pytest.mark.parametrize(("name", "body"), ENCODED)
def test_what_is_written_is_valid(name, body):
    Draft202012Validator(schema(name)).validate(json.loads(body))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("record", ("schema",), 2),
        ("record", ("id",), ""),
        ("record", ("title",), None),
        ("record", ("text_source",), "dream"),
        ("record", ("topics", 0, "score"), 1.5),
        ("record", ("topics", 0, "evidence", 0, "start"), -1),
        ("record", ("topics", 0, "evidence", 0, "field"), "section"),
        ("record", ("removed", 0), {"rule": "x"}),
        ("record", ("revision", "n"), 0),
        ("record", ("dup", "kind"), "dream"),
        ("record", ("origin", "mode"), "dream"),
        ("record", ("origin", "fallback"), "dream"),
        ("record", ("origin", "reserved"), "noai"),
        ("record", ("fingerprint", "rules"), 5),
        ("record", ("paywalled",), "no"),
        ("record", ("provenance", "title"), 5),
        ("dead-letter", ("dead_letter",), False),
        ("dead-letter", ("step",), "dream"),
        ("dead-letter", ("attempt",), 0),
        ("dead-letter", ("input", "body_base64"), "AA=="),
        ("dead-letter", ("input", "hint", "content"), 5),
        ("skipped", ("reason",), "dream"),
        ("skipped", ("detail",), 5),
        ("page", ("page",), False),
        ("page", ("input",), None),
    ],
)
def test_what_is_not_ours_is_not_valid(name, path, value):
    row = json.loads(next(body for of, body in ENCODED if of == name))
    place = row
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(ValidationError):
        Draft202012Validator(schema(name)).validate(row)


@pytest.mark.parametrize(("name", "body"), ENCODED[:6])
def test_every_field_that_is_written_is_required_and_no_other(name, body):
    row = json.loads(body)

    assert set(schema(name)["required"]) == set(row) - ADDED[Article]
    assert set(schema(name)["properties"]) == set(row)
    for field, value in row.items():
        if isinstance(value, dict) and field not in {"fingerprint", "provenance"}:
            part = at(name, field)
            assert set(part["required"]) <= set(value) <= set(part["properties"])


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (TopicTag, ("record", "topics")),
        (Evidence, ("record", "topics", "evidence")),
        (Revision, ("record", "revision")),
        (Copy, ("record", "dup")),
        (Story, ("record", "story")),
        (Hint, ("dead-letter", "input", "hint")),
        *(
            (kind, (name, *path))
            for name in NAMES
            for kind, path in ((Origin, ["origin"]), (ArchiveRef, ["origin", "archive"]))
        ),
    ],
)
def test_the_schemas_have_the_fields_of_the_types(kind, path):
    part = at(*path)

    assert set(part["properties"]) == names(kind)
    assert set(part["required"]) == names(kind) - ADDED.get(kind, set())


def test_a_removal_has_a_receipt_where_there_is_one():
    part = at("record", "removed")

    assert set(part["properties"]) == names(Removal)
    assert set(part["required"]) == {"rule", "text"}


def test_a_record_has_every_field_of_an_article_and_an_input_every_one_of_a_page():
    assert names(Article) <= set(schema("record")["properties"])
    assert names(Page) - {"origin", "attempt", "as_of"} <= set(at("dead-letter", "input")["properties"])


def test_what_workers_are_given_is_what_a_dead_letter_keeps_of_it():
    for shared in ("schema", "attempt", "origin"):
        assert schema("page")["properties"][shared] == schema("dead-letter")["properties"][shared]
    assert at("page", "input") == at("dead-letter", "input")


def test_the_closed_lists_are_the_codes():
    assert schema("skipped")["properties"]["reason"]["enum"] == [reason.value for reason in Reason]
    assert schema("dead-letter")["properties"]["step"]["enum"] == [step.value for step in Step]
    assert at("dead-letter", "input", "form")["enum"] == [form.value for form in Form]
    for name in NAMES:
        assert at(name, "origin", "mode")["enum"] == [mode.value for mode in Mode]
        assert at(name, "origin", "fallback")["enum"] == [*(reason.value for reason in Reason), None]
    for place in (at("record", "text_source"), at("dead-letter", "input", "text_source")):
        assert place["enum"] == [source.value for source in TextSource]


@pytest.fixture(scope="module")
def sections():
    """The sections of the document: heading to text."""
    text = (CHECKOUT / "docs" / "records.md").read_text("utf-8")
    parts = re.split(r"^#{2,3} (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section):
    """The names in the first column of a section's tables, whose other columns must say something."""
    rows = [row.strip("|").split("|") for row in section.splitlines() if row.startswith("| `")]
    assert [row for row in rows if not row[1].strip() or not row[min(2, len(row) - 1)].strip()] == []
    return list(chain.from_iterable(re.findall(r"`([^`]+)`", row[0]) for row in rows))


def flat(properties, prefix=""):
    for name, given in properties.items():
        part = next((one for one in given.get("oneOf", []) if one.get("type") == "object"), given)
        yield prefix + name
        if "properties" in part:
            yield from flat(part["properties"], f"{prefix}{name}.")
        if "properties" in part.get("items", {}):
            yield from flat(part["items"]["properties"], f"{prefix}{name}[].")


@pytest.mark.parametrize("field", ["topics", "removed", "revision", "dup", "story", "origin"])
def test_every_part_of_a_record_is_documented(sections, field):
    assert sorted(documented(sections[field])) == sorted(flat(at("record", field)["properties"]))


@pytest.mark.parametrize(("heading", "name"), [("A record", "record"), ("A skipped document", "skipped")])
def test_every_field_is_documented_in_its_order(sections, heading, name):
    assert documented(sections[heading]) == list(schema(name)["properties"])


def test_every_field_of_a_dead_letter_is_documented(sections):
    wanted = [f for f in flat(schema("dead-letter")["properties"]) if not f.startswith(("origin.", "input.hint."))]

    assert documented(sections["A dead letter"]) == wanted
    assert all(f"`{name}`" in sections["A dead letter"] for name in names(Hint))


def test_every_reason_and_step_is_documented(sections):
    assert documented(sections["Reasons"]) == [reason.value for reason in Reason]
    assert documented(sections["Steps"]) == [step.value for step in Step]


def test_every_tracking_parameter_is_documented(sections):
    _, _, told = sections["Canonical URL"].partition("Tracking parameters, ")
    named = re.findall(r"`([\w*]+)`", told.partition(":\n")[2])

    assert sorted(named) == sorted(TRACKING)


def test_every_code_of_the_types_is_documented(sections):
    text = " ".join(sections.values())

    assert [value for kind in NUMBERED for value in kind if f"`{value}`" not in text] == []
