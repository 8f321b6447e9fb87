"""What is not counted but asked for, at the moment of a scrape."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.metrics.catalogue import Kind

if TYPE_CHECKING:
    from ingest.metrics.catalogue import Metric

log = logging.getLogger(__name__)

Values = Mapping[str, float] | Mapping[tuple[str, ...], float]
Ask = Callable[[], float | Values]
"""Gives the value, or the values by label; by all labels in their order where a metric has several."""

_Family = CounterMetricFamily | GaugeMetricFamily


class Asking(Collector):
    """Asks for the values of metrics. A question that raises leaves its metric out, and is told once."""

    def __init__(self) -> None:
        self._asks: dict[str, tuple[Metric, Ask]] = {}
        self._raised: set[str] = set()
        self._lock = threading.Lock()

    def ask(self, metric: Metric, ask: Ask) -> None:
        """Ask for this metric too."""
        with self._lock:
            self._asks[metric.name] = metric, ask
            self._raised.discard(metric.name)

    def collect(self) -> Iterator[_Family]:
        """See `Collector`."""
        with self._lock:
            asks = list(self._asks.values())
        for metric, ask in asks:
            try:
                family = _family(metric, ask())
            except Exception as error:  # noqa: BLE001 - the service's code: one wrong figure must not hide the others
                self._tell(metric.name, error)
                continue
            self._raised.discard(metric.name)
            yield family

    def _tell(self, name: str, error: Exception) -> None:
        if name not in self._raised:
            self._raised.add(name)
            log.warning("no value for a metric", exc_info=error, extra={"metric": name})


def _family(metric: Metric, answer: float | Values) -> _Family:
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family: _Family = kind(metric.name, metric.meaning, labels=tuple(metric.labels))
    if isinstance(answer, Mapping) != bool(metric.labels):
        raise TypeError(f"{metric.name} takes {'values by its label' if metric.labels else 'one value'}")
    for label, value in answer.items() if isinstance(answer, Mapping) else [(None, answer)]:
        family.add_metric(_words(label), float(value))
    return family


def _words(label: str | tuple[str, ...] | None) -> list[str]:
    return [] if label is None else [str(label)] if isinstance(label, str) else list(label)
