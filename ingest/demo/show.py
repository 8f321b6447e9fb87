"""`newstap demo`: replays the bundled archive and shows what came out, what was removed, and where it lies."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from ingest.config import BOOTSTRAP, FilesSink, KafkaSink, Sinks
from ingest.demo import archive
from ingest.logs import visible
from ingest.replay import Options, replay
from processors.records import Failed, Record, Skipped, TextSource

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from pathlib import Path

    from ingest.config import Config
    from processors.records import Outcome

_WIDTH = 100


def demo(config: Config, to: Path, env: Mapping[str, str], stop: threading.Event) -> int:
    """Replay the archive into a folder, and into Kafka where a broker is named; return the exit code."""
    sinks = sinks_of(config, to, env)
    shown = Show(sys.stdout)
    with archive() as folder:
        code = replay(config, sinks, Options(inputs=(str(folder),), restart=True), stop, on_outcome=shown)
    shown.summary(to, sinks.kafka)
    return code


def sinks_of(config: Config, to: Path, env: Mapping[str, str]) -> Sinks:
    """Return where the demo writes: files in the folder, and Kafka where it is configured or a broker is named."""
    kafka = config.sinks.kafka
    if kafka is None and env.get(BOOTSTRAP):
        kafka = replace(KafkaSink(), bootstrap=env[BOOTSTRAP])
    return Sinks(files=replace(config.sinks.files or FilesSink(), path=to), kafka=kafka)


class Show:
    """Prints outcomes for people.

    Args:
        out: bold and dim only where it is a terminal.
        outlets: names of the outlets by the URL of their feed, for records that came from one.
    """

    def __init__(self, out: TextIO, outlets: Mapping[str, str] = MappingProxyType({})) -> None:
        self._out = out
        self._outlets = outlets
        self._bold, self._dim, self._plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if out.isatty() else ("", "", "")
        self._topics: Counter[str] = Counter()
        self._rules: Counter[str] = Counter()

    def __call__(self, outcome: Outcome) -> None:
        """Print one outcome."""
        if isinstance(outcome, Record):
            self._record(outcome)
        elif isinstance(outcome, Skipped):
            detail = f" ({outcome.detail})" if outcome.detail else ""
            self._line(f"{self._dim}skipped: {outcome.reason}{detail}: {_place(outcome)}{self._plain}")
        else:
            self._line(f"{self._dim}dead letter: {outcome.step}: {outcome.error}{self._plain}")
        self._line("")
        self._out.flush()

    def summary(self, to: Path, kafka: KafkaSink | None) -> None:
        """Print what there was in all, and where it is."""
        topics = ", ".join(f"{topic} {n}" for topic, n in sorted(self._topics.items())) or "none"
        rules = ", ".join(f"{rule} {n}" for rule, n in self._rules.most_common())
        self._line(f"topics: {topics}")
        self._line(f"removed lines by rule: {rules}")
        self._line(f"records: {to / 'records'}, one JSON object a line; skipped: {to / 'skipped'}")
        if kafka is not None:
            self._line(f"Kafka {kafka.bootstrap}: {kafka.topic_prefix}.articles.v1 and a topic of each topic's own")

    def _record(self, record: Record) -> None:
        article = record.article
        self._line(f"{self._bold}{visible(article.title)}{self._plain}")
        published = "" if article.published is None else article.published.isoformat()
        about = [article.site, ", ".join(article.authors), published, article.language]
        self._line("  " + " | ".join(visible(part) for part in about if part))
        if record.origin.feed is not None:
            self._line(f"  {self._dim}{self._source(record, record.origin.feed)}{self._plain}")
        self._line("  " + _cut(visible(article.text.replace("\n", " ")), _WIDTH))
        for tag in article.topics:
            self._topics[tag.topic] += 1
            phrases = list(dict.fromkeys(evidence.phrase for evidence in tag.evidence))
            self._line(f"  topic {tag.topic} {tag.score:.2f}: {_cut(visible(', '.join(phrases)), _WIDTH - 20)}")
        for removal in article.removed:
            self._rules[removal.rule] += 1
            self._line(
                f"  {self._dim}removed ({removal.rule}): {_cut(visible(removal.text), _WIDTH - 20)}{self._plain}"
            )

    def _source(self, record: Record, feed: str) -> str:
        """Return where a live record came from: outlet, page or feed, revision and what the correction says."""
        place = "its page" if record.article.text_source is TextSource.PAGE else "its feed alone"
        revision = record.revision
        kind = f" ({revision.kind})" if revision.kind else ""
        note = f": {revision.correction}" if revision.correction else ""
        told = f"from {self._outlets.get(feed, feed)}, {place}, revision {revision.n}{kind}{note}"
        return _cut(visible(told), _WIDTH)

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")


def _place(outcome: Skipped | Failed) -> str:
    where = outcome.origin.archive
    return outcome.url or (f"{where.file}:{where.offset}" if where else "?")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
