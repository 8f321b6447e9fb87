"""What can be seen of a fetcher of a group from outside, whichever term it is in: health, metrics, the owners' page."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.dashboard import GroupDashboard
from ingest.fleet.asking import Asking, ask
from ingest.fleet.here import beside, here
from ingest.scaled import listening, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.config import Config
    from ingest.fleet.service import Fleet, Options
    from ingest.health import Health
    from ingest.metrics import Metrics
    from ingest.owners import Here


class Shown:
    """A fetcher as others see it.

    Args:
        path: of its copy.
        name: its own, in the group.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.fleet: Fleet | None = None
        """The term that it is in."""
        self._path = path
        self._name = name

    def here(self) -> Here:
        """Return what it has; partitions are those that the term knows to be ours, whatever was noted before it.

        Raises:
            StoreError: the copy cannot be read.
        """
        found, fleet = here(self._path, self._name), self.fleet
        if fleet is None:
            return replace(found, ours=(), lease=0.0)
        return replace(found, ours=tuple(sorted(fleet.places.ours)), lease=fleet.lease_seconds)

    def tell(self, metrics: Metrics) -> None:
        """Have the metrics ask what the term knows."""
        metrics.gauge_from("newstap_partitions", lambda: 0 if self.fleet is None else len(self.fleet.places.ours))
        metrics.gauge_from("newstap_partitions_waiting", lambda: 0 if self.fleet is None else self.fleet.waiting)


@contextmanager
def shown(config: Config, health: Health, metrics: Metrics, options: Options, path: Path) -> Iterator[Shown]:
    """Show a fetcher meanwhile, where the file says at which address; only then is the group asked who owns what.

    Raises:
        ListenError: the address cannot be had.
    """
    seen = Shown(path, options.instance)
    seen.tell(metrics)
    with ExitStack() as stack:
        if listens(config):
            asking = Asking(options.group, lambda: ask(options.connection, options.group, options.plan.names))
            dashboard = GroupDashboard(config, health, told=asking.told, here=seen.here, opens=lambda: beside(path))
            stack.callback(dashboard.close)
            stack.enter_context(listening(config, health, metrics, dashboard.routes()))
            asking.start()
            stack.callback(asking.end)
        yield seen
