"""The memory that a process which reads what strangers wrote allows itself."""

from __future__ import annotations

import resource

STARVED = 3
"""Exit code of a process that had not even the memory to say so: an orderly end takes some too."""


def limit_memory(megabytes: int) -> None:
    """Limit this process's address space to so much beyond what it has now."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - a kernel file, not a path of ours
        now = int(statm.read().split()[0]) * resource.getpagesize()
    limit = now + megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
