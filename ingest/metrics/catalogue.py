"""Every metric of ours: its name, labels, what the labels can hold, and its meaning.

python -c "from ingest.metrics import reference; print(reference(), end='')" > docs/metrics.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, get_args

from ingest.alarms.values import AlarmKind
from ingest.schedule import ErrorClass, Health, NoteKind
from processors.records import Reason, Step, TextSource

if TYPE_CHECKING:
    from collections.abc import Mapping

PollOutcome = Literal["modified", "unmodified", "same", "failed", "paused"]
"""`unmodified`: 304; `same`: 200 with the document of last time; `paused`: put off, since the host wants a pause."""
EntryKind = Literal["new", "changed", "known", "backlog"]
PageOutcome = Literal["fetched", "fallback", "retried"]
VisitOutcome = Literal["unchanged", "changed", "elsewhere", "missing", "gone", "robots", "failed"]

OTHER = "other"
"""Stands for every label value that nobody announced."""


class Kind(StrEnum):
    """What Prometheus calls the type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    """As it is exposed; of a histogram without `_bucket`, `_sum` and `_count`."""
    kind: Kind
    meaning: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each label can hold; empty where our code or the configuration decides at run time."""
    buckets: tuple[float, ...] = ()
    asked: bool = False
    """Whether the service is asked for the value at each scrape (`Metrics.gauge_from`)."""


def _counter(name: str, meaning: str, **labels: tuple[str, ...]) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, meaning=meaning, labels=labels)


def _asked(name: str, meaning: str, kind: Kind = Kind.GAUGE, **labels: tuple[str, ...]) -> Metric:
    return Metric(name=name, kind=kind, meaning=meaning, labels=labels, asked=True)


def _histogram(name: str, meaning: str, *buckets: float) -> Metric:
    return Metric(name=name, kind=Kind.HISTOGRAM, meaning=meaning, buckets=buckets)


def _values(of: type[StrEnum]) -> tuple[str, ...]:
    return tuple(map(str, of))


DOCUMENT_KINDS = ("record", "skipped", "dead-letter", "page")

_ALL = (
    _counter("newstap_polls_total", "Polls, by what came of them.", outcome=get_args(PollOutcome)),
    _counter("newstap_poll_errors_total", "Polls that failed, by why.", error=_values(ErrorClass)),
    _counter("newstap_feed_notes_total", "What was noticed about feeds.", note=_values(NoteKind)),
    _counter("newstap_entries_total", "Entries of feeds that were read.", kind=get_args(EntryKind)),
    _counter("newstap_pages_total", "Article pages, by what came of them.", outcome=get_args(PageOutcome)),
    _counter(
        "newstap_revisits_total",
        "Later looks at the pages of articles, by what they found: the same bytes, others, another page, none for the"
        " first time, none once more, a ban of robots.txt, or no answer.",
        outcome=get_args(VisitOutcome),
    ),
    _counter("newstap_page_fallbacks_total", "Articles taken from the feed instead of their page, by why.", reason=()),
    _counter(
        "newstap_documents_total",
        "Documents settled, or handed to workers as pages; the reason tells why one was skipped, or the step at which"
        " it failed.",
        kind=DOCUMENT_KINDS,
        reason=("", *_values(Reason), *_values(Step)),
    ),
    _counter("newstap_topics_total", "Records by topic; a record with two counts twice.", topic=()),
    _counter(
        "newstap_copies_total",
        "Records that are copies of earlier ones.",
        kind=("exact", "near", "contained", "contains"),
    ),
    _counter(
        "newstap_story_records_total",
        "Records by what they did: begin a story, join one, show that two are one, or neither.",
        what=("begun", "joined", "merged", "none"),
    ),
    _counter(
        "newstap_revisions_total", "New states of articles, by how much they change.", kind=("minor", "substantive")
    ),
    _counter("newstap_removed_lines_total", "Lines that boilerplate rules took out of records."),
    _counter("newstap_text_source_total", "Records, by where their text came from.", source=_values(TextSource)),
    _counter("newstap_part_restarts_total", "Parts of the service that ended and were started again.", part=()),
    _counter("newstap_alarms_raised_total", "Alarms that were raised, by why.", alarm=_values(AlarmKind)),
    _asked("newstap_alarms", "Alarms that stand, of feeds, outlets and topics, by why.", alarm=_values(AlarmKind)),
    _histogram(
        "newstap_poll_delay_seconds",
        "From the time a poll was due to its start.",
        *(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
    ),
    _histogram(
        "newstap_fetch_seconds",
        "From the start of a request to its last byte, redirects included.",
        *(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    ),
    _asked("newstap_feeds", "Feeds that are wanted.", health=_values(Health)),
    _asked("newstap_pending_pages", "Pages waiting to be fetched."),
    _asked("newstap_revisits_waiting", "Articles whose pages are to be looked at again."),
    _asked("newstap_unread_pages", "Pages that wait in the partitions of this worker, counted every ten seconds."),
    _asked(
        "newstap_partitions",
        "Partitions that this worker, link or fetcher of a group has, taken up and all; 0: it stands by.",
    ),
    _asked(
        "newstap_partitions_waiting", "Partitions that a fetcher of a group was given, and is reading what is known of."
    ),
    _asked(
        "newstap_fetch_unread_total",
        "Messages of the topics of fetchers that are none of ours, or that nobody can take apart: each is logged, and"
        " passed over.",
        Kind.COUNTER,
    ),
    _asked("newstap_outbox_rows", "Items accepted and not yet delivered to every sink."),
    _asked("newstap_outbox_bytes", "Their size."),
    _asked("newstap_sink_lag_rows", "Items accepted that this sink does not have yet.", sink=()),
    _asked(
        "newstap_sink_oldest_seconds",
        "How long the oldest item that this sink does not have has waited: since it was accepted, or since the start if"
        " it waited then; 0 where it has everything.",
        sink=(),
    ),
    _asked("newstap_sink_up", "1 if the sink took what it was last given, else 0.", sink=()),
    _asked(
        "newstap_sink_delivered_total",
        "Items that this sink took and made durable; in Kafka an item is one, whatever the number of its topics.",
        Kind.COUNTER,
        sink=(),
    ),
    _asked(
        "newstap_sink_refused_total",
        "Items that this sink will never take, each of which became a dead letter.",
        Kind.COUNTER,
        sink=(),
    ),
    _asked(
        "newstap_sink_last_commit_timestamp_seconds",
        "When this sink last made something durable, in Unix time; absent before it has.",
        sink=(),
    ),
    _asked(
        "newstap_consumer_lag",
        "Of each partition that this worker, link or export reads: offsets up to its end, from the first message that"
        " is not settled and committed, looked at every few seconds. 0 is caught up.",
        topic=(),
        partition=(),
    ),
    _asked("newstap_archive_bytes", "Size of the archive's WARC files."),
    _asked(
        "newstap_archive_deleted_files_total",
        "Archive files deleted since the start, as `keep_days` and `keep_bytes` want it.",
        Kind.COUNTER,
    ),
    _asked("newstap_worker_restarts_total", "Worker processes that were replaced.", Kind.COUNTER),
    Metric(
        name="newstap_build_info",
        kind=Kind.GAUGE,
        meaning="1, for the version that runs.",
        labels={"version": (), "python": ()},
    ),
)

CATALOGUE: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
"""Every metric of ours, by its name."""

_INTRODUCTION = """\
# Metrics

`/metrics` of the [listener](operations.md) gives them in the text format of Prometheus. Counters begin at 0 with each
start. Labels hold what newstap or its configuration names, never a text, a URL or a host of a feed; what nobody
announced counts as `other`. An answer may be a quarter of a second old.

This page is generated from the code that counts (`ingest/metrics/catalogue.py`); a test holds them together. Beside
these there are the usual `process_…` metrics: CPU time, memory, open files and start time of the main process.

A [dashboard for Grafana](grafana/newstap.json) and [alert rules for Prometheus](prometheus/newstap.rules.yml) use them;
[operations.md](operations.md#prometheus-grafana-opentelemetry) says how.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def reference() -> str:
    """Return `docs/metrics.md`."""
    return _INTRODUCTION + "".join(map(_row, _ALL))


def _row(metric: Metric) -> str:
    labels = "; ".join(_label(name, values) for name, values in metric.labels.items())
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} |\n"


def _label(name: str, values: tuple[str, ...]) -> str:
    told = [f"`{value}`" for value in values if value]
    return f"`{name}`: {', '.join(told)}" if told else f"`{name}`"
