"""A worker process: takes pages, answers outcomes, one at a time, until its pipe closes."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest.config import ConfigError
from ingest.config.plugins import load_processors
from ingest.documents import DocumentError, document_of
from ingest.knowledge import Fingerprint, Knowledge
from ingest.memory import STARVED, limit_memory
from ingest.recipe import READY, RETIRED, topics_of
from processors.boilerplate.rules import LineRules, RulesError
from processors.carried import ReadCarried
from processors.chain import Chain
from processors.copied import ReadCopied
from processors.extract.extractor import Extract
from processors.given import ReadGiven
from processors.profiles import DropLearned, Snapshot
from processors.records import Failed, Form, Outcome, Page, Record, Skipped, Step
from processors.stories.wire import NameWire
from processors.topics.definitions import TopicsError
from processors.topics.tag import TagTopics
from sinks.codec import decode_page, encode_outcome

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.recipe import Limits, Recipe


CHAINS = 3
"""Of former times that are held at once; pages around a change come mixed."""
TRIM_PAGES = 250
"""Pages between two returns of free memory, which take some milliseconds."""


def chain_of(recipe: Recipe) -> Chain:
    """Build the chain.

    Raises:
        RulesError: a boilerplate rule is wrong.
        TopicsError: a topic definition is wrong, or a topic unknown.
        ConfigError: a processor cannot be built.
    """
    config = recipe.config
    rules = LineRules.load(config.extraction.rules) if recipe.rules is None else LineRules.of(recipe.rules)
    topics = topics_of(recipe)
    extract = Extract(rules=rules)
    profiles = Snapshot.load(recipe.profiles)
    return Chain(
        readers={
            Form.HTML: DropLearned(extract, profiles),
            Form.CARRIED: ReadCarried(rules),
            Form.COPIED: ReadCopied(rules),
            Form.GIVEN: ReadGiven(rules),
        },
        steps=(*load_processors(config), TagTopics(topics), NameWire()),
        fingerprint={
            "newstap": version("newstap"),
            "extractor": extract.version,
            "rules": rules.digest,
            "topics": topics.digest,
            "profiles": profiles.version,
        },
    )


class Chains:
    """The chain of a recipe, and those of what was in force when pages were read before.

    Args:
        recipe: what is in force now, and where the rest is kept.

    Raises:
        RulesError, TopicsError, ConfigError: as `chain_of`.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._now = chain_of(recipe)
        self._then: OrderedDict[Fingerprint, Chain] = OrderedDict()

    def of(self, page: Page) -> Chain:
        """Return the chain that a page is for.

        Raises:
            KnowledgeError: what was in force then is not kept.
        """
        if page.as_of is None or self._recipe.knowledge is None:
            return self._now
        then = replace(Fingerprint.of(json.loads(page.as_of)), newstap="", extractor=None)  # code is what it is
        if then not in self._then:
            self._then[then] = chain_of(Knowledge(self._recipe.knowledge).recalled(then, self._recipe))
        self._then.move_to_end(then)
        if len(self._then) > CHAINS:
            self._then.popitem(last=False)
        return self._then[then]


def outcome_of(chain: Chain, page: Page) -> Outcome:
    """Return what becomes of a page, whatever it holds. Never raises but for MemoryError."""
    if page.form is not Form.LINE:
        return chain(page)
    try:
        held = document_of(page)
    except DocumentError as error:
        return _unreadable(page, str(error))
    if isinstance(held, Record):
        return chain.again(held, page)
    if isinstance(held, Skipped):
        return held
    outcome = chain(held)
    # A dead letter holds the line as it was read, not what became of it on the way.
    return replace(outcome, page=page) if isinstance(outcome, Failed) else outcome


def main(recipe: Recipe, limits: Limits, tasks: Connection, results: Connection) -> None:
    """Run until the other end closes, a limit kills us, or `limits.pages` are done."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with suppress(OSError):
        # Our standard output would mix with the data of a dry run.
        os.dup2(2, 1)
    try:
        with suppress(EOFError, OSError):  # the parent has ended, perhaps in the middle of a page: nobody waits for us
            _work(recipe, limits, tasks, results)
    except MemoryError:
        os._exit(STARVED)  # an orderly end takes memory too


def _work(recipe: Recipe, limits: Limits, tasks: Connection, results: Connection) -> None:
    try:
        chains = Chains(recipe)
    except (ConfigError, RulesError, TopicsError) as error:
        results.send_bytes(str(error).encode("utf-8", "replace"))
        return
    results.send_bytes(READY)
    limit_memory(limits.memory_mb)
    for number in range(limits.pages):
        header, body = tasks.recv_bytes(), tasks.recv_bytes()
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)
        answer, starved = _guarded(chains, decode_page(header, body))
        signal.setitimer(signal.ITIMER_REAL, 0)
        results.send_bytes(answer)
        if starved:
            break
        if number % TRIM_PAGES == TRIM_PAGES - 1:
            _give_back()
    results.send_bytes(RETIRED)


def _give_back() -> None:
    """Return free memory to the system, where the C library can: what a large page took is scattered and kept else."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _guarded(chains: Chains, page: Page) -> tuple[bytes, bool]:
    """Return the encoded outcome, and whether memory ran out, after which the worker is better replaced."""
    try:
        outcome = outcome_of(chains.of(page), page)
        starved = isinstance(outcome, Failed) and "MemoryError" in outcome.error
        if isinstance(outcome, Failed):
            outcome = replace(outcome, page=None)  # the parent has the page
        return encode_outcome(outcome), starved
    except MemoryError:
        return _failed(page, Step.EXTRACT, "MemoryError: over the memory limit"), True
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's processor may return or raise anything
        return _failed(page, Step.PROCESS, f"{type(error).__name__}: {error}"[:1000]), False


def _failed(page: Page, step: Step, error: str) -> bytes:
    return encode_outcome(Failed(origin=page.origin, url=page.url, step=step, error=error, attempt=page.attempt))


def _unreadable(page: Page, error: str) -> Failed:
    where = page.origin.archive
    place = f"{where.file}: at byte {where.offset}: " if where else ""
    return Failed(origin=page.origin, url=None, step=Step.READ, error=place + error, page=page, attempt=page.attempt)
