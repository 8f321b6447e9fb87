"""Parts of the service that follow from the configuration alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ingest.fetch.client import Fetcher
from ingest.fetch.pushback import LONGEST_PAUSE
from ingest.live.workers import FETCH
from ingest.schedule.visiting import Visiting

if TYPE_CHECKING:
    from ingest.config import Config
    from ingest.fetch.hosts import Hosts

log = logging.getLogger(__name__)


def visiting_of(config: Config, job: str) -> Visiting | None:
    """Return when articles are visited again; None where they are not. A fetcher does not know what they became."""
    wanted = config.revisits
    if not wanted.after_seconds:
        return None
    if job == FETCH:
        log.warning("[revisits] is for newstap run: a fetcher visits no article again")
        return None
    return Visiting(wanted.after_seconds, wanted.gone_confirm_seconds)


def visited_for(config: Config) -> float:
    """Return for how many seconds an article may be visited: to the last of the times, and what confirms it is gone.

    What is older, after a change of the configuration or a long stop, is not made up for.
    """
    wanted = config.revisits
    return max(wanted.after_seconds, default=0.0) + 2 * wanted.gone_confirm_seconds


def fetcher_of(config: Config, hosts: Hosts) -> Fetcher:
    """Return what gets documents."""
    return Fetcher(
        hosts=hosts,
        user_agent=config.fetch.user_agent,
        timeout=config.fetch.timeout_seconds,
        allowed=config.fetch.allow_networks,
        longest_pause=min(LONGEST_PAUSE, config.schedule.max_interval_seconds),
    )
