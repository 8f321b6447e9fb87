"""`newstap replay`: archived documents through the chain into the sinks, resumable at document level."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import sys
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypedDict

from ingest import jobs
from ingest.choosing import Choice
from ingest.delivery import Delivery
from ingest.jobrun import JobRun, counted
from ingest.knowledge import FOLDER, Knowledge
from ingest.linking import settling
from ingest.pacing import Paced
from ingest.pipeline import HandOn, Pipeline
from ingest.pool import Pool, preload
from ingest.profiles import Learner, profiles_of
from ingest.progress import Progress
from ingest.published import Published
from ingest.recall import Recalled, knowledge_of, recalled
from ingest.recipe import Limits, Recipe, topics_of
from ingest.routing import handed_on
from ingest.selection import EVERYTHING, Selected, Selection
from ingest.sources.archive import ArchiveSource
from ingest.sources.base import Mark, PassedOver
from ingest.sources.opening import discovered
from ingest.takedowns import take_over
from ingest.wiring import MIGRATIONS, kafka_sink, sinks_of
from processors.boilerplate.files import RuleFiles
from processors.records import Page
from sinks.base import Kind, Sink
from sinks.console import ConsoleSink
from sinks.outbox import Outbox
from sinks.store import Store

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ingest.config import Config, Sinks
    from ingest.pipeline import Work
    from ingest.sources.base import Source
    from processors.records import Outcome

log = logging.getLogger(__name__)

RECYCLE_PAGES = 10_000
"""Pages until a worker is replaced, in case a library leaks; a new one takes as long as some 60 pages do."""


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
    speed: float = 0.0
    """Seconds of event time in one second; 0 for as fast as it goes."""
    topics: tuple[str, ...] | None = None
    """Names; empty for all; None for what the configuration enables."""
    selection: Selection = EVERYTHING
    as_of: datetime | Literal["recorded"] | None = None
    """Rules, definitions and profiles of a time, or those that each page was read with before; None for today's."""
    knowledge: Path | None = None
    """Where those are kept; None for the archive that the inputs lie in."""
    changes_against: Path | None = None
    """The folder of what was published: only records that differ from it are delivered, as its next revisions."""


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
        TopicsError: topics are wrong, or one is selected that is not looked for.
        KnowledgeError: what was in force is not known, or today's cannot be kept.
        StoreError: the state cannot be used, or another process works on the job.
        BrokenPipeError: a dry run's reader has gone.
    """
    files, ignored = discovered(options.inputs)
    if not options.distribute:
        preload()  # first, since the workers' libraries are loaded meanwhile
    recipe = _recipe(config, options)
    topics = _topics(recipe)
    options.selection.check(topics)
    with ExitStack() as stack:
        box, targets = _opened(stack, config, sinks, options, topics)
        source = _source(config, files, box)
        parts = _Parts(
            source=_narrowed(source, recipe, options),
            position=source.progress,
            box=box,
            targets=targets,
            options=options,
            stop=stop,
            on_outcome=on_outcome,
        )
        code = _hand_on(parts) if options.distribute else _extract(parts, recipe)
    if ignored:
        log.info("%s of other kinds ignored", counted(ignored, "file"))
    if not options.dry_run:
        _tell_targets(sinks)
    return code


def _source(config: Config, files: list[str], box: Outbox) -> ArchiveSource:
    """Return the source of all documents; the job knows then which of them were taken down."""
    take_over(config, files, box.store)
    return ArchiveSource(files, box.store, max_page_bytes=config.fetch.max_page_bytes, stdin=_stdin())


def _recipe(config: Config, options: Options) -> Recipe:
    """Return what the chain is built from: as of today, or as of then."""
    definitions = topics_of(Recipe(config=config, topics=options.topics))
    today = Recipe(config=config, definitions=definitions, rules=RuleFiles.read(config.extraction.rules))
    if options.as_of is None:
        return today
    knowledge = knowledge_of(options.inputs, config, options.knowledge)
    if isinstance(options.as_of, datetime):
        return recalled(today, knowledge, options.as_of)
    return replace(today, knowledge=knowledge.folder)


def _topics(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of the topics that a record may have."""
    today = recipe.definitions.names if recipe.definitions is not None else ()
    return today if recipe.knowledge is None else Knowledge(recipe.knowledge).topic_names()


def _narrowed(source: Source[Mark], recipe: Recipe, options: Options) -> Source[Mark]:
    """Return the source of what is asked for, each page with what it is to be read with."""
    if recipe.knowledge is not None:
        source = Recalled(source, Knowledge(recipe.knowledge))
    return Selected(source, options.selection) if options.selection else source


def _opened(
    stack: ExitStack, config: Config, sinks: Sinks, options: Options, topics: Sequence[str]
) -> tuple[Outbox, list[Sink]]:
    """Return the job's outbox and sinks; a dry run's are for itself alone."""
    if options.dry_run:
        box = _scratch_outbox(stack)
        targets: list[Sink] = [ConsoleSink(sys.stdout.buffer, box.ledger(ConsoleSink.name))]
    else:
        job = jobs.job_of(options.inputs, sinks, distributed=options.distribute, only=_only(options))
        box = jobs.opened(job, config, restart=options.restart)
        targets = _targets(config, sinks, options, box, topics)
    stack.callback(box.store.close)
    return box, targets


def _only(options: Options) -> str:
    """Say which part of the inputs a job is about."""
    if options.changes_against is None:
        return str(options.selection)
    changes = f"changes against {options.changes_against.resolve()}"
    return f"{changes}; {options.selection}" if options.selection else changes


def _targets(config: Config, sinks: Sinks, options: Options, box: Outbox, topics: Sequence[str]) -> list[Sink]:
    if options.distribute and sinks.kafka is not None:
        return [kafka_sink(sinks.kafka, box, topics, pages=config)]
    return sinks_of(sinks, box, topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a run is put together from, whatever is made of the documents."""

    source: Source[Mark]
    position: Callable[[], tuple[int, int]]
    """How far the source is."""
    box: Outbox
    targets: Sequence[Sink]
    options: Options
    stop: threading.Event
    on_outcome: Callable[[Outcome], None] | None


def _extract(parts: _Parts, recipe: Recipe) -> int:
    """Run the chain here, with what is known of sites, and keep what it teaches; return the exit code."""
    config, options, box = recipe.config, parts.options, parts.box
    against = options.changes_against
    profiles = profiles_of(config, box.store.path.parent if against is None else against / jobs.STATE_FOLDER)
    if options.as_of is None:
        recipe = replace(recipe, profiles=profiles.snapshot(box.store))
        if not options.dry_run:
            Knowledge(box.store.path.parent / FOLDER).keep(recipe)
    pool = _pool(recipe, options)
    # What changes was learned from when it was published.
    learner = None if options.dry_run or against is not None else Learner(profiles, box.store)
    _tell_changes(box, definitions_of(recipe, options))
    work: Work[Any, tuple[Outcome | PassedOver | None, Mark]] = pool
    if options.speed:
        work = Paced(work, options.speed)
    with ExitStack() as stack:
        published = None if against is None else _published(stack, against)
        settle = Choice(options.selection, published, settling(config.stories)).settle
        run, common = _assembled(parts)
        pipeline = Pipeline[Mark, "Outcome | PassedOver"](pool=work, settle=settle, learner=learner, **common)
        code = run.complete(pipeline.run)
    if learner is not None:
        learner.finish()
    return code


def _published(stack: ExitStack, folder: Path) -> Published:
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newstap-published-")))
    return stack.enter_context(closing(Published(folder, scratch)))


def _hand_on(parts: _Parts) -> int:
    """Leave the work to others; return the exit code."""
    run, common = _assembled(parts)
    pipeline = Pipeline[Mark, "Page | Outcome"](pool=HandOn["Page | Outcome", Mark](), settle=handed_on, **common)
    return run.complete(pipeline.run)


class _Common(TypedDict):
    """What a pipeline is given, with a chain or without."""

    source: Source[Mark]
    outbox: Outbox
    delivery: Delivery
    stop: threading.Event
    rate: float
    on_outcome: Callable[[Page | Outcome | PassedOver], None]


def _assembled(parts: _Parts) -> tuple[JobRun, _Common]:
    options = parts.options
    progress = Progress(parts.position, sys.stderr)
    delivery = Delivery(parts.box, parts.targets)

    def committed(outcome: Page | Outcome | PassedOver) -> None:
        progress.saw(outcome)
        if parts.on_outcome is not None and not isinstance(outcome, Page | PassedOver):
            parts.on_outcome(outcome)

    run = JobRun(
        box=parts.box,
        delivery=delivery,
        progress=progress,
        stop=parts.stop,
        made=Kind.PAGE if options.distribute else Kind.RECORD,
        strict=options.strict,
        trial=options.dry_run,
    )
    common = _Common(
        source=parts.source,
        outbox=parts.box,
        delivery=delivery,
        stop=parts.stop,
        rate=options.rate,
        on_outcome=committed,
    )
    return run, common


def _pool(recipe: Recipe, options: Options) -> Pool[Mark]:
    extraction = recipe.config.extraction
    limits = Limits(extraction.worker_timeout_seconds, extraction.worker_memory_mb, RECYCLE_PAGES)
    workers = options.workers or extraction.workers or len(os.sched_getaffinity(0))
    return Pool[Mark](recipe, workers=workers, limits=limits)


def definitions_of(recipe: Recipe, options: Options) -> str:
    """Return a digest of what records depend on beside their page: version, topics, rules and processors."""
    then = options.as_of if recipe.knowledge is not None else ""  # else those of then are the recipe's own
    rules, topics = recipe.rules and recipe.rules.digest, recipe.definitions and recipe.definitions.digest
    matter = f"{version('newstap')} {topics} {rules} {recipe.config.processors} {then}"
    return hashlib.sha256(matter.encode()).hexdigest()[:16]


def _tell_changes(box: Outbox, definitions: str) -> None:
    if jobs.is_changed(box, definitions):
        log.warning(
            "topics, rules or processors have changed since this job began: what is done keeps the old ones; "
            "--restart does all of it again"
        )


def _tell_targets(sinks: Sinks) -> None:
    if sinks.files is not None:
        log.info("files: %s", sinks.files.path)
    if sinks.kafka is not None:
        log.info("Kafka: %s, topics %s.*", sinks.kafka.bootstrap, sinks.kafka.topic_prefix)


def _stdin() -> IO[bytes]:
    return sys.stdin.buffer if sys.stdin is not None else io.BytesIO()


def _scratch_outbox(stack: ExitStack) -> Outbox:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newstap-dry-run-")))
    return Outbox(Store(folder / "job.sqlite", MIGRATIONS), job="dry-run")
