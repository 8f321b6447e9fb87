"""Zone abbreviations as news pages print them, and the choice made where one means several zones."""

from __future__ import annotations

import re
from datetime import date, timedelta, timezone

# IST is India (Ireland prints GMT or BST, Israel seldom prints a zone), unless the line holds Hebrew.
# CST is North American Central, unless the line holds Han characters: then China. BST is British Summer Time, not
# Bangladesh. AST is Atlantic, not Arabia. GST is the Gulf. ECT, SST and other rare ones are unknown on purpose.
_HOURS = {
    "utc": 0, "gmt": 0, "z": 0, "ut": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2,
    "eet": 2, "eest": 3, "trt": 3, "tsi": 3, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "brt": -3, "art": -3, "clt": -4,
    "clst": -3, "cot": -5, "pet": -5, "vet": -4, "sast": 2, "cat": 2, "eat": 3, "wat": 1, "gst": 4, "idt": 3,
    "pkt": 5, "ist": 5.5, "slst": 5.5, "npt": 5.75, "bdt": 6, "ict": 7, "wib": 7, "wita": 8, "wit": 9, "hkt": 8,
    "sgt": 8, "myt": 8, "pht": 8, "awst": 8, "kst": 9, "jst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11,
    "nzst": 12, "nzdt": 13, "nst": -3.5, "ndt": -2.5, "irst": 3.5, "мск": 3, "msk": 3, "msd": 4, "київ": 2,
    "भारतीय": 5.5,
}  # fmt: skip
_SEASONAL = {"et": -5, "ct": -6, "mt": -7, "pt": -8, "eastern": -5, "central": -6, "mountain": -7, "pacific": -8}
NAMES = frozenset(_HOURS) | frozenset(_SEASONAL)
AMERICAN = frozenset(_SEASONAL) | {"est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "akst", "akdt", "hst"}
_HAN = re.compile(r"[\u3400-\u9fff]")
_HEBREW = re.compile(r"[\u05d0-\u05ea]")


def zone(name: str, day: date, line: str = "") -> timezone | None:
    """Return the offset that an abbreviation (lower case) means on a day; None for one we do not know.

    ET, CT, MT and PT follow the summer time of the United States. `line` is what the name stood in: its script decides
    between the meanings of CST and IST.
    """
    if name in _SEASONAL:
        return _hours(_SEASONAL[name] + _summer(day))
    if name == "cst" and _HAN.search(line):
        return _hours(8)
    if name == "ist" and _HEBREW.search(line):
        return _hours(2)
    hours = _HOURS.get(name)
    return None if hours is None else _hours(hours)


def offset(sign: str, hours: int, minutes: int = 0) -> timezone | None:
    """Return the zone of a written offset; None beyond the -12:00 to +14:00 that exist."""
    total = (hours * 60 + minutes) * (-1 if sign in "-−–" else 1)
    return timezone(timedelta(minutes=total)) if -720 <= total <= 840 and minutes < 60 else None


def _hours(value: float) -> timezone:
    return timezone(timedelta(hours=value))


def _summer(day: date) -> int:
    """1 on days of American summer time: by the Energy Policy Act of 2005 from 2007 on, before it April to October."""
    if day.year >= 2007:
        return int(_sunday(day.year, 3, 8) <= day < _sunday(day.year, 11, 1))
    return int(_sunday(day.year, 4, 1) <= day < _sunday(day.year, 10, 25))


def _sunday(year: int, month: int, first: int) -> date:
    """The first Sunday on or after a day of a month."""
    start = date(year, month, first)
    return start + timedelta(days=(6 - start.weekday()) % 7)
