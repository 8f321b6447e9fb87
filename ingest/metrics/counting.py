"""Where things are counted. One method for each thing that happens."""

from __future__ import annotations

import platform
import re
import threading
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.process_collector import ProcessCollector

from ingest.metrics.asking import Asking
from ingest.metrics.catalogue import CATALOGUE, OTHER, EntryKind, Kind, Metric, PageOutcome, PollOutcome, VisitOutcome
from processors.records import Failed, Page, Record, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.alarms.values import AlarmKind
    from ingest.metrics.asking import Ask
    from ingest.schedule import ErrorClass, NoteKind
    from processors.records import Outcome

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Of what `Metrics.render` returns: the form that every version of Prometheus reads."""

MAX_WORDS = 100
"""Values of one label that is not closed."""
_WORD = re.compile(r"[a-z0-9][a-z0-9 _-]{0,63}")

# A time of creation for each series would double their number and tell nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped


class Metrics:
    """Counts what happens, and asks for the rest when it is scraped. Every method may be called from any thread.

    Args:
        version: of newstap.
        topics: those of the configuration; `know_topics` adds to them.
    """

    def __init__(self, *, version: str, topics: Iterable[str] = ()) -> None:
        self._registry = CollectorRegistry()
        self._counters = {m.name: _counter(m, self._registry) for m in _counted(Kind.COUNTER)}
        self._histograms = {m.name: _histogram(m, self._registry) for m in _counted(Kind.HISTOGRAM)}
        self._asking = Asking()
        self._lock = threading.Lock()
        self._words: dict[str, set[str]] = {}
        self._topics: frozenset[str] = frozenset()
        self._registry.register(self._asking)
        ProcessCollector(registry=self._registry)
        _built(version, self._registry)
        self.know_topics(topics)

    def know_topics(self, topics: Iterable[str]) -> None:
        """Add topics of the configuration; any other counts as `other`."""
        self._topics |= frozenset(topics)
        for topic in self._topics:
            self._counters["newstap_topics_total"].labels(topic)

    def gauge_from(self, name: str, ask: Ask) -> None:
        """Ask for a value at each scrape from now on, in place of whom was asked before.

        Args:
            name: a metric of the catalogue that is `asked`.
            ask: returns the value, or for a metric with a label the values by the label's. It is called in the
                listener's threads: it must be quick, and neither wait nor touch what belongs to one thread. What
                raises leaves its metric out of the answer, with a warning.

        Raises:
            ValueError: the catalogue has no such metric, or it is counted.
        """
        metric = CATALOGUE.get(name)
        if metric is None or not metric.asked:
            raise ValueError(f"{name} is no metric that is asked for at a scrape")
        self._asking.ask(metric, ask)

    def polled(self, outcome: PollOutcome) -> None:
        """A feed was polled, or its poll put off; of one that failed, `poll_failed` alone tells."""
        self._count("newstap_polls_total", outcome)

    def poll_failed(self, error: ErrorClass) -> None:
        """A poll failed."""
        self.polled("failed")
        self._count("newstap_poll_errors_total", error)

    def poll_started(self, delay: float) -> None:
        """A poll began so many seconds after it was due."""
        self._histograms["newstap_poll_delay_seconds"].observe(max(delay, 0.0))

    def noticed(self, note: NoteKind) -> None:
        """Something about a feed was noted."""
        self._count("newstap_feed_notes_total", note)

    def entries(self, kind: EntryKind, number: int = 1) -> None:
        """So many entries of a feed were read."""
        self._count("newstap_entries_total", kind, number=number)

    def fetched(self, seconds: float) -> None:
        """A request took so long, whatever came of it."""
        self._histograms["newstap_fetch_seconds"].observe(seconds)

    def page(self, outcome: PageOutcome) -> None:
        """An article page was fetched, or will be tried again; of a fallback, `page_fell_back` alone tells."""
        self._count("newstap_pages_total", outcome)

    def visited(self, outcome: VisitOutcome) -> None:
        """The page of an article was looked at again."""
        self._count("newstap_revisits_total", outcome)

    def page_fell_back(self, reason: str) -> None:
        """The feed's text stands in for a page; the reason is a word of a closed list."""
        self.page("fallback")
        self._count("newstap_page_fallbacks_total", reason)

    def part_restarted(self, part: str) -> None:
        """A part of the service ended and was started again."""
        self._count("newstap_part_restarts_total", part)

    def alarmed(self, kind: AlarmKind) -> None:
        """An alarm was raised."""
        self._count("newstap_alarms_raised_total", kind)

    def saw(self, outcome: Page | Outcome) -> None:
        """A document was settled, or handed to workers."""
        if isinstance(outcome, Record):
            self._count("newstap_documents_total", "record", "")
            self._record(outcome)
        elif isinstance(outcome, Skipped):
            self._count("newstap_documents_total", "skipped", outcome.reason)
        elif isinstance(outcome, Failed):
            self._count("newstap_documents_total", "dead-letter", outcome.step)
        else:
            self._count("newstap_documents_total", "page", "")

    def render(self) -> bytes:
        """Return all of it in the format that `CONTENT_TYPE` names."""
        return generate_latest(self._registry)

    def _record(self, record: Record) -> None:
        article = record.article
        self._count("newstap_text_source_total", article.text_source)
        self._count("newstap_removed_lines_total", number=len(article.removed))
        for tag in article.topics:
            topic = tag.topic if tag.topic in self._topics else OTHER
            self._counters["newstap_topics_total"].labels(topic).inc()
        self._count("newstap_story_records_total", _of_story(record))
        if record.dup is not None:
            self._count("newstap_copies_total", record.dup.kind)
        if record.revision.kind is not None:
            self._count("newstap_revisions_total", record.revision.kind)

    def _count(self, name: str, *values: str, number: int = 1) -> None:
        counter = self._counters[name]
        labels = CATALOGUE[name].labels.values()
        words = [self._known(name, value, allowed) for value, allowed in zip(values, labels, strict=True)]
        (counter.labels(*words) if words else counter).inc(number)

    def _known(self, name: str, value: str, allowed: tuple[str, ...]) -> str:
        """Return the value, or `other` for one beyond what the label can hold."""
        if allowed:
            return str(value) if value in allowed else OTHER
        with self._lock:
            words = self._words.setdefault(name, set())
            if value not in words and _WORD.fullmatch(value) and len(words) < MAX_WORDS:
                words.add(str(value))
            return str(value) if value in words else OTHER


def _of_story(record: Record) -> str:
    if record.story is None:
        return "none"
    if record.story.merged is not None:
        return "merged"
    return "begun" if record.story.size == 1 else "joined"


def _counted(kind: Kind) -> list[Metric]:
    return [metric for metric in CATALOGUE.values() if metric.kind is kind and not metric.asked]


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    """Make a counter; where one closed label is all it has, each series begins at 0, so that rates see the first."""
    counter = Counter(metric.name, metric.meaning, tuple(metric.labels), registry=registry)
    if len(metric.labels) == 1:
        for value in next(iter(metric.labels.values())):
            counter.labels(value)
    return counter


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.meaning, buckets=metric.buckets, registry=registry)


def _built(version: str, registry: CollectorRegistry) -> None:
    metric = CATALOGUE["newstap_build_info"]
    gauge = Gauge(metric.name, metric.meaning, tuple(metric.labels), registry=registry)
    gauge.labels(version, platform.python_version()).set(1)
