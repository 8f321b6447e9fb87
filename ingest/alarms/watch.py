"""Holds what is seen against what is known, once a minute or so, and tells which alarms come and go."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.alarms import judging, misses, rhythm
from ingest.alarms.kept import Key, Look, Raised
from ingest.alarms.reading import Reading, read
from ingest.alarms.series import Series
from ingest.alarms.values import Alarm, AlarmKind, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.alarms.judging import Found
    from ingest.alarms.kept import FeedRow
    from ingest.alarms.seen import Seen

AWAY_SECONDS = 900.0
"""Without a look for so long, nobody watched."""
MOST_OUTLETS = 20_000
FORGOTTEN_SECONDS = 90 * rhythm.DAY
"""Without a record for so long, an outlet or a topic is forgotten, and its alarm with it."""


class Watch:
    """What is known of all feeds, outlets and topics. One thread at a time may use it.

    Args:
        series: as it was kept.
        alarms: that stood.
        looked: Unix time of the last look; -inf if there was none.
    """

    def __init__(self, series: Mapping[Key, Series], alarms: Mapping[Raised, Alarm], looked: float) -> None:
        self._series = dict(series)
        self._alarms = dict(alarms)
        self._looked = looked
        self._failing: set[Key] = set()
        self._room = 0
        """Outlets and topics that may still become known."""

    @property
    def alarms(self) -> list[Alarm]:
        """Those that stand."""
        return list(self._alarms.values())

    def look(self, feeds: Sequence[FeedRow], seen: Seen, now: float, *, false_a_year: float) -> Look:
        """Take in what was seen since the last look, and judge.

        Args:
            feeds: all of them.
            seen: what became of documents.
            now: Unix time.
            false_a_year: how many false alarms of silence are accepted of each feed, outlet and topic.
        """
        look = Look(now)
        self._catch_up(look, now)
        watched = [row for row in feeds if row.watched]
        outage = sum(row.errors > 0 for row in watched) * 2 > max(len(watched), 1)
        for row in feeds:
            self._look_at_feed(look, row, false_a_year, outage=outage)
        self._drop_feeds(look, {str(row.id) for row in feeds})
        self._take_in(look, seen)
        for key in [key for key in self._series if key.scope is not Scope.FEED]:
            self._look_at_records(look, key, false_a_year, outage=outage)
        self._looked = now
        return look

    def _catch_up(self, look: Look, now: float) -> None:
        """Count the time up to the last look as silence, and leave out the time since, if nobody looked for long."""
        if now - self._looked <= AWAY_SECONDS or not self._series:
            return
        for key, series in self._series.items():
            upto = series.rhythm if math.isinf(self._looked) else rhythm.silent_until(series.rhythm, self._looked)
            self._put(look, key, replace(series, rhythm=rhythm.unwatched(upto, now)))

    def _look_at_feed(self, look: Look, row: FeedRow, false_a_year: float, *, outage: bool) -> None:
        key = Key(Scope.FEED, str(row.id))
        before = self._series.get(key)
        series = before or Series(rhythm=rhythm.begin(look.at), misses=misses.begin(row.parsed, row.missed))
        if not row.watched:
            if before is not None:
                self._series[key] = replace(series, rhythm=rhythm.unwatched(series.rhythm, look.at))
            self._failing.discard(key)
            self._settle(look, key, row.url, ())
            return
        after = self._told(key, series, row)
        if before is None or after.rhythm.last != before.rhythm.last or after.misses != before.misses:
            self._put(look, key, after)
        self._series[key] = after
        found = judging.of_feed(after, row, look.at, false_a_year, self._standing(key), outage=outage)
        self._settle(look, key, row.url, found)

    def _told(self, key: Key, series: Series, row: FeedRow) -> Series:
        """Return the series with what the feed's schedule tells."""
        known = series.rhythm
        if row.last_items is not None and row.last_items > (known.begun if known.last is None else known.last):
            known = rhythm.arrived(known, row.last_items, blind=key in self._failing)
        if row.last_success is not None:
            known = rhythm.silent_until(known, row.last_success)
        (self._failing.add if row.errors else self._failing.discard)(key)
        told = misses.seen(series.misses or misses.begin(row.parsed, row.missed), row.parsed, row.missed)
        return replace(series, rhythm=known, misses=told)

    def _drop_feeds(self, look: Look, wanted: set[str]) -> None:
        for key in [key for key in self._series if key.scope is Scope.FEED and key.key not in wanted]:
            self._forget(look, key)

    def _take_in(self, look: Look, seen: Seen) -> None:
        """Take in records and pages."""
        self._room = MOST_OUTLETS - sum(key.scope is not Scope.FEED for key in self._series)
        for scope, names in ((Scope.OUTLET, seen.outlets), (Scope.TOPIC, seen.topics)):
            for name in names:
                self._came(look, Key(scope, name))
        for site, characters in seen.pages:
            key = Key(Scope.OUTLET, site)
            if (series := self._known(look, key)) is not None:
                self._put(look, key, replace(series, reading=read(series.reading or Reading(), characters)))

    def _came(self, look: Look, key: Key) -> None:
        if (series := self._known(look, key)) is not None:
            self._put(look, key, replace(series, rhythm=rhythm.arrived(series.rhythm, look.at)))

    def _known(self, look: Look, key: Key) -> Series | None:
        """Return what is known of an outlet or topic, which begins now; None where there are too many."""
        if key in self._series:
            return self._series[key]
        self._room -= 1
        return Series(rhythm=rhythm.begin(look.at)) if self._room >= 0 else None

    def _look_at_records(self, look: Look, key: Key, false_a_year: float, *, outage: bool) -> None:
        series = self._series[key]
        passing = rhythm.unwatched if outage else rhythm.silent_until
        series = self._series[key] = replace(series, rhythm=passing(series.rhythm, look.at))
        last = series.rhythm.begun if series.rhythm.last is None else series.rhythm.last
        if look.at - last > FORGOTTEN_SECONDS:
            self._forget(look, key)
        else:
            self._settle(look, key, key.key, judging.of_records(series, key.scope, false_a_year, self._standing(key)))

    def _standing(self, key: Key) -> dict[AlarmKind, float]:
        """Return the kinds of alarm that stand, each with since when."""
        found = ((kind, self._alarms.get(Raised(key, kind))) for kind in AlarmKind)
        return {kind: alarm.since for kind, alarm in found if alarm is not None}

    def _settle(self, look: Look, key: Key, name: str, found: Iterable[Found]) -> None:
        """Raise the alarms that were found, and clear the others of this key."""
        now_found = dict(found)
        for kind in AlarmKind:
            of = Raised(key, kind)
            stands = self._alarms.get(of)
            if kind in now_found and stands is None:
                alarm = Alarm(kind=kind, scope=key.scope, name=name, since=look.at, why=now_found[kind])
                self._alarms[of] = look.alarms[of] = alarm
                look.raised.append(alarm)
            elif kind not in now_found and stands is not None:
                del self._alarms[of]
                look.alarms[of] = None
                look.cleared.append(stands)

    def _put(self, look: Look, key: Key, series: Series) -> None:
        self._series[key] = look.series[key] = series

    def _forget(self, look: Look, key: Key) -> None:
        self._settle(look, key, key.key, ())
        del self._series[key]
        look.series[key] = None
