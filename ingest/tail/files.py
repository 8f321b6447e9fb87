"""Records out of a files sink, as they are written."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sinks.base import Kind
from sinks.files import FOLDERS
from sinks.files_following import Follower

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.tail.source import Begin

log = logging.getLogger(__name__)


class FilesTail:
    """See `ingest.tail.source.Tail`.

    Args:
        folder: of the sink.
        begin: where.
    """

    def __init__(self, folder: Path, begin: Begin) -> None:
        records = folder / FOLDERS[Kind.RECORD]
        if not records.exists():
            log.warning("%s: nothing was written there yet", records)
        self._follower = Follower(records)
        if begin.last is not None:
            self._follower.to_end()
        elif begin.since is not None:
            self._follower.to_time(begin.since.timestamp())

    def before(self) -> Iterator[bytes]:
        """See `Tail`."""
        return self._follower.before()

    def arrived(self) -> Iterator[bytes]:
        """See `Tail`."""
        return self._follower.lines()

    def has_caught_up(self) -> bool:
        """See `Tail`: each call of `arrived` reads to the end."""
        return True

    def close(self) -> None:
        """See `Tail`."""
        self._follower.close()
