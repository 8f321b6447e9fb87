"""Date lines as people read them, in the languages of `words.toml`.

A line is a date line when every word of it belongs to the vocabulary of dates: that, not a pattern found somewhere in
it, is what tells `Posted Jul 27, 2023` from prose that mentions a date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from processors.dates import zones
from processors.dates.lexer import Kind, Token, normal, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 160
"""Characters of the longest line that is tried."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before the web: a value below is a default of some content system (1970, 1900, 0001), not a date of publishing."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""No clock is read here; whether a date lies in the future is for the caller to judge."""
_THAI = re.compile(r"[\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class DateLine:
    """What a date line says. Both are None where it gives no full date: without a year nothing can be made of it."""

    published: datetime | None = None
    modified: datetime | None = None


def written_date(line: str) -> datetime | None:
    """Return the time a date line means, the first publication before any update; None if it is not a date line.

    A line without a time means midnight; without a zone, UTC. `04/07/2022` has the day first, unless an AM, a PM or an
    American zone stands beside it. A date before the web is no date of publishing.
    """
    found = date_line(line)
    return (found.published or found.modified) if found else None


def date_line(line: str, local: tzinfo = UTC) -> DateLine | None:
    """Read a whole line as a date line, updates too; None where it is anything else, such as prose that holds a date.

    A line that gives a day without a year (`July 27, 8:51 AM`) is a date line without values. A time without a zone is
    in `local`. Never raises.
    """
    if len(line) > LONGEST:
        return None
    text = normal(line)
    found = tokens(text)
    if not found:
        return None
    try:
        return _values(_pieces(found), text, local)
    except (ValueError, OverflowError):  # 31 February, hour 25
        return None


@dataclass(slots=True)
class _Piece:
    """One date of a line while it is put together."""

    kind: Kind | None = None
    months: list[Token] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    ymd: tuple[int, int, int] | None = None
    """Year 0 where it is not given."""
    slashed: bool = False
    at: tuple[int, int, int] | None = None
    half: Kind | None = None
    zone: str | None = None
    offset: timezone | None = None

    @property
    def dated(self) -> bool:
        return bool(self.ymd or (self.months and self.numbers))

    def take(self, token: Token) -> None:
        """Add what a token says."""
        numbers = [int(n) for n in token.numbers]
        match token.kind:
            case Kind.MONTH:
                self.months.append(token)
            case Kind.NUMBER:
                self.numbers.append(token.numbers[0])
            case Kind.YMD | Kind.MD | Kind.DMY:
                self._date(token, numbers)
            case Kind.TIME if self.at is None:
                self.at = (numbers[0], numbers[1], numbers[2])
            case Kind.AM | Kind.PM:
                self.half = token.kind
            case Kind.ZONE:
                self.zone = self.zone or token.text
            case Kind.OFFSET if self.at is not None:
                self.offset = zones.offset(token.text[0], numbers[0], numbers[1])
            case Kind.OFFSET:  # `27.07.2023 -08:51`: a dash before a time
                self.at = (numbers[0], numbers[1], 0)
            case _:
                pass

    def _date(self, token: Token, numbers: Sequence[int]) -> None:
        if self.ymd is not None:
            raise ValueError("a second date without a label")
        first, second, third = numbers
        self.slashed = token.kind is Kind.DMY and "/" in token.text
        if token.kind is Kind.MD:
            self.ymd = (0, first, second)
        else:
            self.ymd = (third, second, first) if token.kind is Kind.DMY else (first, second, third)

    def day(self, *, american: bool, thai: bool) -> date | None:
        """Return the day; None without a year. Raises ValueError for one that does not exist."""
        year, month, day = self.ymd or self._named()
        if self.slashed and (month > 12 or (american and day <= 12)):
            month, day = day, month
        if thai and year > 2400:
            year -= 543  # the Buddhist calendar of Thailand
        if year == 0:
            date(2000, month, day)
            return None
        return date(year + (2000 if year < 70 else 1900) if year < 100 else year, month, day)

    def _named(self) -> tuple[int, int, int]:
        """Year, month and day of a date with its month in letters; `mar. 27 juil.` has its Tuesday told from March."""
        month = next((t.month for t in reversed(self.months) if not t.weekday), self.months[-1].month)
        years = [n for n in self.numbers if len(n) == 4]
        days = [n for n in self.numbers if len(n) < 3]
        if not years and len(days) == 2:
            years = [days.pop()]
        if len(days) != 1 or len(years) > 1:
            raise ValueError("not one day and one year")
        return int(years[0]) if years else 0, month, int(days[0])

    def clock(self) -> time:
        """Return the time of day, midnight where none is given."""
        hour, minute, second = self.at or (0, 0, 0)
        if self.half and hour <= 12:
            hour = hour % 12 + (12 if self.half is Kind.PM else 0)
        return time(0 if hour == 24 else hour, minute, min(second, 59))


def _pieces(found: Sequence[Token]) -> list[_Piece]:
    """Divide the tokens at labels; a label after its date (`7月27日 公開`) closes the piece instead of opening one."""
    labels = [i for i, t in enumerate(found) if t.kind in (Kind.PUBLISHED, Kind.MODIFIED)]
    dates = [i for i, t in enumerate(found) if t.kind in (Kind.YMD, Kind.MD, Kind.DMY, Kind.MONTH, Kind.NUMBER)]
    after = bool(labels and dates and labels[0] > dates[0] and labels[-1] > dates[-1])
    pieces = [_Piece()]
    for token in found:
        if token.kind not in (Kind.PUBLISHED, Kind.MODIFIED):
            pieces[-1].take(token)
        elif after:
            pieces[-1].kind = token.kind
            pieces.append(_Piece())
        elif pieces[-1].dated or pieces[-1].at:
            pieces.append(_Piece(kind=token.kind))
        else:
            pieces[-1].kind = token.kind
    return [p for p in pieces if p.dated or (p.kind and p.at)]


def _values(pieces: Sequence[_Piece], text: str, local: tzinfo) -> DateLine | None:
    if not pieces:
        return None
    american = any(p.half or p.zone in zones.AMERICAN for p in pieces)
    thai = bool(_THAI.search(text))
    values: dict[Kind, datetime] = {}
    day: date | None = None
    for piece in pieces:
        if piece.dated:
            day = piece.day(american=american, thai=thai)
        if day is not None:
            moment = _moment(piece, day, text, local)
            if EARLIEST <= moment < LATEST:
                values.setdefault(piece.kind or Kind.PUBLISHED, moment)
    return DateLine(values.get(Kind.PUBLISHED), values.get(Kind.MODIFIED))


def _moment(piece: _Piece, day: date, text: str, local: tzinfo) -> datetime:
    tz = piece.offset or (zones.zone(piece.zone, day, text) if piece.zone else None) or local
    extra = timedelta(days=1) if piece.at and piece.at[0] == 24 else timedelta()
    return datetime.combine(day, piece.clock(), tz) + extra
