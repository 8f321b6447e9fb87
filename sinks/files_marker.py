"""How far the files of a folder came, noted beside them: so that an older copy of the state is noticed.

The state says which bytes of the files count. One that was put back to an older copy would have newer lines cut off and
written again, while other sinks and readers have them already; nothing in the state itself can tell.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from sinks.base import SinkBrokenError

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".delivered.json"
_MODE = 0o640


class Marker:
    """The note of one folder: `{"owner": …, "seq": …}`.

    It is written after the state's commit, so whatever kills us in between leaves it behind the state, never ahead. It
    is not synced: what a power cut takes of it can only be missing or older.

    Args:
        folder: of the files sink.
        owner: of its ledger.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self._path = folder / NAME
        self._owner = owner
        self._seq = -1

    def require(self, seq: int) -> None:
        """Compare with the state's number.

        Raises:
            SinkBrokenError: the folder is ahead of the state, or another state's.
        """
        owner, noted = self._read()
        if owner not in {None, self._owner}:
            raise SinkBrokenError(
                f"{self._path.parent}: written under another state, of a service or a replay; restore that state or"
                " write to an empty folder"
            )
        if noted > seq:
            raise SinkBrokenError(
                f"{self._path.parent}: {noted} items were delivered here, but this state only knows of {seq}: it was"
                " put back to an older copy. Restore the newer state, or run a replay again with --restart; deleting"
                f" {self._path} delivers again what this state does not know of"
            )

    def note(self, seq: int) -> None:
        """Keep a number that was committed; nothing is written where it did not change."""
        if seq == self._seq:
            return
        new = self._path.with_name(NAME + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(new, flags, _MODE), "w", encoding="utf-8") as file:
            json.dump({"owner": self._owner, "seq": seq}, file)
        new.replace(self._path)
        self._seq = seq

    def remove(self) -> None:
        """Forget what another state noted about files that are gone."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> tuple[str | None, int]:
        try:
            noted = json.loads(self._path.read_bytes())
            return str(noted["owner"]), int(noted["seq"])
        except FileNotFoundError:
            return None, 0
        except (ValueError, KeyError, TypeError):  # cut short by a power cut: as good as missing
            return None, 0


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder has: that of a new or renamed file is not, with the file's own bytes.

    Raises:
        OSError: the disk is full or failing.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
