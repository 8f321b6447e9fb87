"""What a good answer teaches: how often to ask, whether something was missed, whether a 304 lied, who fell silent."""

from __future__ import annotations

from dataclasses import replace

from ingest.schedule.timing import bounded
from ingest.schedule.values import FeedState, Items, Note, NoteKind, NotModified, Same, Settings, Validators

_LATE = 0.5
"""Part of the interval by which a poll may be late and still tell something about the interval."""
_STEADY = 2
"""On-time successes before the interval is touched (Media Cloud's fetcher)."""
_LONGER, _SHORTER = 1.25, 0.5
"""Slowly up, quickly down: a poll too many costs a 304, one too few costs items."""
_MOSTLY_KNOWN, _MOSTLY_NEW = 2 / 3, 1 / 3
_SILENCE = 8
"""Times the usual gap between news. And at least twice the longest interval, so that it is not merely unpolled."""
_WEIGHT = 0.25
"""Of the newest gap in the running mean."""


def learned(
    state: FeedState, outcome: NotModified | Same | Items, settings: Settings, now: float
) -> tuple[FeedState, tuple[Note, ...]]:
    """Return the state with everything that a good answer says about the feed's content and pace."""
    missed = _missed(state, outcome)
    lied = _lied(state, outcome)
    on_time = _on_time(state, now)
    steady = state.steady + 1 if on_time else 0
    interval = _interval(replace(state, steady=steady), outcome, settings, now)
    if missed and on_time:
        interval = min(interval, bounded(bounded(state.interval, settings) * _SHORTER, settings))
    notes = [NoteKind.MISSED] * missed + [NoteKind.LIED] * lied
    if isinstance(outcome, Items) and state.entries and not outcome.new + outcome.known:
        notes.append(NoteKind.EMPTIED)
    after = replace(state, steady=steady, interval=interval, missed=state.missed + missed, lies=state.lies + lied)
    after = _paced(_remembered(after, outcome, now), outcome, settings, now)
    if after.silent and not state.silent:
        notes.append(NoteKind.SILENT)
    return after, tuple(Note(kind) for kind in notes)


def _on_time(state: FeedState, now: float) -> bool:
    """Tell whether the time since the last success is what the schedule meant it to be."""
    return state.last_success is not None and not state.errors and now - state.next_due <= state.interval * _LATE


def _missed(state: FeedState, outcome: NotModified | Same | Items) -> bool:
    """Tell that no entry of the last document is left in this one, so that others may have come and gone between."""
    return isinstance(outcome, Items) and bool(state.entries and outcome.new) and not outcome.known


def _lied(state: FeedState, outcome: NotModified | Same | Items) -> bool:
    """Tell that news came out while the server said 304.

    Certain where the same ETag now stands for another body, or where something new is older than the last answer;
    an interval is granted for caches between the server and us.
    """
    if not isinstance(outcome, Items) or not outcome.new or outcome.answer.conditional or not state.unmodified:
        return False
    answer, held = outcome.answer, state.validators
    if held is not None and held.etag is not None and (held.url, held.etag) == (answer.url, answer.etag):
        return True
    if outcome.oldest_new is None or state.last_success is None:
        return False
    return outcome.oldest_new < state.last_success - state.interval


def _interval(state: FeedState, outcome: NotModified | Same | Items, settings: Settings, now: float) -> float:
    """Return the next interval by how much of the document was known already (Media Cloud's rule, in factors).

    Where most is known the interval grows, but not beyond half of the time that the feed has been quiet, nor need it
    shrink below the first guess for that: by the overlap alone, a feed of 100 entries with 20 new ones a day would be
    polled once a day.
    """
    current = bounded(state.interval, settings)
    if state.steady < _STEADY:
        return current
    entries = outcome.new + outcome.known if isinstance(outcome, Items) else 0
    known = outcome.known / entries if isinstance(outcome, Items) and entries else 1.0
    if known < _MOSTLY_NEW:
        return bounded(current * _SHORTER, settings)
    if known < _MOSTLY_KNOWN:
        return current
    grown = current * _LONGER
    if state.last_items is not None:
        grown = min(grown, max(settings.interval_seconds, (now - state.last_items) / 2))
    return bounded(grown, settings)


def _remembered(state: FeedState, outcome: NotModified | Same | Items, now: float) -> FeedState:
    """Return the state with what the response said of itself."""
    answer = outcome.answer
    if isinstance(outcome, NotModified):
        held = state.validators or Validators(answer.url)
        # RFC 9111, 4.3.4: what a 304 carries replaces what is stored, what it lacks stays.
        validators = replace(
            held, etag=answer.etag or held.etag, last_modified=answer.last_modified or held.last_modified
        )
        max_age = state.max_age if answer.max_age is None else answer.max_age
        return replace(state, validators=validators, max_age=max_age, unmodified=state.unmodified + 1)
    given = answer.etag is not None or answer.last_modified is not None
    after = replace(
        state,
        validators=Validators(answer.url, answer.etag, answer.last_modified) if given else None,
        max_age=answer.max_age,
        last_body=now,
        unmodified=0,
    )
    if isinstance(outcome, Same):
        return after
    entries = outcome.new + outcome.known
    return replace(
        after,
        body_hash=outcome.body_hash,
        declared=outcome.declared,
        entries=entries,
        parsed=state.parsed + (1 if entries and state.entries else 0),
    )


def _paced(state: FeedState, outcome: NotModified | Same | Items, settings: Settings, now: float) -> FeedState:
    """Return the state with how long its news usually takes, and whether it has become silent."""
    if isinstance(outcome, Items) and outcome.new:
        gap = None if state.last_items is None else max(now - state.last_items, 0)
        usual = state.usual_gap
        if gap is not None:
            usual = gap if usual is None else usual + (gap - usual) * _WEIGHT
        return replace(state, last_items=now, usual_gap=usual, silent=False)
    if state.last_items is None or state.usual_gap is None:
        return state
    limit = max(state.usual_gap * _SILENCE, settings.max_interval_seconds * 2)
    return replace(state, silent=now - state.last_items > limit)
