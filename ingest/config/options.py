"""The kinds of value that are neither plain nor of the network: time zones, and a processor's free options."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.config.kinds import string
from ingest.config.problems import WrongError, nearest, show

if TYPE_CHECKING:
    from ingest.config.kinds import Spot

_RIGHT = 'give a name, as in "Asia/Seoul", or an offset, as in "+09:00"'


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone, by its name in the IANA database or as an offset."""

    label: str = "time zone"

    def read(self, value: object, spot: Spot) -> str:  # noqa: ARG002 - the contract of a kind
        """See `Kind`."""
        text = string(value, _RIGHT)
        if re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", text):
            return text
        try:
            zoneinfo.ZoneInfo(text)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, as "Asia"
            raise WrongError(f"{show(text)} is not a time zone", _hint(text)) from None
        return text


def _hint(text: str) -> str:
    near = nearest(text, zoneinfo.available_timezones())
    return f'did you mean "{near[0]}"?' if near else _RIGHT


@dataclass(frozen=True, slots=True)
class Options:
    """A table whose keys are a processor's own affair: only it can check them."""

    label: str = "table"

    def read(self, value: object, spot: Spot) -> dict[str, object]:
        """See `Kind`."""
        if not isinstance(value, dict):
            raise WrongError(f"{show(value)} is not a table", "write options = { key = value }")
        for key in value:
            if not key.isidentifier():
                spot.inside(key).report("cannot be a keyword argument", "give a Python identifier")
        return value
