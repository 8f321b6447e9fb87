"""What processes cost: CPU seconds, as the kernel counts them, and how busy the machine is beside them."""

from __future__ import annotations

import os
from pathlib import Path

from tests.ingest.newsroom import descendants

_TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """CPU seconds of a process."""
    return sum(map(int, _fields(pid)[11:13])) / _TICK


def cpu_of_tree(pid: int) -> dict[int, float]:
    """CPU seconds of a process and of each below it, with those of its children that have ended."""
    return {one: sum(map(int, _fields(one)[11:15])) / _TICK for one in (pid, *descendants(pid))}


def load() -> str:
    """The load of the last 1, 5 and 15 minutes."""
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
