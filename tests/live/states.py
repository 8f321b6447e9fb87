"""What a running service knows of its feeds, read beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from ingest import feedstore, state

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.feedstore import Listed
    from ingest.schedule import ErrorClass


def known(folder: Path) -> dict[str, Listed]:
    """Every feed by its URL, in the order they came; none while the service makes its state."""
    file = folder / "var" / "state" / state.FILE
    if not file.exists():
        return {}
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'feed'").fetchone()[0]:
            return {}
        return {listed.state.url: listed for listed in feedstore.listed(connection)}


def errors(folder: Path) -> dict[str, ErrorClass]:
    """Why the last poll of each feed that failed did."""
    return {url: listed.state.error for url, listed in known(folder).items() if listed.state.error is not None}
