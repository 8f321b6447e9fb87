"""Lines that are taken out leave stones of their length, in files of every compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sinks.base import Kind
from sinks.files import FilesSink
from sinks.files_reading import opened, read_lines
from sinks.files_redaction import redact, stone
from sinks.outbox import SCHEMA, Outbox
from sinks.store import Store
from tests.builders import make_item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = [f"{n:032x}" for n in range(4)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    store = Store(tmp_path / "state.sqlite", (SCHEMA,))
    yield Outbox(store, job="test")
    store.close()


def wanted(kind: Kind, line: bytes) -> str | None:
    return next((key for key in KEYS[1:3] if kind is Kind.RECORD and key.encode() in line), None)


def write(sink: FilesSink, keys: list[str], begin: int) -> None:
    sink.open()
    sink.write([make_item(seq=n, key=key, body=line_of(key)) for n, key in enumerate(keys, begin)])
    sink.flush(begin + len(keys) - 1)


def line_of(key: str) -> bytes:
    return b'{"schema":1,"id":"%s","text":"Twice a day the ferry sails."}' % key.encode()


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_the_sink_goes_on_behind_them(compression: str, box: Outbox, tmp_path: Path) -> None:
    """In a finished file and in the active one, with what is left of a killed run swept away."""
    out = tmp_path / "out"
    sink = FilesSink(out, box.ledger("files"), compression=compression)
    write(sink, KEYS[:2], 1)
    sink.finish()
    write(sink, KEYS[2:], 3)
    sink.close()
    (out / "records" / "part-active.jsonl.part").write_bytes(line_of(KEYS[1]))

    assert redact(out, wanted) == 2
    assert redact(out, wanted) == 0, "what is done stays done"
    write(sink, ["f" * 32], 5)
    sink.close()

    assert [line.body for line in read_lines(out / "records")] == [
        line_of(KEYS[0]),
        line_of(KEYS[3]),
        line_of("f" * 32),
    ]
    assert [len(line.body) for line in read_lines(out / "records", stones=True)] == [len(line_of(KEYS[0]))] * 5
    assert not list(out.rglob("*.part"))
    for file in (out / "records").iterdir():
        with opened(file) as stream:
            assert not any(
                line.startswith(b'{"schema') and key.encode() in line for line in stream for key in KEYS[1:3]
            )


def test_a_line_that_is_too_short_is_told() -> None:
    with pytest.raises(ValueError, match="too short"):
        stone(KEYS[0], 20)
