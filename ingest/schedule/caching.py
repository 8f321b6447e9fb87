"""For how long a response says that it is fresh: advice, so what cannot be meant is None and never an error."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNRELIABLE = frozenset({"no-cache", "no-store"})
_MAX_AGE = re.compile(r'max-age="?([0-9]{1,12})"?')


def freshness(cache_control: str | None, expires: str | None, now: float) -> float | None:
    """Return the seconds of a response's freshness (RFC 9111, 4.2.1): by max-age, else by Expires.

    `s-maxage` is for shared caches, which we are not; `no-cache` and `no-store` say that nothing may be relied on.

    Args:
        cache_control: all its fields, joined with commas.
        expires: an HTTP date; "0" and past ones are the usual way to say "not at all".
        now: when the response came.
    """
    directives = [part.strip().lower() for part in (cache_control or "").split(",")]
    if _UNRELIABLE.intersection(directives):
        return None
    for directive in directives:
        if found := _MAX_AGE.fullmatch(directive):
            return float(found[1]) or None
    return _until(expires, now)


def _until(date: str | None, now: float) -> float | None:
    if date is None:
        return None
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:  # `-0000`; HTTP's dates are all UTC
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.fromtimestamp(now, UTC)).total_seconds()
    except (ValueError, OverflowError):  # no date; a year 1 or 9999 with an offset leaves the calendar
        return None
    return seconds if seconds > 0 else None
