"""How the service stands at this moment, as it tells the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.delivery import SinkState


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What waits where."""

    sinks: Sequence[SinkState] = ()
    outbox_rows: int = 0
    outbox_bytes: int = 0
    pending_pages: int = 0
    feeds: Mapping[str, int] = field(default_factory=dict)
    """Those that are wanted, by their health."""
    letters: Mapping[str, int] = field(default_factory=dict)
    """Dead letters that there ever were, by step."""
