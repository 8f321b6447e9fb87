"""What the service sees becomes alarms, which are kept and told."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import alarms, feedstore, state
from ingest.alarms import AlarmKind, Gathering, Look, Scope, Watch
from ingest.alarms.kept import FeedRow
from ingest.alarms.rhythm import HOUR, WEEK
from ingest.alarms.seen import Seen, outlet_of
from ingest.alarms.watch import FORGOTTEN_SECONDS, MOST_OUTLETS
from ingest.feedstore import Feed
from ingest.schedule import Settings
from processors.records import Reason, Step, TextSource
from tests.builders import make_article, make_failed, make_origin, make_page, make_record, make_skipped
from tests.ingest.alarms.histories import START

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://gazette.example.org/feed.xml"
FALSE_A_YEAR = 2.0
STEP = 900.0
"""Between two looks; after more than that nobody watched."""


def row(**changes: object) -> FeedRow:
    """A feed that was just asked and had news."""
    values: dict[str, object] = {"id": 1, "url": URL, "watched": 1, "last_items": START, "last_success": START}
    values |= {"errors": 0, "error": None, "parsed": 0, "missed": 0}
    return FeedRow(**values | changes)  # type: ignore[arg-type]  # of the types of its fields, as each test gives them


def look(watch: Watch, at: float, feed: FeedRow | None = None, seen: Seen | None = None) -> Look:
    return watch.look([] if feed is None else [feed], seen or Seen(), at, false_a_year=FALSE_A_YEAR)


def told(found: Look) -> list[tuple[AlarmKind, Scope, str]]:
    return [(alarm.kind, alarm.scope, alarm.name) for alarm in found.raised]


def lived(weeks: float = 6) -> tuple[Watch, float]:
    """A feed that was asked four times an hour and had news each time; and when it was asked last."""
    watch, at = Watch({}, {}, -float("inf")), START
    while at < START + weeks * WEEK:
        assert told(look(watch, at, row(last_items=at, last_success=at))) == []
        at += STEP
    return watch, at - STEP


def passed(watch: Watch, start: float, hours: float, **changes: object) -> Look:
    """Look at a feed that had its last item at the start; return the first look that raised something."""
    found = Look(start)
    for n in range(1, int(hours * 4) + 1):
        at = start + n * STEP
        found = look(watch, at, row(last_items=start, **({"last_success": at} | changes)))
        if found.raised:
            break
    return found


def test_a_feed_that_answers_and_has_nothing_new_is_stale_until_it_has() -> None:
    watch, last = lived()
    found = passed(watch, last, 12)
    assert told(found) == [(AlarmKind.STALE, Scope.FEED, URL)]
    assert "hours" in found.raised[0].why
    again = look(watch, found.at + STEP, row(last_items=last, last_success=found.at + STEP))
    assert (again.raised, again.cleared) == ([], []), "it stands, and is not raised again"
    news = found.at + 2 * STEP
    assert look(watch, news, row(last_items=news - 60, last_success=news - 60)).cleared == found.raised


def test_a_feed_that_fails_for_so_long_is_unreached_until_it_answers() -> None:
    watch, last = lived()
    others = [row(id=n, url=f"{URL}?{n}") for n in (2, 3)]
    for n in range(1, 49):
        failing = row(last_items=last, last_success=last, errors=n, error="timeout")
        found = watch.look([failing, *others], Seen(), last + n * STEP, false_a_year=FALSE_A_YEAR)
        if found.raised:
            break
    assert told(found) == [(AlarmKind.UNREACHED, Scope.FEED, URL)]
    assert "timeout" in found.raised[0].why
    answers = found.at + 60
    feeds = [row(last_items=answers, last_success=answers), *others]
    assert watch.look(feeds, Seen(), answers, false_a_year=FALSE_A_YEAR).cleared == found.raised


def test_an_outage_of_our_own_raises_nothing_and_teaches_no_wait() -> None:
    """Where most feeds fail, it is us; and the silence until they answer again is not theirs."""
    watch, last = lived()
    assert passed(watch, last, 24, last_success=last, errors=3, error="unresolved").raised == []
    back = last + 24 * HOUR + STEP
    found = look(watch, back, row(last_items=back, last_success=back))
    (series,) = [one for one in found.series.values() if one is not None]
    assert max(series.rhythm.spans) <= HOUR


def test_a_pause_ends_an_alarm_and_is_no_silence() -> None:
    watch, last = lived()
    raised = passed(watch, last, 12)
    assert look(watch, raised.at + 60, row(watched=0, last_items=last)).cleared == raised.raised
    watch, last = lived()
    for n in range(1, 5 * 24):
        assert look(watch, last + n * STEP, row(watched=0, last_items=last)).raised == []
    resumed = last + 5 * 24 * STEP
    assert look(watch, resumed, row(last_items=last, last_success=resumed)).raised == []


def test_a_feed_that_is_gone_from_the_list_takes_its_alarm_along() -> None:
    watch, last = lived()
    raised = passed(watch, last, 12)
    found = look(watch, raised.at + 60)
    assert found.cleared == raised.raised
    assert list(found.series.values()) == [None]


def test_items_that_scroll_off_raise_an_alarm() -> None:
    watch = Watch({}, {}, -float("inf"))
    found = Look(START)
    for n in range(40):
        at = START + n * STEP
        found = look(watch, at, row(last_items=at, last_success=at, parsed=n, missed=n // 3))
        if found.raised:
            break
    assert told(found) == [(AlarmKind.MISSING, Scope.FEED, URL)]


def test_an_outlet_and_a_topic_fall_silent() -> None:
    watch, at = Watch({}, {}, -float("inf")), START
    while at < START + 4 * WEEK:
        assert told(look(watch, at, seen=Seen(outlets={"gazette.example.org"}, topics={"russia"}))) == []
        at += STEP
    raised = []
    while at < START + 4 * WEEK + 12 * HOUR:
        raised += told(look(watch, at))
        at += STEP
    assert sorted(raised) == [
        (AlarmKind.SILENT, Scope.OUTLET, "gazette.example.org"),
        (AlarmKind.SILENT, Scope.TOPIC, "russia"),
    ]


def test_an_outlet_whose_pages_give_no_text_any_more_is_unreadable() -> None:
    watch = Watch({}, {}, -float("inf"))
    site = "gazette.example.org"
    assert look(watch, START, seen=Seen(pages=[(site, 3000)] * 100)).raised == []
    assert told(look(watch, START + 60, seen=Seen(pages=[(site, None)] * 15))) == [
        (AlarmKind.UNREADABLE, Scope.OUTLET, site)
    ]
    assert look(watch, START + 120, seen=Seen(pages=[(site, 3000)] * 200)).cleared != []
    assert told(look(watch, START + 180, seen=Seen(pages=[(site, 300)] * 30))) == [
        (AlarmKind.SHORTENED, Scope.OUTLET, site)
    ]


def test_outlets_are_bounded_and_forgotten_a_season_after_their_last_record() -> None:
    watch = Watch({}, {}, -float("inf"))
    names = {f"{n}.example.org" for n in range(MOST_OUTLETS + 5)}
    assert len(look(watch, START, seen=Seen(outlets=names)).series) == MOST_OUTLETS
    assert look(watch, START + STEP, seen=Seen(outlets={"late.example.org"})).series == {}
    watch = Watch({}, {}, -float("inf"))
    look(watch, START, seen=Seen(topics={"russia"}))
    at = START
    while at <= START + FORGOTTEN_SECONDS:
        assert look(watch, at).series == {}
        at += STEP
    assert list(look(watch, at).series.values()) == [None]


def test_outcomes_are_gathered_by_outlet_and_topic() -> None:
    gathering = Gathering()
    long = make_record(article=make_article(text="x" * 500, text_source=TextSource.PAGE), origin=make_origin())
    site = outlet_of(long)
    assert site is not None
    fallback = replace(long, origin=make_origin(fallback=Reason.NO_TEXT))
    missing = replace(long, origin=make_origin(fallback=Reason.UNREACHABLE))
    skipped = [make_skipped(reason=reason) for reason in (Reason.EMPTY, Reason.DUPLICATE, Reason.ROBOTS)]
    failed = [make_failed(step=step) for step in (Step.EXTRACT, Step.DELIVER)]
    for outcome in (make_page(), long, fallback, missing, *skipped, *failed):
        gathering.saw(outcome)
    seen = gathering.take()
    assert seen.outlets == {site}
    assert seen.topics == {tag.topic for tag in long.article.topics}
    assert [characters for _, characters in seen.pages] == [500, None, None, None]
    assert gathering.take() == Seen()


def test_alarms_that_stand_survive_a_restart_and_are_not_raised_again(tmp_path: Path) -> None:
    watch, last = lived()
    with closing(state.owned(tmp_path)) as store:
        with store.transaction() as connection:
            raised = passed(watch, last, 12)
            alarms.keep(connection, raised)
        with store.reading() as connection:
            assert alarms.current(connection) == raised.raised
            _, standing, looked = alarms.read(connection)
    assert (looked, list(standing.values())) == (raised.at, raised.raised)


def test_feeds_are_read_as_the_schedule_knows_them(tmp_path: Path) -> None:
    with closing(state.owned(tmp_path)) as store, store.transaction() as connection:
        feedstore.add(connection, [Feed(url=URL), Feed(url=f"{URL}?2")], settings=Settings(), now=START)
        feedstore.pause(connection, URL, paused=True)
        assert [(one.url, one.watched, one.errors, one.last_items) for one in alarms.feeds(connection)] == [
            (URL, 0, 0, None),
            (f"{URL}?2", 1, 0, None),
        ]


def test_kept_series_are_the_same_when_read_and_a_week_away_is_no_silence(tmp_path: Path) -> None:
    watch, last = lived()
    with closing(state.owned(tmp_path)) as store:
        with store.transaction() as connection:
            alarms.keep(connection, look(watch, last + 60, row(last_items=last + 60, last_success=last + 60, parsed=1)))
        with store.reading() as connection:
            kept = alarms.read(connection)
    (series,) = kept[0].values()
    assert series.misses is not None
    assert (series.misses.parsed, len(series.rhythm.counts)) == (1, 168)
    again, back = Watch(*kept), last + WEEK
    found = look(again, back, row(last_items=last + 60, last_success=last + 60, parsed=1))
    assert found.raised == []
    assert told(passed(again, back, 12)) != [], "though a silence from then on is told"


def test_alarms_can_be_cleared(tmp_path: Path) -> None:
    watch, last = lived()
    with closing(state.owned(tmp_path)) as store, store.transaction() as connection:
        alarms.keep(connection, passed(watch, last, 12))
        alarms.clear(connection)
        assert alarms.current(connection) == []
