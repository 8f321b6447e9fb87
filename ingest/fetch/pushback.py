"""How long a host asks to be left alone: Retry-After (RFC 9110 §10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.fetch.messages import Headers

LONGEST_PAUSE = 86_400.0
"""Seconds that are kept of a longer one."""
ABSURD = 31 * 86_400.0
"""Seconds that nobody means: they count as nothing said."""
PUSHING_BACK = frozenset({429, 503})


def retry_after(status: int, headers: Headers, now: datetime) -> float | None:
    """Return the seconds of a 429's or 503's Retry-After, at most a day; None where it says nothing of use.

    That is what is no number or date, past, or longer than a month: the schedule then backs off as it would without.
    """
    values = headers.all("retry-after")
    if status not in PUSHING_BACK or not values:
        return None
    seconds = _seconds(values[0].strip(), now)
    return min(seconds, LONGEST_PAUSE) if seconds is not None and 0 < seconds <= ABSURD else None


def _seconds(value: str, now: datetime) -> float | None:
    if re.fullmatch(r"[0-9]{1,300}", value):  # a float holds up to 308 digits
        return float(value)
    try:
        when = parsedate_to_datetime(value)
        if when.tzinfo is None:  # `-0000`; HTTP's dates are all UTC
            when = when.replace(tzinfo=UTC)
        return (when - now).total_seconds()
    except (ValueError, OverflowError):
        return None
