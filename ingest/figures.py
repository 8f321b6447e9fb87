"""What `/metrics` tells of sinks and of what is read from Kafka, the same for every command that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.delivery import SinkState
    from ingest.metrics import Metrics
    from sinks.kafka_client import Place
    from sinks.outbox import Outbox


def tell_sinks(metrics: Metrics, states: Callable[[], Sequence[SinkState]], box: Outbox) -> None:
    """Have the metrics ask how sinks do, and what waits for them."""
    metrics.gauge_from("newstap_outbox_rows", lambda: box.backlog()[0])
    metrics.gauge_from("newstap_outbox_bytes", lambda: box.backlog()[1])
    metrics.gauge_from("newstap_sink_lag_rows", lambda: {sink.name: sink.lag for sink in states()})
    metrics.gauge_from("newstap_sink_oldest_seconds", lambda: {sink.name: sink.oldest for sink in states()})
    metrics.gauge_from("newstap_sink_up", lambda: {sink.name: sink.up for sink in states()})
    metrics.gauge_from("newstap_sink_delivered_total", lambda: {sink.name: sink.delivered for sink in states()})
    metrics.gauge_from("newstap_sink_refused_total", lambda: {sink.name: sink.refused for sink in states()})
    metrics.gauge_from(
        "newstap_sink_last_commit_timestamp_seconds",
        lambda: {sink.name: sink.committed for sink in states() if sink.committed is not None},
    )


def tell_lag(metrics: Metrics, lag: Callable[[], Mapping[Place, int]]) -> None:
    """Have the metrics ask how many messages of each partition are not settled."""

    def by_place() -> dict[tuple[str, ...], float]:
        return {(place.topic, str(place.partition)): left for place, left in lag().items()}

    metrics.gauge_from("newstap_consumer_lag", by_place)
