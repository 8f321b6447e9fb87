"""What of the service can be seen from outside: health, metrics, and pages for people."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ingest.dashboard import Dashboard
from ingest.listener import Listener, ListenError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from ingest.config import Config
    from ingest.health import Health
    from ingest.metrics import Metrics

log = logging.getLogger(__name__)


def listening(
    config: Config, health: Health, metrics: Metrics, topics: Sequence[str] | None, stack: ExitStack
) -> Dashboard | None:
    """Start the listener; where its address is only the default and another program has it, go on without one.

    Args:
        config: says where to listen; nowhere, if that is empty.
        health: what the parts of the service say.
        metrics: its figures.
        topics: those that are looked for; None: there are no records, and so no pages.
        stack: ends the listener when it is left.

    Returns:
        What is to be told of outcomes; None where there is nobody to see them.

    Raises:
        ListenError: the address, as configured, cannot be had.
    """
    if not config.dashboard.listen:
        return None
    dashboard = None if topics is None else Dashboard(config, health, topics)
    pages = () if dashboard is None else dashboard.routes()
    listener = Listener(config.dashboard.listen, health, metrics, token=config.dashboard.token, pages=pages)
    if dashboard is not None:
        stack.callback(dashboard.close)  # after the listener, whose answers may still need it
    try:
        listener.start()
    except ListenError as error:
        if "dashboard.listen" in config.given:
            raise
        log.warning('no dashboard, no health and no metrics: %s; give [dashboard] listen another address, or ""', error)
        return None
    stack.callback(listener.stop)
    return dashboard
