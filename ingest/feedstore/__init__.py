"""The feeds and what is known of them, in SQLite: who is polled, when next, and which entries were seen.

Every function works on the caller's connection, those that write inside the caller's transaction
(`sinks.store.Store.transaction`), so that a poll's state, its seen entries and what goes out are committed together.
Request headers of a feed are secrets and never stored; they are the configuration's.
"""

from ingest.feedstore.feeds import (
    Changes,
    Removal,
    add,
    configure,
    count_by_health,
    describe,
    forget,
    listed,
    merge,
    one,
    pause,
    remove,
    sweep,
    together,
    withdraw,
)
from ingest.feedstore.polls import (
    LATE_SECONDS,
    StaleClaimError,
    claim,
    commit,
    due,
    hurry,
    next_wake,
    recall,
    recover,
    release,
)
from ingest.feedstore.rows import PARKED, Claimed, Feed, Listed, address_of, addresses, host_of, is_known, owner_of
from ingest.feedstore.schema import SCHEMA
from ingest.feedstore.seen import Comparison, compare

__all__ = [
    "LATE_SECONDS",
    "PARKED",
    "SCHEMA",
    "Changes",
    "Claimed",
    "Comparison",
    "Feed",
    "Listed",
    "Removal",
    "StaleClaimError",
    "add",
    "address_of",
    "addresses",
    "claim",
    "commit",
    "compare",
    "configure",
    "count_by_health",
    "describe",
    "due",
    "forget",
    "host_of",
    "hurry",
    "is_known",
    "listed",
    "merge",
    "next_wake",
    "one",
    "owner_of",
    "pause",
    "recall",
    "recover",
    "release",
    "remove",
    "sweep",
    "together",
    "withdraw",
]
