"""One decision for each poll: the state after it, when the next one is due, and what should be reported."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ingest.schedule.learning import learned
from ingest.schedule.timing import jittered, stretched
from ingest.schedule.values import (
    ErrorClass,
    Failure,
    FeedState,
    Gone,
    Health,
    Items,
    Note,
    NoteKind,
    NotModified,
    Outcome,
    Redirect,
    Same,
    Settings,
)

_FIRST = {ErrorClass.BLOCKED: 4, ErrorClass.REFUSED: 4, ErrorClass.NOT_A_FEED: 2, ErrorClass.CRASHED: 2}
"""How much longer the first wait is after errors that seldom pass by themselves."""
_ABSURD = 31 * 86_400
"""Seconds of a Retry-After that nobody means."""


class Decision(NamedTuple):
    """What follows from a poll."""

    state: FeedState
    notes: tuple[Note, ...] = ()


def decide(state: FeedState, outcome: Outcome, settings: Settings, now: float, seed: float) -> Decision:
    """Return what follows from a poll.

    Args:
        state: as it was when the poll was claimed.
        outcome: what the poll brought.
        settings: with the feed's own interval where it has one.
        now: when the answer was there.
        seed: from 0 up to 1, another one for each feed and poll.
    """
    if isinstance(outcome, NotModified) and not _asked_for(state, outcome):
        outcome = Failure(ErrorClass.PROTOCOL)
    if isinstance(outcome, Gone):
        return _after_gone(state, settings, now, seed)
    if isinstance(outcome, Failure):
        return _after_failure(state, outcome, settings, now, seed)
    return _after_success(state, outcome, settings, now, seed)


def _asked_for(state: FeedState, outcome: NotModified) -> bool:
    """Tell whether a 304 can be true: only to a request that carried validators of that very URL."""
    held, answer = state.validators, outcome.answer
    return answer.conditional and held is not None and held.url == answer.url


def _after_success(
    state: FeedState, outcome: NotModified | Same | Items, settings: Settings, now: float, seed: float
) -> Decision:
    after, notes = learned(state, outcome, settings, now)
    after = replace(
        after,
        errors=0,
        error=None,
        failing_since=None,
        health=Health.ACTIVE,
        gone_since=None,
        last_success=now,
        redirect=_sighted(state, outcome, now),
    )
    if state.health is not Health.ACTIVE:
        notes += (Note(NoteKind.REVIVED),)
    sighting = after.redirect
    if sighting and sighting.proven and now - sighting.first_seen >= settings.redirect_stable_seconds:
        after = replace(after, url=sighting.target, redirect=None)
        notes += (Note(NoteKind.MOVED, sighting.target),)
    hint = max(after.declared or 0, after.max_age or 0)
    wait = jittered(after.interval, settings, seed, hint=hint)
    return Decision(replace(after, next_due=now + wait), notes)


def _sighted(state: FeedState, outcome: NotModified | Same | Items, now: float) -> Redirect | None:
    """Return the permanent redirect that this answer came by; one that did not come this time was none.

    It counts as proven once the target gave entries that this feed had shown: a portal or a parked domain does not.
    """
    target = outcome.answer.moved
    if target is None or target == state.url:
        return None
    known = outcome.known if isinstance(outcome, Items) else state.entries
    before = state.redirect
    if before is None or before.target != target:
        return Redirect(target, now, proven=known > 0)
    return replace(before, count=before.count + 1, proven=before.proven or known > 0)


def _after_failure(state: FeedState, outcome: Failure, settings: Settings, now: float, seed: float) -> Decision:
    """Leave everything that was learned as it is: validators and hash belong to the items that came with them."""
    after = _failed(state, outcome.error, now)
    asked = _asked_wait(outcome.retry_after, settings)
    if state.health is Health.GONE:
        return Decision(replace(after, next_due=now + _probe(settings.gone_probe_seconds, asked, settings, seed)))
    if after.errors >= settings.dead_after_errors:
        due = now + _probe(settings.dead_interval_seconds, asked, settings, seed)
        notes = () if state.health is Health.DEAD else (Note(NoteKind.DIED, outcome.error),)
        return Decision(replace(after, health=Health.DEAD, next_due=due), notes)
    wait = max(_backoff(outcome.error, after.errors, settings), asked)
    due = now + min(stretched(wait, seed), settings.max_interval_seconds)
    return Decision(replace(after, health=Health.ACTIVE, next_due=due))


def _after_gone(state: FeedState, settings: Settings, now: float, seed: float) -> Decision:
    """Believe a 410 when it is still there after a while; until then look once more, when that while is over.

    That one look waits for its time even beyond the longest interval: looks before it could confirm nothing.
    """
    since = now if state.gone_since is None else state.gone_since
    after = replace(_failed(state, ErrorClass.GONE, now), gone_since=since)
    confirmed = state.gone_since is not None and now - since >= settings.gone_confirm_seconds
    if confirmed or state.health is Health.GONE:
        due = now + _probe(settings.gone_probe_seconds, 0, settings, seed)
        notes = () if state.health is Health.GONE else (Note(NoteKind.GONE),)
        return Decision(replace(after, health=Health.GONE, next_due=due), notes)
    wait = max(since + settings.gone_confirm_seconds - now, settings.min_interval_seconds)
    due = now + stretched(wait, seed)
    notes = (Note(NoteKind.GONE_ONCE),) if state.gone_since is None else ()
    return Decision(replace(after, next_due=due), notes)


def _failed(state: FeedState, error: ErrorClass, now: float) -> FeedState:
    since = now if state.failing_since is None else state.failing_since
    return replace(state, errors=state.errors + 1, error=error, failing_since=since)


def _backoff(error: ErrorClass, errors: int, settings: Settings) -> float:
    """Return the wait after so many errors in a row: doubled each time, up to the longest interval.

    It starts no lower than the shortest interval and not by clipping, so that each wait is longer than the one before.
    """
    first = max(settings.backoff_seconds, settings.min_interval_seconds) * _FIRST.get(error, 1)
    return min(first * 2.0 ** min(errors - 1, 64), settings.max_interval_seconds)


def _asked_wait(retry_after: float | None, settings: Settings) -> float:
    """Return what Retry-After adds; nothing if it is past or absurd, the longest interval at most."""
    if retry_after is None or not 0 < retry_after <= _ABSURD:
        return 0
    return min(retry_after, settings.max_interval_seconds)


def _probe(seconds: float, asked: float, settings: Settings, seed: float) -> float:
    """Return the wait of a feed that is only probed; `max_interval_seconds` does not hold for it."""
    return stretched(max(seconds, asked, settings.min_interval_seconds), seed)
