"""What is kept of a feed: the document where it is another than before, else a reference to that one."""

from __future__ import annotations

import gzip
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest import archived, state
from ingest.archive.files import files_of
from ingest.archive.reading import Stored, stored
from ingest.config import Archive
from ingest.fetch.messages import Headers, Response, Wire
from ingest.live.archiving import Archiving, archiving_of
from sinks.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sinks.store import Store

URL = "http://courier.example/feed"


class Kept:
    """An archive of a feed's answers."""

    def __init__(self, store: Store, path: Path) -> None:
        self.store, self.path = store, path

    def answers(self, wanted: Archive, *answers: Response) -> None:
        """Keep the first as a document that is new, the others as unchanged."""
        with ExitStack() as stack:
            archiving = archiving_of(wanted, Outbox(self.store, job="run"), stack)
            for number, answer in enumerate(answers):
                self._keep(archiving.document if number == 0 else archiving.unchanged, archiving, answer)

    def unchanged(self, wanted: Archive, answer: Response) -> None:
        """Keep an answer as unchanged, whatever was before."""
        with ExitStack() as stack:
            archiving = archiving_of(wanted, Outbox(self.store, job="run"), stack)
            self._keep(archiving.unchanged, archiving, answer)

    def _keep(self, keep: Callable[..., None], archiving: Archiving, answer: Response) -> None:
        with self.store.transaction() as connection:
            keep(connection, answer, URL)
            archiving.sync()

    @property
    def records(self) -> list[tuple[str, str | None]]:
        """Type and profile of each record but what goes along with responses."""
        found = [one for file in files_of(self.path).values() for one in stored(file) if isinstance(one, Stored)]
        told = [(one.kind, (one.headers.get("warc-profile") or "").rpartition("/")[2] or None) for one in found]
        return [one for one in told if one[0] in {"response", "revisit"}]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with closing(state.owned(tmp_path / "state")) as store:
        yield Kept(store, tmp_path / "archive")


@pytest.fixture
def wanted(tmp_path: Path) -> Archive:
    return Archive(path=tmp_path / "archive")


def came(body: bytes = b"<rss/>", *, status: int = 200, raw: bytes | None = None) -> Response:
    wire = Wire(request=b"GET /feed HTTP/1.1\r\n\r\n", status_line=b"HTTP/1.1 %d X" % status, body=raw or body)
    return Response(
        status=status,
        headers=Headers([(b"Content-Type", b"application/rss+xml")]),
        body=body,
        final_url=URL,
        hops=(),
        fetched=datetime(2026, 11, 25, tzinfo=UTC),
        remote="192.0.2.1",
        wire=wire,
    )


def test_an_unchanged_document_is_a_reference(kept: Kept, wanted: Archive) -> None:
    kept.answers(wanted, came(), came(), came(b"", status=304))
    assert kept.records == [
        ("response", None),
        ("revisit", "identical-payload-digest"),
        ("revisit", "server-not-modified"),
    ]


def test_the_same_document_in_other_bytes_is_kept_again(kept: Kept, wanted: Archive) -> None:
    """The payload is what was sent: a reference to other bytes would have a wrong digest."""
    packed = gzip.compress(b"<rss/>", mtime=1)
    kept.answers(wanted, came(), came(raw=packed), came(raw=packed))
    assert kept.records == [("response", None), ("response", None), ("revisit", "identical-payload-digest")]


def test_a_304_without_a_document_in_the_archive_refers_to_nothing(kept: Kept, wanted: Archive) -> None:
    """The archive is younger than the feed, or has lost the file: no reference leads nowhere."""
    kept.unchanged(wanted, came(b"", status=304))
    assert kept.records == []
    kept.answers(wanted, came())
    with kept.store.transaction() as connection:
        archived.forget_file(connection, 1)
    kept.unchanged(wanted, came(b"", status=304))
    assert kept.records == [("response", None)]


@pytest.mark.parametrize(("feeds", "kinds"), [("changed", ["response"]), ("none", [])])
def test_an_operator_may_want_less(kept: Kept, tmp_path: Path, feeds: str, kinds: list[str]) -> None:
    kept.answers(Archive(path=tmp_path / "archive", feeds=feeds), came(), came(), came(b"", status=304))
    assert [kind for kind, _ in kept.records] == kinds
