"""What grows is kept small: now and then what nobody needs any more is forgotten."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ingest import feedstore, issued, robotsfiles, visits, withdrawn
from ingest.live.parts import visited_for

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ingest.live.current import Current
    from ingest.live.writer import Writer

_COUNT_SECONDS = 10.0
_SWEEP_SECONDS = 3_600.0
_DAY = 86_400.0


async def upkeep(
    writer: Writer,
    current: Current,
    forget_links: Callable[[sqlite3.Connection, float], None],
    counted: Callable[[dict[str, int]], None],
) -> None:
    """Forget what nobody needs any more, now and each hour, and bring back what a wrong clock sent away.

    Args:
        writer: to the state.
        current: the configuration as it is now.
        forget_links: forgets the links that no feed has shown since a time (Unix seconds).
        counted: told every ten seconds how many feeds are in which health.
    """
    while True:
        now = time.time()
        oldest = now - current.config.state.remember_days * _DAY
        await writer.run(lambda connection: feedstore.sweep(connection, now))  # noqa: B023 - awaited here
        await writer.run(lambda connection: forget_links(connection, oldest))  # noqa: B023 - as above
        await writer.run(lambda connection: issued.forget(connection, oldest))  # noqa: B023 - as above
        await writer.run(withdrawn.forget)
        late = now - visited_for(current.config)
        await writer.run(lambda connection: visits.forget(connection, late))  # noqa: B023 - as above
        await writer.run(lambda connection: robotsfiles.forget(connection, now))  # noqa: B023 - as above
        await writer.run(lambda connection: feedstore.recall(connection, current.base, now))  # noqa: B023 - as above
        for _ in range(int(_SWEEP_SECONDS / _COUNT_SECONDS)):
            counted(await writer.read(feedstore.count_by_health))
            await asyncio.sleep(_COUNT_SECONDS)
