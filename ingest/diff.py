"""`newstap replay … --diff`: what today's code, rules and definitions would change, before anything is published.

Records are held against themselves with what comes behind extraction done anew. With `--against`, whatever an archive
holds is read and extracted anew and held against the records that were published of it.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ingest.changes import Change, changes
from ingest.config.plugins import load_processors
from ingest.documents import DocumentError, document_of
from ingest.jobs import STATE_FOLDER
from ingest.logs import visible
from ingest.pool import Pool
from ingest.profiles import profiles_of
from ingest.published import Compared, Published, Verdict
from ingest.recipe import Limits, Recipe, topics_of
from ingest.selection import EVERYTHING, Selected, Selection
from ingest.sources import archive
from ingest.sources.base import Mark, PassedOver
from ingest.sources.opening import InputError, discovered
from processors.chain import Chain
from processors.identity import host_of
from processors.records import Failed, Form, Page, Record, Skipped
from processors.topics.tag import TagTopics
from sinks.codec import CodecError, decode_failed
from sinks.store import Store

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Iterator, Sequence

    from ingest.config import Config
    from processors.records import Outcome

log = logging.getLogger(__name__)

HOSTS = 20
"""Hosts that are named in the summary, those with the most changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    inputs: tuple[str, ...]
    against: Path | None = None
    """The folder of what was published; None where the inputs are that."""
    topics: tuple[str, ...] | None = None
    """As in `Recipe`."""
    selection: Selection = EVERYTHING
    workers: int = 0


def diff(config: Config, options: Options, stop: threading.Event, out: IO[str] | None = None) -> int:
    """Print what a replay would change in records; return 0, or 1 if stopped before the end.

    Nothing is delivered or remembered.

    Args:
        config: for rules, topics and processors.
        options: of the command line.
        stop: ends it early.
        out: where to print; standard output by default.

    Raises:
        InputError: an input cannot be used; without `against` one holds something else than records, with it there
            are none.
        TopicsError: topics are wrong, or one is selected that is not looked for.
        ConfigError: a processor cannot be built.
        PoolError: no worker can be built.
    """
    files, _ = discovered(options.inputs)
    definitions = topics_of(Recipe(config=config, topics=options.topics))
    options.selection.check(definitions.names)
    tagger = TagTopics(definitions)
    told = _Told(tagger, out or sys.stdout)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newstap-diff-")))
        store = stack.enter_context(closing(Store(folder / "diff.sqlite", (archive.SCHEMA,))))
        stdin = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
        source = archive.ArchiveSource(files, store, max_page_bytes=config.fetch.max_page_bytes, stdin=stdin)
        if options.against is None:
            chain = Chain(readers={}, steps=(*load_processors(config), tagger), fingerprint={})
            pairs: Iterator[tuple[Compared, Outcome] | None] = _again(source, chain, options.selection)
        else:
            published = stack.enter_context(closing(Published(options.against, folder)))
            recipe = Recipe(config=config, definitions=definitions)
            pairs = stack.enter_context(closing(_anew(source, published, recipe, options)))
        for pair in pairs:
            if stop.is_set():
                log.warning("stopped after %d documents", told.documents)
                return 1
            if pair is not None:
                told.one(*pair)
    told.summary()
    return 0


def _again(source: archive.ArchiveSource, chain: Chain, selection: Selection) -> Iterator[tuple[Compared, Outcome]]:
    """Yield each record beside what it becomes."""
    for record, page in _records(source):
        if selection.takes(record):
            yield Compared(Verdict.CHANGED, record), chain.again(record, page)


def _anew(
    source: archive.ArchiveSource, published: Published, recipe: Recipe, options: Options
) -> Generator[tuple[Compared, Outcome] | None, None, None]:
    """Yield what becomes of each document, beside what was published of it; None now and then."""
    config, against = recipe.config, options.against or Path()
    learned = profiles_of(config, against / STATE_FOLDER).snapshot()
    limits = Limits(config.extraction.worker_timeout_seconds, config.extraction.worker_memory_mb, 10_000)
    workers = options.workers or config.extraction.workers or len(os.sched_getaffinity(0))
    pool = Pool[Mark](replace(recipe, profiles=learned), workers=workers, limits=limits)
    entries = Selected(source, options.selection).entries()
    pages: Iterator[Any] = ((entry.content, entry.mark) for entry in entries if entry is not None)
    with closing(pool.run(pages)) as outcomes:
        for answer in outcomes:
            outcome: Outcome | PassedOver | None = answer[0] if answer is not None else None
            if outcome is None or isinstance(outcome, PassedOver) or not options.selection.takes(outcome):
                yield None
            else:
                yield published.compared(outcome), outcome


def _records(source: archive.ArchiveSource) -> Iterator[tuple[Record, Page]]:
    for entry in source.entries():
        if isinstance(entry.content, Failed):
            raise InputError(entry.content.error)
        if isinstance(entry.content, Page) and (record := _record_of(entry.content)):
            yield record, entry.content


def _record_of(page: Page) -> Record | None:
    """Return the record that a page holds; None for another line of newstap's own."""
    held, why = None, ""
    try:
        held = document_of(page) if page.form is Form.LINE else page
    except DocumentError as error:
        why = f" ({error})"
    if isinstance(held, Record):
        return held
    if isinstance(held, Skipped) or _is_dead_letter(page):
        return None
    where = page.origin.archive
    place = f"{where.file}: at byte {where.offset}" if where else "standard input"
    raise InputError(
        f"{place}: no record{why}; --diff compares newstap's own records, as in records/ of a files sink;"
        " --against DIR names those that were made of other documents"
    )


def _is_dead_letter(page: Page) -> bool:
    try:
        decode_failed(page.body)
    except CodecError:
        return False
    return True


@dataclass(slots=True)
class _Told:
    """Prints what would change, and counts it."""

    tagger: TagTopics
    out: IO[str]
    documents: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)

    def one(self, compared: Compared, outcome: Outcome) -> None:
        """Print one document's changes; nothing where its record would stay as it is."""
        self.documents += 1
        verdict, before = compared
        found: list[Change] = []
        if verdict in {Verdict.CHANGED, Verdict.GONE} and before is not None:
            found = list(changes(before.article, outcome, self.tagger))
            verdict = verdict if found else Verdict.UNCHANGED
            self._print(f"record {before.id}, revision {before.revision.n}", before, found)
        elif verdict is Verdict.NEW and isinstance(outcome, Record):
            found = [Change("new", ["would come: nothing was published of this document"])]
            self._print(f"record {outcome.id}", outcome, found)
        self.verdicts[verdict] += 1

    def _print(self, name: str, record: Record, found: Sequence[Change]) -> None:
        if not found:
            return
        article = record.article
        self.counts.update(change.label for change in found)
        self.hosts[host_of(article.url or article.canonical_url) or "no host"] += 1
        self.out.write(f"{name}: {visible(article.title)}\n")
        self.out.writelines(f"  {line}\n" for change in found for line in change.lines)

    def summary(self) -> None:
        """Log the counts."""
        each = ", ".join(f"{label} {n}" for label, n in sorted(self.counts.items()))
        compared = sum(self.verdicts[one] for one in Verdict if one not in {Verdict.SUPERSEDED, Verdict.ABSENT})
        log.info("%d records compared, %d would change%s", compared, self.hosts.total(), f": {each}" if each else "")
        if self.hosts:
            named = ", ".join(f"{host} {n}" for host, n in self.hosts.most_common(HOSTS))
            rest = len(self.hosts) - HOSTS
            log.info("by host: %s%s", named, f", and {rest} others" if rest > 0 else "")
        if n := self.verdicts[Verdict.SUPERSEDED]:
            log.info("%d documents are older states of articles, whose newest record counts", n)
        log.info("nothing was delivered or remembered")
