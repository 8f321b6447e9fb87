"""`newstap audit`: whether what was discovered was delivered, by the state's books and by what the sinks really hold.

    discovered = records + skipped (by reason) + dead letters + in flight
    and each sink holds each record (`id`, `revision.n`) of the books once, but for what it has not been given yet

It reads without a lock, also while a service or a replay is at work: what goes out meanwhile is told apart by reading
the books before and after.
"""

from ingest.audit.audit import audit

__all__ = ["audit"]
