"""The configuration read anew, on SIGHUP or when its file changes: feeds and times at once, the rest at a restart."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ingest.config import ConfigError, load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from ingest.config import Config

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_AT_ONCE = frozenset({"feeds", "schedule", "file", "given", "warnings"})
"""Fields of the configuration that take effect while the service runs."""
_OF_FETCH_AT_ONCE = frozenset({"pages", "robots_for_feeds", "reserved", "max_feed_bytes", "max_page_bytes"})


@dataclass(slots=True)
class Reload:
    """Watches a configuration file.

    Args:
        config: as it was read at the start.
        take: takes up another one.
        asked: set by SIGHUP.
    """

    config: Config
    take: Callable[[Config], Awaitable[None]]
    asked: asyncio.Event

    async def run(self) -> None:
        """Watch for ever; without a file, for signals only."""
        seen = _stamp(self.config.file)
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.asked.wait(), LOOK_SECONDS)
            now = _stamp(self.config.file)
            if self.asked.is_set() or now != seen:
                self.asked.clear()
                seen = now
                await self._again()

    async def _again(self) -> None:
        try:
            config = load(self.config.file, os.environ)
        except ConfigError as error:
            log.error("the configuration has problems, so the one before stays in force:\n%s", error)  # noqa: TRY400 - the operator's mistake, no traceback
            return
        for problem in config.warnings:
            log.warning("%s", problem)
        if late := sorted(_late(self.config, config)):
            log.warning("changed, but in force only after a restart: %s", ", ".join(late))
        await self.take(config)
        self.config = config
        log.info("configuration read again")


def _late(before: Config, after: Config) -> set[str]:
    """Return the sections that differ and need a restart."""
    names = {field.name for field in fields(before)} - _AT_ONCE - {"fetch"}
    changed = {name for name in names if getattr(before, name) != getattr(after, name)}
    fetch = {field.name for field in fields(before.fetch)} - _OF_FETCH_AT_ONCE
    return changed | {f"fetch.{n}" for n in fetch if getattr(before.fetch, n) != getattr(after.fetch, n)}


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """Return what changes when a file does; None where there is none, as while an editor replaces it."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size)
