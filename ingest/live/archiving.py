"""What a running service archives: documents with their outcomes, feeds with what their polls brought."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from ingest import archived, retracted
from ingest.archive import entries
from ingest.archive.files import Files
from ingest.archive.records import digest_of, stamp
from ingest.archive.upkeep import Rules, Upkeep
from ingest.archived import Original
from ingest.knowledge import FOLDER, Knowledge
from processors.records import Failed, Page, Record, Skipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence
    from contextlib import ExitStack

    from ingest import config
    from ingest.archive.records import Group
    from ingest.fetch.messages import Response
    from ingest.live.source import LiveSource
    from ingest.recipe import Recipe
    from processors.records import ArchiveRef
    from sinks.outbox import Outbox

_TEND_SECONDS = 10.0
C = TypeVar("C")
"""An outcome, or a page that is handed on."""


class Archiving:
    """Puts into the archive what the service settles; implements `ingest.pipeline.Keeper`.

    Args:
        files: of the archive, open.
        upkeep: of these files.
        feeds: as `[archive] feeds`.
        taken: ids of the articles that were taken down: of these only the skip is kept, never the page.
    """

    def __init__(self, files: Files, upkeep: Upkeep, feeds: str, taken: Collection[str] = ()) -> None:
        self.files = files
        self.upkeep = upkeep
        self._feeds = feeds
        self._taken = taken
        self._knowledge = Knowledge(files.path / FOLDER)
        self._fingerprint: dict[str, str | None] | None = None
        self._source: LiveSource | None = None

    async def tend(self) -> None:
        """Keep the archive in order, for ever."""
        while True:
            await asyncio.to_thread(self.upkeep.look)
            await asyncio.sleep(_TEND_SECONDS)

    def end(self) -> None:
        """Finish the file being written: nothing more comes."""
        self.upkeep.look(ended=True)

    def follow(self, source: LiveSource) -> None:
        """Look here for what outcomes were made of."""
        self._source = source

    def began(self, recipe: Recipe | None) -> None:
        """Keep what workers are built from; outcomes from now on are theirs. None: the chain is elsewhere.

        Raises:
            OSError: it cannot be kept.
        """
        self._fingerprint = None if recipe is None else asdict(self._knowledge.keep(recipe))

    def prepare(self, batch: Sequence[tuple[C | None, int]], /) -> list[Group]:
        """See `Keeper`: records, compressed."""
        return [self._group(outcome, number) for outcome, number in batch]

    def keep(
        self, connection: sqlite3.Connection, batch: Sequence[tuple[C | None, int]], prepared: Sequence[Group], /
    ) -> list[C | None]:
        """See `Keeper`."""
        refs, _ = self.files.append(connection, prepared)
        return [_located(outcome, ref) for (outcome, _), ref in zip(batch, refs, strict=True)]

    def sync(self) -> None:
        """See `Keeper`."""
        self.files.sync()

    def document(self, connection: sqlite3.Connection, response: Response, asked: str) -> None:
        """Keep a feed's document that was not there before, in the transaction that keeps what it brought."""
        made = None if self._feeds == "none" else entries.feed(response, asked)
        if made is None or response.wire is None:
            return
        group, name = made
        _, number = self.files.append(connection, [group])
        original = Original(name, stamp(response.fetched), group.digest, number)
        archived.remember(connection, response.final_url, original)

    def unchanged(self, connection: sqlite3.Connection, response: Response, asked: str) -> None:
        """Keep that a feed's document is as it was: a reference, or the bytes where they came in another coding."""
        before = archived.original(connection, response.final_url)
        if self._feeds != "all" or response.wire is None or (before is None and response.status == 304):
            return
        if before is None or (response.status != 304 and digest_of(response.wire.body) != before.digest):
            self.document(connection, response, asked)
        elif (group := entries.unchanged(response, before)) is not None:
            self.files.append(connection, [group])

    def skipped(self, connection: sqlite3.Connection, outcomes: Sequence[Skipped]) -> list[Skipped]:
        """Keep entries, at least one, that are skipped at once; return them with where that is."""
        refs, _ = self.files.append(connection, [entries.skipped(each) for each in outcomes])
        return [
            replace(each, origin=replace(each.origin, archive=ref)) for each, ref in zip(outcomes, refs, strict=True)
        ]

    def _group(self, outcome: object, number: int) -> Group:
        if self._source is None:
            raise ValueError("nothing to look for pages in: follow a source first")
        content, response, _ = self._source.given(number)
        if isinstance(content, Skipped):
            return entries.skipped(content)
        key = retracted.key_of_outcome(outcome) if self._taken else None
        if isinstance(outcome, Record | Failed) and key is not None and key in self._taken:
            return entries.skipped(retracted.instead(outcome, key))
        return entries.document(content, response, outcome, self._fingerprint)


def archiving_of(wanted: config.Archive, box: Outbox, stack: ExitStack) -> Archiving:
    """Open the archive of a configuration, until the stack is left.

    Raises:
        ArchiveError: it cannot be used.
    """
    files = Files(
        wanted.path,
        f"{box.state_id}-archive",
        software=f"newstap/{version('newstap')}",
        rotate_bytes=wanted.rotate_bytes,
        rotate_seconds=wanted.rotate_seconds,
    )
    stack.callback(files.close)
    with box.store.reading() as connection:
        files.open(connection)
        taken = frozenset(one.id for one in retracted.every(connection))
    rules = Rules(rotate_seconds=wanted.rotate_seconds, keep_days=wanted.keep_days, keep_bytes=wanted.keep_bytes)
    return Archiving(files, Upkeep(files, box.store, rules), wanted.feeds, taken)


def _located(outcome: C, ref: ArchiveRef) -> C:
    """Return an outcome, and the input that it holds, with where that lies."""
    if not isinstance(outcome, Page | Record | Skipped | Failed):
        return outcome
    located = replace(outcome, origin=replace(outcome.origin, archive=ref))
    if isinstance(located, Failed) and located.page is not None:
        located = replace(located, page=replace(located.page, origin=located.origin))
    return located
