"""Where the last records were delivered to, as the sinks tell it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sinks.base import Landed

MOST = 2_000
"""Records: more than are kept, for those that are delivered before they are shown."""


class Landings:
    """The places of the last records. Sinks tell in their threads, the listener asks in its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: OrderedDict[tuple[str, int], list[str]] = OrderedDict()

    def add(self, landed: Iterable[Landed]) -> None:
        """Keep where records are."""
        with self._lock:
            for one in landed:
                places = self._places.setdefault((one.key, one.revision), [])
                if one.place not in places:
                    places.append(one.place)
            while len(self._places) > MOST:
                self._places.popitem(last=False)

    def of(self, key: str, revision: int) -> list[str]:
        """Return where a record is; empty where no sink has told so far, or that is forgotten."""
        with self._lock:
            return list(self._places.get((key, revision), ()))
