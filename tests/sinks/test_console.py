"""Records as lines on a stream."""

from __future__ import annotations

import io
import os
import signal
from contextlib import suppress

import pytest

from sinks import outbox
from sinks.base import Kind, SinkBrokenError
from sinks.console import ConsoleSink
from sinks.outbox import Outbox
from sinks.store import Store
from tests.builders import make_item


def test_records_are_printed_and_nothing_else():
    stream = io.BytesIO()
    sink = ConsoleSink(stream)

    assert sink.open() == 0
    sink.write(
        [make_item(body=b"1"), make_item(kind=Kind.SKIPPED, body=b"2"), make_item(kind=Kind.DEAD_LETTER, body=b"3")]
    )
    sink.write([make_item(body="vier: ü".encode())])
    sink.flush(4)
    sink.finish()
    sink.close()

    assert stream.getvalue() == "1\nvier: ü\n".encode()
    assert not stream.closed


def test_what_was_flushed_is_out():
    """A run that is looked at while it goes on."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        sink = ConsoleSink(writer)
        sink.open()
        sink.write([make_item(body=b"1")])
        sink.flush(1)

        assert reader.readline() == b"1\n"


def test_with_a_place_the_outbox_is_emptied_behind_it(tmp_path):
    """Else a dry run would end when the outbox is full, and wait for ever."""
    store = Store(tmp_path / "state.sqlite", [outbox.SCHEMA])
    box = Outbox(store, job="job")
    with store.transaction() as connection:
        box.add(connection, [make_item(), make_item()])
    sink = ConsoleSink(io.BytesIO(), box.ledger("console"))
    assert sink.open() == 0
    sink.flush(2)
    box.prune([sink.name])

    assert box.backlog() == (0, 0)
    assert sink.open() == 2
    store.close()


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_reader_that_has_gone_ends_it(buffering):
    """`| head` closes its end when it has enough; what went out cannot be sent again."""
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "wb", buffering=buffering)
    sink = ConsoleSink(stream)
    sink.open()

    def deliver():
        sink.write([make_item()])
        sink.flush(1)

    with pytest.raises(SinkBrokenError, match="console: cannot be written to: Broken pipe"):
        deliver()

    sink.close()
    with suppress(BrokenPipeError):  # the line is still in its buffer
        stream.close()
