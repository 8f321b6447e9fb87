"""Takedowns, told, and taken over: a replay knows those of the configured service and of the archives that it reads."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import retracted, state
from ingest.archived import ArchiveError
from ingest.logs import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.config import Config
    from ingest.retracted import Retracted
    from sinks.store import Store


def take_over(config: Config, inputs: Iterable[str], job: Store) -> None:
    """Have a job know the takedowns of its inputs' archives, of the configured archive and of the service's state.

    Args:
        config: of the replay.
        inputs: the files that are read.
        job: the job's state.

    Raises:
        StoreError: a state cannot be used.
        ArchiveError: an archive's list cannot be read.
    """
    folders = {folder for name in inputs for folder in list(Path(os.path.realpath(name)).parents)[:2]}
    if config.archive is not None:
        folders.add(config.archive.path.resolve())
    ours = _of_the_service(config)
    try:
        listed = [key for folder in sorted(folders) for key in retracted.listed(folder)]
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{retracted.FILE}, which names what was taken down: {error}") from error
    with job.transaction() as connection:
        retracted.load(connection, listed, time.time())
        for one in ours:
            retracted.add(connection, one.id, one.why, one.at)


def line_of(one: Retracted) -> str:
    """Return a takedown in one line."""
    since = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds")
    why = f": {visible(one.why)}" if one.why else ""
    return f"{one.id} taken down {since}{why}{'' if one.done else ' (not finished: run newstap retract again)'}"


def _of_the_service(config: Config) -> list[Retracted]:
    if not (config.state.path / state.FILE).exists():
        return []
    store = state.beside(config.state.path)
    try:
        with store.reading() as connection:
            return retracted.every(connection)
    finally:
        store.close()
