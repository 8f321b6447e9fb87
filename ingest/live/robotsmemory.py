"""Robots.txt files in the service's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import robotsfiles

if TYPE_CHECKING:
    from ingest.live.writer import Writer
    from ingest.robotsfiles import RobotsFile


@dataclass(frozen=True, slots=True)
class RobotsMemory:
    """Implements `ingest.fetch.robots.Memory`.

    Args:
        writer: to the state.
    """

    writer: Writer

    async def recall(self, origin: str) -> RobotsFile | None:
        """See `Memory`."""
        return await self.writer.read(lambda connection: robotsfiles.kept(connection, origin))

    async def keep(self, origin: str, file: RobotsFile) -> None:
        """See `Memory`."""
        await self.writer.run(lambda connection: robotsfiles.keep(connection, origin, file))
