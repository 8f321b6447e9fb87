"""Keeps the parts of the service going: one that ends by a mistake is started again, later each time, and reported."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingest.health import Health
    from ingest.metrics import Metrics

log = logging.getLogger(__name__)

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0
_CALM_SECONDS = 60.0
"""A part that ran for so long had been well."""


async def supervised(
    name: str,
    part: Callable[[], Awaitable[None]],
    health: Health,
    metrics: Metrics,
    *,
    fatal: tuple[type[Exception], ...] = (),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] | None = None,
) -> None:
    """Run a part until it returns.

    Args:
        name: of the part.
        part: started anew whenever it raises.
        health: told of it.
        metrics: counts restarts.
        fatal: what is not to be tried again, but raised.
        sleep: waits so many seconds.
        clock: monotonic seconds; the event loop's by default.
    """
    clock = clock or asyncio.get_running_loop().time
    mine = health.part(name)
    wait = FIRST_SECONDS
    while True:
        began = clock()
        mine.ok()
        try:
            await part()
        except fatal:
            raise
        except Exception as error:  # the edge of a part: whatever it is, the others go on
            if clock() - began >= _CALM_SECONDS:
                wait = FIRST_SECONDS
            log.exception("%s ended by a mistake of ours; started again in %g s", name, wait)
            mine.failing(f"ended: {type(error).__name__}: {error}; started again")
            metrics.part_restarted(name)
            await sleep(wait)
            wait = min(wait * 2, LONGEST_SECONDS)
        else:
            return
