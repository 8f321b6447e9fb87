"""Figures for Prometheus: what was counted, and what is asked for at the moment of a scrape.

    metrics = Metrics(version="0.1.0", topics=config.topics.enabled)
    metrics.polled("modified")
    metrics.saw(outcome)                                  # of the pipeline, after its commit
    metrics.gauge_from("newstap_pending_pages", lambda: len(queue))
    metrics.gauge_from("newstap_sink_up", lambda: {"files": True, "kafka": False})

`CATALOGUE` says everything about every metric of ours; `docs/metrics.md` is written from it. Labels hold what comes
from our code or from the configuration, never a text, a URL or a host; a value that nobody announced counts as
`other`, so that the number of series is bounded whatever is fed in.
"""

from ingest.metrics.catalogue import CATALOGUE, EntryKind, Metric, PageOutcome, PollOutcome, VisitOutcome, reference
from ingest.metrics.counting import CONTENT_TYPE, Metrics

__all__ = [
    "CATALOGUE",
    "CONTENT_TYPE",
    "EntryKind",
    "Metric",
    "Metrics",
    "PageOutcome",
    "PollOutcome",
    "VisitOutcome",
    "reference",
]
