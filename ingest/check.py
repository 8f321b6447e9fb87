"""`newstap check`: what is wrong with rules, topics and processors, whether each sink and feed can be reached."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.config import ConfigError, load_processors
from ingest.wiring import MIGRATIONS, kafka_sink
from processors.boilerplate.rules import LineRules, RulesError
from processors.topics import definitions
from processors.topics.definitions import TopicsError
from sinks.outbox import Outbox
from sinks.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.config import Config, KafkaSink


def check(config: Config) -> int:
    """Print every problem to stderr and what is well to stdout.

    Returns:
        2 where the configuration or a sink has a problem; else 1 where a feed does not answer as one; else 0.
    """
    problems: list[str] = []
    for name, look in _looks(config):
        found = look()
        problems += found
        if not found:
            print(f"ok: {name}")  # noqa: T201 - the command's output
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 - the command's output
    unreached = _feeds(config) if config.feeds else 0
    return 2 if problems else 1 if unreached else 0


def _feeds(config: Config) -> int:
    """Tell which feeds of the file answer; return how many do not. They come last: each is a request to a stranger."""
    from ingest.feedcommands.reach import SECONDS, reach  # noqa: PLC0415 - fetching takes a third of a second to load

    reached = reach(config)
    for problem in reached.problems:
        print(problem, file=sys.stderr)  # noqa: T201 - the command's output
    if reached.unseen:
        print(f"feeds: {reached.unseen} not looked at within {SECONDS:g} s", file=sys.stderr)  # noqa: T201 - as above
    print(f"ok: feeds, {reached.well} of {len(config.feeds)}")  # noqa: T201 - as above
    return len(reached.problems)


def _looks(config: Config) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    yield f"configuration {config.file or '(defaults)'}", list
    yield "boilerplate rules", lambda: _told(lambda: LineRules.load(config.extraction.rules))
    topics = config.topics
    yield f"topics {', '.join(topics.enabled)}", lambda: _told(lambda: definitions.load(topics.enabled, topics.paths))
    if config.processors:
        yield (
            f"processors {', '.join(use.use for use in config.processors)}",
            lambda: _told(lambda: load_processors(config)),
        )
    yield f"state {config.state.path}", lambda: _writable("state.path", config.state.path)
    files, kafka = config.sinks.files, config.sinks.kafka
    if files is not None:
        yield f"files {files.path}", lambda: _writable("sinks.files.path", files.path)
    if (archive := config.archive) is not None:
        yield f"archive {archive.path}", lambda: _writable("archive.path", archive.path)
    if kafka is not None:
        yield f"Kafka {kafka.bootstrap}", lambda: _kafka(kafka, config)


def _told(build: Callable[[], object]) -> list[str]:
    try:
        build()
    except (ConfigError, RulesError, TopicsError) as error:
        return str(error).splitlines()
    return []


def _writable(key: str, path: Path) -> list[str]:
    """Say whether a folder can be written, or made; nothing is made."""
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    if not existing.is_dir():
        return [f"{key}: {existing} is not a folder; name another place"]
    if not os.access(existing, os.W_OK | os.X_OK):
        return [f"{key}: {existing} cannot be written by this user; change its owner or name another place"]
    return []


def _kafka(wanted: KafkaSink, config: Config) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="newstap-check-") as folder:
        store = Store(Path(folder) / "state.sqlite", MIGRATIONS)
        try:
            sink = kafka_sink(wanted, Outbox(store, job="check"), config.topics.enabled, alarms=config.tells_alarms)
            return [f"sinks.kafka {wanted.bootstrap}: {problem}" for problem in sink.check()]
        finally:
            store.close()
