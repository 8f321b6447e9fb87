"""The service's state: one SQLite file in `[state] path`, owned by `run`, and open to commands beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest import (
    alarms,
    archived,
    feedstore,
    issued,
    linkstore,
    pending,
    profiles,
    retracted,
    robotsfiles,
    visits,
    withdrawn,
)
from sinks import outbox
from sinks.store import Store

if TYPE_CHECKING:
    from pathlib import Path

FILE = "state.sqlite"
MIGRATIONS = (
    outbox.SCHEMA + issued.SCHEMA + feedstore.SCHEMA + pending.SCHEMA + robotsfiles.SCHEMA + profiles.LESSONS,
    archived.SCHEMA,
    linkstore.SCHEMA,
    withdrawn.SCHEMA,
    alarms.SCHEMA,
    visits.SCHEMA,
    retracted.SCHEMA,
)
"""Layouts of the service's state, oldest first; a published one is never edited."""
_PATIENCE_SECONDS = 1.0
"""What a command that makes the state takes, at most, before a service can have it."""
_MAKING_SECONDS = 5.0
"""What a service that makes the state, or a later layout of it, takes before a command can use it."""


def owned(folder: Path) -> Store:
    """Open the state as its only owner.

    Raises:
        StoreLockedError: another service runs on it.
        StoreError: it cannot be used.
    """
    return Store(folder / FILE, MIGRATIONS, patience_seconds=_PATIENCE_SECONDS)


def beside(folder: Path) -> Store:
    """Open the state whether or not a service runs on it, for short transactions.

    Raises:
        StoreError: it cannot be used.
    """
    return Store(folder / FILE, MIGRATIONS, beside=True, patience_seconds=_MAKING_SECONDS)
