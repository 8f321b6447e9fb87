"""A poll's way through the store: claimed when it is due, then committed, released, or claimed anew after its lease."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest.feedstore.feeds import merge
from ingest.feedstore.rows import PARKED, SELECTED, STATE_COLUMNS, claimed_of, own, owner_of, state_values
from ingest.feedstore.seen import remember
from ingest.schedule import Health
from ingest.schedule.timing import JITTER

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from ingest.feedstore.rows import Claimed
    from ingest.schedule import FeedState, Settings

_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_SET = ", ".join(f"{column} = ?" for column in STATE_COLUMNS)
_ANY = 1_000_000_000
LATE_SECONDS = 60.0
"""That a request goes out after its claim, at most: it waits for its turn at the host, and to be connected."""
_POLLED = "paused = 0 AND dropped IS NULL"
"""Word for word the condition of the index."""


class StaleClaimError(Exception):
    """The feed was claimed anew or removed meanwhile: nothing that this poll brought may be kept."""


def claim(
    connection: sqlite3.Connection,
    now: float,
    *,
    lease: float,
    limit: int,
    busy: Iterable[str] = (),
    at_a_host: int = _ANY,
) -> list[Claimed]:
    """Return feeds that are due, longest waiting first, and leave them alone for the length of a lease.

    Feeds of busy hosts (`host_of`), and more than so many at one host, are left where they are: they would only wait,
    and keep others waiting.

    To be committed before the first request goes out. Whoever dies then leaves validators and seen entries as they
    were, so that what the lost answers held comes again, after `recover` or when the lease is over.
    """
    rows = connection.execute(
        f"UPDATE feed SET wake = ?, claim = claim + 1, claimed = ? WHERE id IN"  # noqa: S608 - our own column names
        f" (SELECT id FROM (SELECT id, wake, row_number() OVER (PARTITION BY host ORDER BY wake) AS place FROM feed"
        f" WHERE wake <= ? AND {_POLLED} AND host NOT IN (SELECT value FROM json_each(?)))"
        f" WHERE place <= ? ORDER BY wake LIMIT ?) RETURNING {SELECTED}",
        (now + lease, now, now, json.dumps(list(busy)), at_a_host, limit),
    ).fetchall()
    return sorted(map(claimed_of, rows), key=lambda claimed: claimed.state.next_due)


def recover(connection: sqlite3.Connection, settings: Settings, now: float) -> int:
    """Take over from a service that was killed: what it had claimed is due again. Return how many feeds those are.

    At the start only, when no claim can be alive. Its requests may have gone out at any time until now, though hardly
    long after their claim, so the shortest interval holds from then.
    """
    cursor = connection.execute(
        "UPDATE feed SET wake = max(next_due, min(:now, claimed + :late) + :shortest), claim = claim + 1,"
        " claimed = NULL WHERE claimed IS NOT NULL",
        {"now": now, "late": LATE_SECONDS, "shortest": settings.min_interval_seconds},
    )
    recall(connection, settings, now)
    return cursor.rowcount


def recall(connection: sqlite3.Connection, settings: Settings, now: float) -> int:
    """Bring back what is due later than any decision of today could make it. Return how many feeds those are.

    The clock was wrong once, or the operator has lowered a bound. Claimed feeds are left to their lease.
    """
    # Probes, and the look that is to confirm a 410, are jittered upwards, and yield to the shortest interval.
    longest = {
        (Health.ACTIVE, False): max(settings.max_interval_seconds, settings.min_interval_seconds),
        (Health.ACTIVE, True): _stretched(max(settings.gone_confirm_seconds, settings.max_interval_seconds), settings),
        (Health.DEAD, None): _stretched(settings.dead_interval_seconds, settings),
        (Health.GONE, None): _stretched(settings.gone_probe_seconds, settings),
    }
    changed = 0
    for (health, doubted), seconds in longest.items():
        cursor = connection.execute(
            "UPDATE feed SET wake = :latest, next_due = :latest WHERE wake > :latest AND health = :health"
            " AND claimed IS NULL AND wake < :parked AND (:doubted IS NULL OR (gone_since IS NOT NULL) = :doubted)",
            {"latest": now + seconds, "health": health, "doubted": doubted, "parked": PARKED},
        )
        changed += cursor.rowcount
    return changed


def hurry(connection: sqlite3.Connection, number: int, now: float, *, shortest: float) -> float | None:
    """Have a feed polled as soon as is polite, whatever was planned: not before the shortest interval is over.

    Args:
        connection: within a transaction.
        number: of the feed.
        now: Unix time.
        shortest: seconds that lie between two polls in any case.

    Returns:
        When it is due; None where it is being polled at this moment, paused, or wanted by nobody.
    """
    due = "min(next_due, max(:now, coalesce(last_success, 0) + :shortest))"
    row = connection.execute(
        f"UPDATE feed SET wake = {due}, next_due = {due}"  # noqa: S608 - constants
        f" WHERE id = :id AND claimed IS NULL AND {_POLLED} RETURNING wake",
        {"id": number, "now": now, "shortest": shortest},
    ).fetchone()
    return None if row is None else float(row[0])


def next_wake(connection: sqlite3.Connection) -> float | None:
    """Return when the next feed can be claimed; None if there is none."""
    row = connection.execute(f"SELECT min(wake) FROM feed WHERE {_POLLED}").fetchone()  # noqa: S608 - constant
    return None if row[0] is None else float(row[0])


def due(connection: sqlite3.Connection, now: float) -> int:
    """Count the feeds that could be claimed at a time."""
    row = connection.execute(f"SELECT count(*) FROM feed WHERE wake <= ? AND {_POLLED}", (now,)).fetchone()  # noqa: S608 - constant
    return int(row[0])


def release(connection: sqlite3.Connection, claimed: Claimed) -> None:
    """Give back a claim for which no request went out; the feed is as due as before."""
    connection.execute(
        "UPDATE feed SET wake = next_due, claim = claim + 1, claimed = NULL WHERE id = ? AND claim = ?",
        (claimed.id, claimed.claim),
    )


def commit(
    connection: sqlite3.Connection,
    claimed: Claimed,
    state: FeedState,
    *,
    now: float,
    shown: Mapping[str, bytes] = _NOTHING,
) -> int:
    """Keep what a poll brought, in the transaction that keeps its items.

    Args:
        connection: within a transaction.
        claimed: the claim that this poll was made for.
        state: as `ingest.schedule.decide` returned it.
        now: when the answer was there.
        shown: everything in the document, as for `compare`; empty where none was parsed.

    Returns:
        The feed's number: another one where its new address belongs to another feed, with which it was merged.

    Raises:
        StaleClaimError: the transaction must not be committed.
        ValueError: the state has no http or https URL.
    """
    owner = owner_of(connection, state.url)
    merged = owner is not None and owner != claimed.id
    cursor = connection.execute(
        f"UPDATE feed SET wake = ?, claimed = NULL, {_SET} WHERE id = ? AND claim = ?",  # noqa: S608 - our own column names
        (state.next_due, *state_values(state), claimed.id, claimed.claim),
    )
    if not cursor.rowcount:
        raise StaleClaimError(f"{claimed.state.url}: polled anew or removed before this poll was done")
    remember(connection, claimed.id, shown, now)
    if owner is None:
        own(connection, claimed.id, state.url, now)
    elif merged:
        merge(connection, claimed.id, owner, now)
        return owner
    return claimed.id


def _stretched(seconds: float, settings: Settings) -> float:
    return max(seconds, settings.min_interval_seconds) * (1 + JITTER)
