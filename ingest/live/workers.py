"""The pipeline, with its worker processes or without: kept going, begun anew when what records depend on changed."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.linking import settling
from ingest.pipeline import HandOn, Pipeline
from ingest.pool import Pool
from ingest.profiles import Learner, Profiles
from ingest.recipe import Limits
from ingest.routing import handed_on
from processors.boilerplate.files import RuleFiles
from processors.profiles.snapshot import version_of
from processors.topics.definitions import TopicsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.config import Extraction
    from ingest.delivery import Delivery
    from ingest.live.archiving import Archiving
    from ingest.live.current import Current
    from ingest.live.following import Following
    from ingest.live.source import LiveSource
    from ingest.recipe import Recipe
    from ingest.reload import WatchedTopics
    from processors.records import Outcome, Page
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

FETCH = "fetch"
"""The job of a service that hands pages on to workers elsewhere."""
RECYCLE_PAGES = 2_000
"""Pages until a worker is replaced: lxml's memory grows."""
SETTLE_SECONDS = 12.0
"""How long what was fetched may take to become records, once the service is to end."""
_HALT_SECONDS = 2.0
_WATCH_SECONDS = 2.0


class Workers:
    """Runs the pipeline in a thread of its own.

    Args:
        watched: topic definitions, and what else workers are built from.
        current: the configuration as it is now.
        source: where pages come from.
        box: where outcomes go.
        delivery: told of them.
        committed: called with each outcome once it is committed, in the pipeline's thread.
        look: has the fetchers look for what they may hand over.
        archiving: keeps what outcomes are made of; None without an archive.
        following: has articles visited again; None where they are not.
    """

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self,
        watched: WatchedTopics,
        current: Current,
        source: LiveSource,
        box: Outbox,
        delivery: Delivery,
        committed: Callable[[Page | Outcome], None],
        look: Callable[[], None],
        archiving: Archiving | None,
        following: Following | None,
    ) -> None:
        self._watched = watched
        self._current = current
        self._source = source
        self._box = box
        self._delivery = delivery
        self._committed = committed
        self._look = look
        self._archiving = archiving
        self._following = following
        self._profiles = Profiles(current.config.state.path)
        self._learner = Learner(self._profiles, box.store)
        self._settle = settling(current.config.stories)
        self._learned = ""
        """The snapshot of what is known of sites that workers go by."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pipeline")
        self._halt = threading.Event()
        """Makes the pipeline stop where it is; what it had in hand comes again at the next start."""
        self._renewing = False
        """Whether the pipeline, once it has ended, is to go on with new workers."""

    async def start(self) -> None:
        """Take up what was learned about sites before."""
        await self._relearned()

    async def end(self, running: asyncio.Task[None]) -> None:
        """Let what was handed over become records, for a while; then stop, and keep what was learned.

        Args:
            running: the task of `run`, or around it.
        """
        self._renewing = False
        self._source.end()
        await asyncio.wait([running], timeout=SETTLE_SECONDS)
        self._halt.set()
        done, _ = await asyncio.wait([running], timeout=_HALT_SECONDS)
        if not done:
            running.cancel()
            log.warning("pages in hand are given up; they come again after the next start")
        await asyncio.to_thread(self._learner.finish)

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False)

    async def run(self) -> None:
        """Drive the pipeline in its thread until the service ends; with new workers when definitions have changed."""
        self._source.restart()
        going = True
        while going:
            self._look()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._made())
            going, self._renewing = self._renewing and not self._halt.is_set(), False
            if going:
                self._source.resume()

    def _made(self) -> Callable[[], bool]:
        if self._box.job == FETCH:
            return self._handing_on()
        recipe = replace(self._watched.recipe, profiles=self._learned)
        if self._archiving is not None:
            recipe = replace(recipe, rules=RuleFiles.read(recipe.config.extraction.rules))
        return self._extracting(recipe)

    def _extracting(self, recipe: Recipe) -> Callable[[], bool]:
        extraction = self._current.config.extraction
        limits = Limits(extraction.worker_timeout_seconds, extraction.worker_memory_mb, RECYCLE_PAGES)
        pipeline = Pipeline[int, "Outcome"](
            source=self._source,
            pool=Pool[int](recipe, workers=workers_of(extraction), limits=limits),
            settle=self._settle,
            outbox=self._box,
            delivery=self._delivery,
            stop=self._halt,
            on_outcome=self._committed,
            learner=self._learner,
            keeper=self._archiving,
            follower=self._following,
        )

        def run() -> bool:
            if self._archiving is not None:
                self._archiving.began(recipe)
            return pipeline.run()

        return run

    def _handing_on(self) -> Callable[[], bool]:
        return Pipeline[int, "Page | Outcome"](
            source=self._source,
            pool=HandOn["Page | Outcome", int](),
            settle=handed_on,
            outbox=self._box,
            delivery=self._delivery,
            stop=self._halt,
            on_outcome=self._committed,
            keeper=self._archiving,
        ).run

    async def watch(self) -> None:
        """Have the workers begin anew when topic definitions have changed, or more is known of sites."""
        looked = time.monotonic()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            newer = await self._redefined()
            if time.monotonic() - looked >= self._current.config.profiles.refresh_seconds:
                looked = time.monotonic()
                newer = await self._relearned() or newer
            if newer:
                self._renewing = True
                self._source.end()

    async def _redefined(self) -> bool:
        """Take up definitions that have changed and are sound; say whether there were any."""
        before = self._watched.topics.digest
        try:
            found = await asyncio.to_thread(self._watched.newer)
        except TopicsError as error:
            log.error("topic definitions have problems, so those before stay in force:\n%s", error)  # noqa: TRY400 - the operator's mistake, no traceback
            return False
        if found is not None:
            log.info("topic definitions read again", extra={"before": before, "now": found.digest})
        return found is not None

    async def _relearned(self) -> bool:
        """Take up what was learned about sites since; say whether that is anything."""
        await asyncio.to_thread(self._learner.finish)
        before, self._learned = self._learned, await asyncio.to_thread(self._profiles.snapshot)
        if changed := self._learned != before:
            log.info("what was learned about sites is taken up", extra={"profiles": version_of(self._learned)})
        return changed


def workers_of(extraction: Extraction) -> int:
    """Return how many worker processes there are to be."""
    return extraction.workers or len(os.sched_getaffinity(0))
