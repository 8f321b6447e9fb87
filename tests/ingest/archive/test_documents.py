"""What is kept of documents with their outcomes, whatever those are, and where outcomes then say it lies."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ingest import state
from ingest.archive.files import files_of
from ingest.archive.reading import Stored, one, stored
from ingest.archive.redaction import redact
from ingest.config import Archive
from ingest.fetch.messages import Headers, Response, Wire
from ingest.live.archiving import Archiving, archiving_of
from ingest.live.source import LiveSource
from processors.records import Failed, Form, Mode, Origin, Reason, Skipped, Step
from sinks.outbox import Outbox
from tests.builders import make_page, make_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processors.records import ArchiveRef, Page
    from sinks.store import Store

RUN = Origin(mode=Mode.RUN, document_id="g-1", feed="http://courier.example/feed")
ANSWER = Response(
    status=200,
    headers=Headers([(b"Content-Type", b"text/html")]),
    body=b"<html>",
    final_url="http://courier.example/a",
    hops=(),
    fetched=datetime(2026, 11, 25, tzinfo=UTC),
    remote=None,
    wire=Wire(request=b"GET /a HTTP/1.1\r\n\r\n", status_line=b"HTTP/1.1 200 OK", body=b"<html>"),
)


class Kept:
    """A service's archive and its source, without a service."""

    def __init__(self, archiving: Archiving, store: Store) -> None:
        self.source = LiveSource(lambda: None, keeping=True)
        self._archiving, self._store = archiving, store
        archiving.follow(self.source)

    def settled(self, outcome: Any) -> Any:
        batch = [(outcome, 1)]
        prepared = self._archiving.prepare(batch)
        with self._store.transaction() as connection:
            (located,) = self._archiving.keep(connection, batch, prepared)
            self._archiving.sync()
        return located

    @property
    def records(self) -> list[Stored]:
        (file,) = files_of(self._archiving.files.path).values()
        return [each for each in stored(file) if isinstance(each, Stored)]

    def at(self, ref: ArchiveRef | None) -> Stored:
        assert ref is not None
        (file,) = files_of(self._archiving.files.path).values()
        assert ref.file == str(file)
        found = one(file, ref.offset)
        assert isinstance(found, Stored)
        return found


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with closing(state.owned(tmp_path / "state")) as store, ExitStack() as stack:
        yield Kept(archiving_of(Archive(path=tmp_path / "archive"), Outbox(store, job="run"), stack), store)


def html_page() -> Page:
    return make_page(form=Form.HTML, body=b"<html>", origin=RUN, url="http://courier.example/a")


def test_a_page_that_is_handed_to_workers_says_where_it_lies(kept: Kept) -> None:
    """Who makes the record tells what it went by, so nothing is told of it here."""
    page = html_page()
    kept.source.offer(1, page, ANSWER)
    located = kept.settled(page)
    assert [each.kind for each in kept.records] == ["warcinfo", "metadata", "request", "response"]
    assert kept.at(located.origin.archive).kind == "response"
    told = kept.records[1].told
    assert (told["kind"], told["became"], told["fingerprint"]) == ("page", None, None)


def test_a_dead_letters_input_says_so_too(kept: Kept) -> None:
    """It is what will be replayed, perhaps alone."""
    page = html_page()
    kept.source.offer(1, page, ANSWER)
    located = kept.settled(Failed(origin=RUN, url=page.url, step=Step.EXTRACT, error="dead", page=page))
    assert located.page.origin.archive == located.origin.archive
    assert kept.records[1].told["became"] == {"failed": "extract"}


def test_a_page_that_is_reserved_is_not_kept_only_that_it_was_skipped(kept: Kept) -> None:
    skipped = Skipped(origin=RUN, url="http://courier.example/a", reason=Reason.RESERVED)
    kept.source.offer(1, skipped, ANSWER)
    located = kept.settled(skipped)
    assert [each.kind for each in kept.records] == ["warcinfo", "metadata"]
    assert kept.at(located.origin.archive).told["skipped"]["reason"] == "reserved"


def test_what_stands_in_for_a_page_is_kept_as_the_feed_had_it(kept: Kept) -> None:
    carried = make_page(form=Form.CARRIED, body=b"<p>caf\xc3\xa9</p>", origin=RUN, url="http://courier.example/a")
    kept.source.offer(1, carried)
    located = kept.settled(Skipped(origin=RUN, url=carried.url, reason=Reason.EMPTY))
    told = kept.at(located.origin.archive).told
    assert (told["kind"], told["became"]) == ("entry", {"skipped": "empty"})
    assert told["page"]["input"]["body"] == "<p>café</p>"


@pytest.mark.parametrize("form", [Form.HTML, Form.CARRIED])
def test_the_shortest_of_what_is_kept_has_room_for_its_tombstones(kept: Kept, form: Form, tmp_path: Path) -> None:
    """The request of this answer is one line, shorter than any that we send."""
    page = html_page() if form is Form.HTML else make_page(form=form, body=b"", origin=RUN)
    record = make_record(origin=RUN)
    kept.source.offer(1, page, ANSWER if form is Form.HTML else None)
    kept.settled(record)
    before = [each.offset for each in kept.records]
    assert redact(tmp_path / "archive", {record.id}) == len(before) - 1
    assert [each.offset for each in kept.records] == before
    assert {each.told["kind"] for each in kept.records[1:]} == {"retracted"}
