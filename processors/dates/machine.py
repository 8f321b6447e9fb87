"""Dates as machines write them: ISO 8601, RFC 2822, HTTP, epoch seconds, and what content systems print."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from processors.dates.written import EARLIEST, LATEST, date_line
from processors.dates.zones import offset, zone

_DATE = (
    r"(?P<y>\d{4})(?:(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})|(?P<m2>\d\d)(?P<d2>\d\d)"
    r"|-?W(?P<w>\d\d)-?(?P<wd>\d)|-?(?P<ord>\d{3}))"
)
_TIME = (
    r"(?P<H>\d{1,2})(?::(?P<M>\d{2})(?::(?P<S>\d{2}))?|(?P<M2>\d\d)(?P<S2>\d\d)?)?(?:[.,](?P<frac>\d{1,12}))?"
    r"\s?(?P<ampm>[AaPp])?(?(ampm)\.?[Mm]\.?)"
)
_ZONE = r"(?:(?P<utc>[Zz])|(?:UTC|GMT)?(?P<sign>[-+\u2212])(?P<oh>\d{1,2}):?(?P<om>\d\d)?|(?P<zname>[A-Za-z]{2,4}))"
# One optional T or space between the parts; `2023-07-27T08:51:00 -0500` and `… UTC` are common though not ISO.
_ISO = re.compile(rf"{_DATE}(?:[Tt ]\s?{_TIME}(?:\s?{_ZONE}(?:\[[\w/+-]+\])?)?|(?P<day_utc>[Zz]))?", re.ASCII)
_COMPACT = re.compile(r"(\d{8})(\d{4}(?:\d\d)?)", re.ASCII)
_EPOCH = re.compile(r"(?:/Date\()?(\d{9,10})(\d{3})?(?:[-+]\d{4})?(?:\)/)?", re.ASCII)
_COMMENT = re.compile(r"(?<=[-+]\d{4}) \([\w ]*\)$")
_AMBIGUOUS = re.compile(r"\s*(\d{1,2})/(\d{1,2})/\d{2,4}(?!.*[ap]\.?m\b)", re.IGNORECASE)


def machine_date(value: str, local: tzinfo = UTC, *, earliest: datetime = EARLIEST) -> datetime | None:
    """Return the time a machine-written value means, with the publisher's own offset; None where it is no date.

    A date without a time is midnight, a time without an offset is in the zone `local`. A month alone (`2023-07`) is
    too coarse to be a date. `04/07/2022` is None: nothing says which is the month. What is before `earliest` is taken
    for a mistake. Never raises.
    """
    value = value.strip().strip("\"'").replace("&#43;", "+")
    if not 8 <= len(value) <= 80:
        return None
    try:
        found = _read(value, local)
        known = found is not None and earliest <= found < LATEST
    except (ValueError, OverflowError):  # 31 February, hour 25, an offset that leaves the calendar
        return None
    return found if known else None


def _read(value: str, local: tzinfo) -> datetime | None:
    if match := _ISO.fullmatch(value):
        return _iso(match, local)
    if match := _COMPACT.fullmatch(value):
        return _read(f"{match[1]}T{match[2]}", local)
    if match := _EPOCH.fullmatch(value):
        return datetime.fromtimestamp(int(match[1]), UTC) + timedelta(milliseconds=int(match[2] or 0))
    if (match := _AMBIGUOUS.match(value)) and int(match[1]) <= 12 and int(match[2]) <= 12 and match[1] != match[2]:
        return None
    line = date_line(_COMMENT.sub("", value), local)
    return (line.published or line.modified) if line else None


def _iso(match: re.Match[str], local: tzinfo) -> datetime | None:
    part = match.groupdict()
    day = _day(part)
    moment = day + _clock(part)
    if part["zname"]:
        tz: tzinfo | None = zone(part["zname"].lower(), day.date())
    elif part["sign"]:
        tz = offset(part["sign"], int(part["oh"]), int(part["om"] or 0))
    else:
        tz = UTC if part["utc"] or part["day_utc"] else local
    return None if tz is None else moment.replace(tzinfo=tz)


def _day(part: dict[str, str | None]) -> datetime:
    year = int(part["y"] or 0)
    if part["w"]:
        return datetime.fromisocalendar(year, int(part["w"]), int(part["wd"] or 1))
    if part["ord"]:
        days = int(part["ord"])
        if not 1 <= days <= 366:
            raise ValueError(days)
        return datetime(year, 1, 1) + timedelta(days=days - 1)  # noqa: DTZ001 - the caller adds the zone
    return datetime(year, int(part["m"] or part["m2"] or 0), int(part["d"] or part["d2"] or 0))  # noqa: DTZ001 - likewise


def _clock(part: dict[str, str | None]) -> timedelta:
    """Return the time since midnight; 24:00 and a leap second are allowed, a fraction is of the last unit given."""
    hour, minute, second = (int(part[a] or part.get(b) or 0) for a, b in (("H", ""), ("M", "M2"), ("S", "S2")))
    if part["ampm"]:
        hour = hour % 12 + (12 if part["ampm"] in "pP" else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second):
        raise ValueError(part)
    unit = 1 if part["S"] or part["S2"] else 60 if part["M"] or part["M2"] else 3600
    fraction = float(f"0.{part['frac']}") * unit if part["frac"] else 0.0
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int(round(fraction * 1e6, 3)))
