"""Dates of feeds: what they mean, and whether they can be believed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.feeds.model import MAX_DATE
from processors.dates import machine_date

if TYPE_CHECKING:
    from time import struct_time

EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
"""What a date must hold for feedparser to be believed: what it does not find it takes from the clock."""
AHEAD: Final = timedelta(days=2)
"""How far in the future a date may lie: time zones make one day, embargoes set by hand another."""


class Dates(NamedTuple):
    """How the dates of one document are read."""

    seen: datetime
    """When it was fetched; dates more than two days later are defaults or mistakes."""
    zone: tzinfo = UTC
    """Of dates that come without one."""

    def moment(self, raw: str | None, *, parsed: struct_time | None = None) -> datetime | None:
        """Return the time a feed's date means, or None where it means none that can be true.

        Our own reader goes first: feedparser 6.0.14 takes `CEST` for UTC, `1763892000` for the year 1763 and the 23rd
        of a Chinese date for the 1st.

        Args:
            raw: the date as published.
            parsed: what feedparser made of it (UTC), for forms that only it knows.
        """
        if not raw or len(raw) > MAX_DATE:
            return None
        found = machine_date(raw, self.zone)
        if found is None and parsed is not None and _YEAR.search(raw):
            found = _of(parsed)
        return found if found is not None and EARLIEST <= found <= self.seen + AHEAD else None


def _of(parsed: struct_time) -> datetime | None:
    try:
        return datetime(*parsed[:6], tzinfo=UTC)
    except ValueError:  # a leap second, or a year that is none
        return None
