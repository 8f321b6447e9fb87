"""`newstap topics`: which definitions there are, and whether their own examples come out as they say."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

from processors.topics import definitions
from processors.topics.tag import run_examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.config import Config


def show(config: Config, out: IO[str] = sys.stdout) -> int:
    """Print each topic with its threshold, the number of its phrases, and whether it is on."""
    topics = definitions.load(None, config.topics.paths)
    for topic in topics.topics:
        state = "on" if topic.name in config.topics.enabled else "off"
        count = len(topic.examples)
        out.write(f"{topic.name:16} {state:4} threshold {topic.threshold:.2f} {count:4} examples  {topic.about}\n")
    return 0


def try_examples(config: Config, paths: Sequence[Path], out: IO[str] = sys.stdout) -> int:
    """Run the examples of every definition, those in more files too; return 1 where one comes out otherwise."""
    topics = definitions.load(None, (*config.topics.paths, *paths))
    failures = run_examples(topics)
    for failure in failures:
        out.write(f"{failure.topic}: {failure}\n")
    for topic in topics.topics:
        if not topic.examples:
            out.write(f"{topic.name}: no examples; write [examples] with must = [...] and must_not = [...]\n")
    count = sum(len(topic.examples) for topic in topics.topics)
    out.write(f"{count} examples of {len(topics.names)} topics, {len(failures)} came out otherwise\n")
    return 1 if failures else 0
