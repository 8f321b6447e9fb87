"""`newstap replay`: archived documents through the chain into the sinks, resumable at document level."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

from ingest import jobs
from ingest.delivery import Delivery
from ingest.pipeline import HandOn, Pipeline, settle
from ingest.pool import Pool, preload
from ingest.profiles import Learner, Profiles
from ingest.progress import Progress
from ingest.recipe import Limits, Recipe, topics_of
from ingest.routing import handed_on
from ingest.sources.archive import ArchiveSource
from ingest.sources.base import Mark, SourceError
from ingest.sources.opening import discovered
from ingest.wiring import MIGRATIONS, kafka_sink, sinks_of
from processors.records import Page, Step
from sinks.base import Kind, Sink
from sinks.console import ConsoleSink
from sinks.outbox import Outbox
from sinks.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.config import Config, Sinks
    from processors.records import Outcome

log = logging.getLogger(__name__)

RECYCLE_PAGES = 10_000
"""Pages until a worker is replaced, in case a library leaks; a new one takes as long as some 60 pages do."""
_DRAIN_SECONDS = 10.0
"""How long an interrupted replay waits for sinks that work; what they have not taken by then waits in the outbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line of one replay says."""

    inputs: tuple[str, ...]
    dry_run: bool = False
    distribute: bool = False
    """Hand the pages to workers (`newstap work`) in place of making records of them here."""
    restart: bool = False
    strict: bool = False
    workers: int = 0
    rate: float = 0.0
    topics: tuple[str, ...] | None = None
    """Names; empty for all; None for what the configuration enables."""


def replay(
    config: Config,
    sinks: Sinks,
    options: Options,
    stop: threading.Event,
    *,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> int:
    """Run a replay job to its end, or until `stop` is set; return the exit code.

    Args:
        config: for everything but the sinks.
        sinks: where to write.
        options: of the command line.
        stop: ends the job early, in an orderly way.
        on_outcome: called with each outcome once it is committed.

    Raises:
        InputError: an input cannot be used.
        JobError: the target belongs to another job.
        PoolError: rules, topics or processors are wrong, so that no worker can start.
        TopicsError: topics are wrong.
        StoreError: the state cannot be used, or another process works on the job.
        BrokenPipeError: a dry run's reader has gone.
    """
    files, ignored = discovered(options.inputs)
    if not options.distribute:
        preload()  # first, since the workers' libraries are loaded meanwhile
    topics = topics_of(Recipe(config=config, topics=options.topics))
    recipe = Recipe(config=config, definitions=topics)
    with ExitStack() as stack:
        if options.dry_run:
            box = _scratch_outbox(stack)
            targets: list[Sink] = [ConsoleSink(sys.stdout.buffer, box.ledger(ConsoleSink.name))]
        else:
            job = jobs.job_of(options.inputs, sinks, distributed=options.distribute)
            box = jobs.opened(job, config, restart=options.restart)
            targets = _targets(config, sinks, options, box, topics.names)
        stack.callback(box.store.close)
        source = ArchiveSource(files, box.store, max_page_bytes=config.fetch.max_page_bytes, stdin=_stdin())
        if options.distribute:
            code = _assembled(source, None, box, targets, options, stop, on_outcome).complete()
        else:
            code = _extracted(source, recipe, box, targets, options, stop, on_outcome)
    if ignored:
        log.info("%s of other kinds ignored", _counted(ignored, "file"))
    if not options.dry_run:
        _tell_targets(sinks)
    return code


def _extracted(  # noqa: PLR0917 - as of _assembled
    source: ArchiveSource,
    recipe: Recipe,
    box: Outbox,
    targets: Sequence[Sink],
    options: Options,
    stop: threading.Event,
    on_outcome: Callable[[Outcome], None] | None,
) -> int:
    """Run the chain here, with what is known of sites, and keep what it teaches."""
    config = recipe.config
    profiles = Profiles(config.state.path if config.file is not None else box.store.path.parent)
    pool = _pool(replace(recipe, profiles=profiles.snapshot(box.store)), options)
    learner = None if options.dry_run else Learner(profiles, box.store)
    if recipe.definitions is not None:
        _tell_changes(box, definitions_of(config, recipe.definitions.digest))
    code = _assembled(source, pool, box, targets, options, stop, on_outcome, learner).complete()
    if learner is not None:
        learner.finish()
    return code


def _stdin() -> IO[bytes]:
    return sys.stdin.buffer if sys.stdin is not None else io.BytesIO()


def _tell_changes(box: Outbox, definitions: str) -> None:
    if jobs.is_changed(box, definitions):
        log.warning(
            "topics, rules or processors have changed since this job began: what is done keeps the old ones; "
            "--restart does all of it again"
        )


def _targets(config: Config, sinks: Sinks, options: Options, box: Outbox, topics: Sequence[str]) -> list[Sink]:
    if options.distribute and sinks.kafka is not None:
        return [kafka_sink(sinks.kafka, box, topics, pages=config)]
    return sinks_of(sinks, box, topics)


def _tell_targets(sinks: Sinks) -> None:
    if sinks.files is not None:
        log.info("files: %s", sinks.files.path)
    if sinks.kafka is not None:
        log.info("Kafka: %s, topics %s.*", sinks.kafka.bootstrap, sinks.kafka.topic_prefix)


def definitions_of(config: Config, topics: str) -> str:
    """Return a digest of what records depend on beside their page: version, topics, rules and processors."""
    digest = hashlib.sha256(f"{version('newstap')} {topics} {config.processors}".encode())
    for path in config.extraction.rules:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _assembled(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
    source: ArchiveSource,
    pool: Pool[Mark] | None,
    box: Outbox,
    targets: Sequence[Sink],
    options: Options,
    stop: threading.Event,
    on_outcome: Callable[[Outcome], None] | None,
    learner: Learner | None = None,
) -> _Run:
    progress = Progress(source.progress, sys.stderr)
    delivery = Delivery(box, targets)

    def committed(outcome: Page | Outcome) -> None:
        progress.saw(outcome)
        if on_outcome is not None and not isinstance(outcome, Page):
            on_outcome(outcome)

    common = _Common(source=source, outbox=box, delivery=delivery, stop=stop, rate=options.rate, on_outcome=committed)
    if pool is not None:
        read = Pipeline[Mark, "Outcome"](pool=pool, settle=settle, learner=learner, **common).run
    else:
        read = Pipeline[Mark, "Page | Outcome"](pool=HandOn["Page | Outcome", Mark](), settle=handed_on, **common).run
    return _Run(options, box, read, delivery, progress, stop)


class _Common(TypedDict):
    """What a pipeline is given, with a chain or without."""

    source: ArchiveSource
    outbox: Outbox
    delivery: Delivery
    stop: threading.Event
    rate: float
    on_outcome: Callable[[Page | Outcome], None]


def _pool(recipe: Recipe, options: Options) -> Pool[Mark]:
    extraction = recipe.config.extraction
    limits = Limits(extraction.worker_timeout_seconds, extraction.worker_memory_mb, RECYCLE_PAGES)
    workers = options.workers or extraction.workers or len(os.sched_getaffinity(0))
    return Pool[Mark](recipe, workers=workers, limits=limits)


@dataclass(slots=True)
class _Run:
    """One run of a job: reads, delivers, and tells what came of it."""

    options: Options
    box: Outbox
    read: Callable[[], bool]
    delivery: Delivery
    progress: Progress
    stop: threading.Event
    before: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    waiting: int = 0
    """Items that an earlier run had read and not delivered."""

    def complete(self) -> int:
        """Do it all; return the exit code."""
        self.before, self.waiting = Counter(self.box.tally()), self.box.backlog()[0]
        began = time.monotonic()
        ended, drained, problem = self._delivered()
        self.progress.close()
        if problem is not None and isinstance(problem.__cause__, BrokenPipeError):
            raise problem.__cause__  # as with `| head`: nobody is there to be told
        self._summary(time.monotonic() - began, ended=ended)
        if problem is not None:
            log.error("stopped before all was delivered: %s", problem)
            return 1
        if not (ended and drained):
            log.warning("stopped before all was delivered; the same command resumes where it stopped")
            return 1
        letters = any(kind is Kind.DEAD_LETTER for kind, _ in self.box.tally())
        return 1 if self.options.strict and letters else 0

    def _delivered(self) -> tuple[bool, bool, Exception | None]:
        """Read and deliver; return whether all was read, whether all of that was delivered, and what went wrong."""
        problem: Exception | None = None
        ended = drained = False
        self.delivery.start()
        try:
            try:
                ended = self.read()
            except (SourceError, StoreError) as error:
                problem = error
            drained = self._drained(patient=ended)
        finally:
            self.delivery.stop(finish=drained and ended)
        return ended, drained, problem or self.delivery.broken

    def _drained(self, *, patient: bool) -> bool:
        """Wait until the sinks have everything: as long as it takes, but for a while only once we are to stop."""
        deadline = None if patient else time.monotonic() + _DRAIN_SECONDS
        while not self.delivery.drained():
            if self.delivery.broken is not None or (deadline is not None and time.monotonic() > deadline):
                return False
            if self.stop.is_set():
                if self.delivery.failing:
                    return False
                deadline = deadline or time.monotonic() + _DRAIN_SECONDS
            self.delivery.wait(0.2)
            self.progress.tick()
        return True

    def _count(self, kind: Kind) -> int:
        return sum(n for (of, _), n in self._new().items() if of is kind)

    def _new(self) -> Counter[tuple[Kind, str]]:
        return Counter(self.box.tally()) - Counter(self.before)

    def _summary(self, seconds: float, *, ended: bool) -> None:
        new = self._new()
        read, before = _documents(new), _documents(self.before)
        if ended and before and not read and not self.waiting:
            log.info("nothing new: this job had read its inputs before, and nothing was delivered again")
        made = Kind.PAGE if self.options.distribute else Kind.RECORD
        parts = [_counted(self._count(made), str(made))]
        for kind, word in ((Kind.SKIPPED, "skipped"), (Kind.DEAD_LETTER, "dead letter")):
            labels = ", ".join(f"{label} {n}" for (of, label), n in sorted(new.items()) if of is kind)
            n = self._count(kind)
            parts.append(
                (f"{n} {word}" if kind is Kind.SKIPPED else _counted(n, word)) + (f" ({labels})" if labels else "")
            )
        rate = f", {read / seconds:.1f} a second" if seconds > 0 and read else ""
        log.info("%s read: %s%s", _counted(read, "document"), " + ".join(parts), rate)
        if before:
            log.info("%s of this job had been accounted for before", _counted(before, "document"))
        if self.options.dry_run:
            log.info("dry run: nothing was delivered or remembered")


def _documents(tally: Counter[tuple[Kind, str]]) -> int:
    """Count what was read: a letter about an item that a sink refused is no document more."""
    return sum(n for what, n in tally.items() if what != (Kind.DEAD_LETTER, Step.DELIVER))


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _scratch_outbox(stack: ExitStack) -> Outbox:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newstap-dry-run-")))
    return Outbox(Store(folder / "job.sqlite", MIGRATIONS), job="dry-run")
