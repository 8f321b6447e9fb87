"""What a member is called in its group: a name of its own, the same again after a restart."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from sinks.store import StoreLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ODD = re.compile(r"[^A-Za-z0-9._-]")
_HOST_LETTERS = 100


@contextmanager
def named(folder: Path, command: str, wanted: str | None = None) -> Iterator[str]:
    """Have a name for as long as the process lives, however it ends.

    By default the machine's, with the first number that no other process of this command on this state folder has.

    Raises:
        StoreLockedError: another one has the wanted name.
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    host = _ODD.sub("-", socket.gethostname())[:_HOST_LETTERS] or command
    for number in count(1):
        name = wanted or f"{host}-{number}"
        lock = folder / f"{command}-{wanted or number}.lock"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if _locked(descriptor):
                yield name
                return
        finally:
            os.close(descriptor)
        if wanted is not None:
            raise StoreLockedError(f"{folder}: another worker runs as {wanted}; give this one another --instance")


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
