"""What the pages say, as their source has it."""

from __future__ import annotations

import html
import re
import time
from typing import TYPE_CHECKING

import pytest

from ingest.alarms import Alarm, AlarmKind, Scope
from ingest.dashboard.overviewpage import MOST_ALARMS
from ingest.dashboard.standing import Standing
from ingest.dashboard.views import POLICY
from processors.records import Evidence, Reason, Removal, TopicTag
from sinks.base import Landed
from tests.builders import make_article, make_failed, make_origin, make_record, make_skipped

if TYPE_CHECKING:
    from tests.dashboard.conftest import Served

FEED = "https://gazette.example.org/feed.xml"
HOSTILE = "<script>alert(1)</script> \u202egnp.exe\u2066 \x1b[31m"


def test_the_live_page_holds_the_newest_records_one_story_under_its_newest(served: Served):
    for n in range(3):
        served.dashboard.saw(make_record(id=f"id-{n}", article=make_article(title=f"Ferry report {n}")))

    text = served.get("/").text

    assert text.count('<li class="story"') == 1 + 1  # and the template for the script
    places = [text.index(f"Ferry report {n}") for n in (2, 1, 0)]
    assert places == sorted(places)
    assert '<span data-fill="count">2</span>' in text
    assert text.count("revision 2 near copy</span>") == 3


def test_the_newest_state_of_an_article_takes_the_place_of_the_one_before(served: Served):
    served.dashboard.saw(make_record(article=make_article(title="As it was")))
    served.dashboard.saw(make_record(article=make_article(title="As it is")))

    text = served.get("/").text

    assert "As it is" in text
    assert "As it was" not in text


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"Ferry", "Fähre", "Bridge"}),
        ("topic=russia", {"Bridge"}),
        ("language=de", {"Fähre"}),
        ("site=courier", {"Bridge"}),
        ("text=stones+COUNTED", {"Bridge"}),
        ("topic=russia&language=de", set()),
    ],
)
def test_filters_narrow_what_is_shown(served: Served, query: str, titles: set[str]):
    tag = TopicTag(topic="russia", score=1.0, evidence=())
    articles = (
        make_article(title="Ferry"),
        make_article(title="Fähre", language="de-AT"),
        make_article(title="Bridge", site="The Courier", topics=(tag,), text="The stones of the bridge were counted."),
    )
    for n, article in enumerate(articles):
        served.dashboard.saw(make_record(id=str(n), story=None, article=article))

    text = served.get(f"/?{query}").text

    assert {title for title in ("Ferry", "Fähre", "Bridge") if f'"title">{title}<' in text} == titles


def test_evidence_is_marked_at_its_offsets_beyond_the_basic_plane_and_where_topics_overlap(served: Served):
    text = "𝔉erry 🚢 to Pyongyang Street.\nKim Jong-un & <b>others</b> saw Kim."
    spans = (("north-korea", "Pyongyang"), ("north-korea", "Kim Jong-un"), ("russia", "Jong-un & <b>"))
    tags = tuple(
        TopicTag(
            topic=topic,
            score=0.5,
            evidence=tuple(
                Evidence(field="text", phrase=phrase, start=text.index(phrase), end=text.index(phrase) + len(phrase))
                for of, phrase in spans
                if of == topic
            ),
        )
        for topic in ("north-korea", "russia")
    )
    served.dashboard.saw(make_record(article=make_article(text=text, topics=tags)))

    page = served.get(f"/records/{make_record().id}").text
    shown = re.search(r'id="text"[^>]*>(.*?)</div>', page, re.DOTALL)

    assert shown is not None
    assert html.unescape(re.sub(r"</?mark[^>]*>", "", shown[1])) == text
    assert [html.unescape(mark) for mark in re.findall(r"<mark[^>]*>(.*?)</mark>", shown[1])] == [
        "Pyongyang",
        "Kim ",
        "Jong-un",
        " & <b>",
    ]
    assert 'title="north-korea, russia"' in shown[1]


def test_a_record_says_what_was_removed_and_where_each_value_came_from(served: Served):
    served.feeds(FEED)
    served.dashboard.saw(make_record())

    text = served.get(f"/records/{make_record().id}").text

    assert "<td>newsletter</td><td><bdi>Sign up for our newsletter</bdi></td>" in text
    assert "<td>meta:article:published_time</td>" in text
    assert "A name was wrong." in text
    assert f"<bdi>{FEED}</bdi></a>" in text
    assert "no sink has told so far" in text
    assert 'rel="noopener noreferrer nofollow"' in text


def test_a_record_says_where_each_sink_has_put_it(served: Served):
    record = make_record()
    served.dashboard.landed([Landed(record.id, 2, "records/part-000001.jsonl, byte 7"), Landed(record.id, 1, "before")])
    served.dashboard.saw(record)
    served.dashboard.landed([Landed(record.id, 2, "news.articles.v1/3 at 41")])

    text = served.get(f"/records/{record.id}").text

    assert "<code>records/part-000001.jsonl, byte 7</code>; <code>news.articles.v1/3 at 41</code>" in text
    assert "before" not in text


def test_an_older_state_of_a_record_can_be_looked_at(served: Served):
    earlier = make_record(revision=make_record().revision.__class__(n=1), article=make_article(title="As it was"))
    served.dashboard.saw(earlier)
    served.dashboard.saw(make_record(article=make_article(title="As it is")))

    assert "As it was" in served.get(f"/records/{earlier.id}?revision=1").text
    assert "As it is" in served.get(f"/records/{earlier.id}").text


def test_nothing_of_a_hostile_record_is_markup_or_a_control(served: Served):
    tag = TopicTag(topic=HOSTILE, score=1.0, evidence=(Evidence(field="title", phrase="<", start=0, end=1),))
    article = make_article(
        title=HOSTILE,
        text=HOSTILE,
        summary=HOSTILE,
        site=HOSTILE,
        authors=(HOSTILE,),
        url="javascript:alert(1)",
        canonical_url="data:text/html,<script>alert(1)</script>",
        image="https://user:secret@example.org/x",
        topics=(tag,),
        removed=(Removal(rule=HOSTILE, text=HOSTILE),),
        provenance={"site": HOSTILE},
    )
    served.dashboard.saw(
        make_record(id="a/b\"'<", article=article, origin=make_origin(feed="https://x.example/" + HOSTILE))
    )
    served.dashboard.saw(make_failed(error=HOSTILE, url="javascript:alert(1)"))

    pages = [served.get(path).text for path in ("/", "/records/a%2Fb%22%27%3C", "/overview", "/feeds?q=" + "%3Cscript")]

    for text in pages:
        assert "<script>alert" not in text
        assert not re.search(r"(href|src)=\"(javascript|data):", text)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text)
        assert "secret" not in text
    assert "&lt;script&gt;alert(1)" in pages[0]
    assert "&lt;script&gt;alert(1)" in pages[1]


def test_what_is_not_kept_says_so(served: Served):
    answer = served.get("/records/nothing")

    assert answer.status_code == 404
    assert "newstap why nothing" in answer.text


def test_the_overview_counts_and_names_dead_letters_with_what_replays_them(served: Served):
    served.dashboard.saw(make_record())
    served.dashboard.saw(make_skipped(reason=Reason.NO_TEXT))
    served.dashboard.saw(make_failed())

    text = served.get("/overview").text

    assert "ParserError: Document is empty" in text
    assert "newstap replay" in text
    assert "1 in the last hour" in text
    assert "north-korea" in text


def test_feeds_show_what_is_known_of_them(served: Served):
    served.feeds(FEED, "https://courier.example.org/rss")
    served.dashboard.saw(make_record())

    text = served.get("/feeds").text

    assert text.count("<tr id=") == 2
    assert "1 records in 48 hours" in text
    assert served.get("/feeds?q=COURIER").text.count("<tr id=") == 1


def an_alarm(kind: AlarmKind, scope: Scope, name: str, *, ago: float = 3 * 3600.0, why: str = "so it is") -> Alarm:
    return Alarm(kind=kind, scope=scope, name=name, since=time.time() - ago, why=why)


def test_a_feed_shows_its_own_alarms_with_why_and_since_when(served: Served):
    served.feeds(FEED, "https://courier.example.org/rss")
    served.alarmed(
        an_alarm(AlarmKind.STALE, Scope.FEED, FEED, why="answers, and has had nothing new for 9.0 hours"),
        an_alarm(AlarmKind.MISSING, Scope.FEED, FEED, ago=5 * 86400, why="9% of its documents of late"),
        an_alarm(AlarmKind.SILENT, Scope.TOPIC, "russia"),
    )

    text = served.get("/feeds").text
    cells = [re.sub(r"\s*<[^>]+>\s*", " ", cell).split() for cell in re.findall(r'<td class="alarms">(.*?)</td>', text)]

    assert [" ".join(cell) for cell in cells] == [
        "missing 5 d ago 9% of its documents of late stale 3 h ago answers, and has had nothing new for 9.0 hours",
        "",
    ]
    assert "so it is" not in text


def test_the_overview_lists_every_alarm_and_links_those_of_feeds(served: Served):
    served.feeds(FEED)
    assert "None stand." in served.get("/overview").text
    served.alarmed(
        an_alarm(AlarmKind.UNREACHED, Scope.FEED, FEED, why="failed 9 times (timeout)"),
        an_alarm(AlarmKind.SILENT, Scope.OUTLET, "gazette.example.org", why="no record for 9.0 hours"),
    )

    text = served.get("/overview").text

    assert "None stand." not in text
    assert f'<a href="/feeds?q=https%3A%2F%2Fgazette.example.org%2Ffeed.xml"><bdi>{FEED}</bdi></a>' in text
    assert "<bdi>failed 9 times (timeout)</bdi>" in text
    assert '<td>outlet</td><th scope="row"><bdi>gazette.example.org</bdi></th>' in text
    assert text.count(">3 h ago</time>") == 2
    assert "more: <code>newstap status --json</code>" not in text


def test_of_very_many_alarms_the_oldest_hundred_are_listed_and_the_others_counted(served: Served):
    served.alarmed(*(an_alarm(AlarmKind.SILENT, Scope.OUTLET, f"site-{n}.example", ago=n) for n in range(107)))

    text = served.get("/overview").text

    assert text.count("<td>outlet</td>") == MOST_ALARMS == 100
    assert "site-106.example<" in text
    assert "site-6.example<" not in text
    assert "And 7 more" in text


@pytest.mark.parametrize(("count", "told"), [(0, None), (1, "1 alarm"), (12, "12 alarms")])
def test_each_page_counts_the_alarms_where_there_are_any(served: Served, count: int, told: str | None):
    served.dashboard.ask(Standing, alarms=lambda: count)

    for path in ("/", "/feeds", "/overview", "/records/none"):
        found = re.search(r'<li><a class="trouble" href="/overview#alarms-h">(.*?)</a></li>', served.get(path).text)
        assert (found and found[1]) == told


def test_nothing_of_a_hostile_alarm_is_markup_a_control_or_a_secret(served: Served):
    feed = "https://user:secret@x.example/"
    served.feeds(FEED)
    served.alarmed(
        an_alarm(AlarmKind.STALE, Scope.FEED, FEED, why=HOSTILE + feed),
        an_alarm(AlarmKind.SILENT, Scope.OUTLET, HOSTILE + feed),
    )

    for path in ("/feeds", "/overview"):
        text = served.get(path).text
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text)
        assert "secret" not in text


def test_every_page_has_the_policy_and_nothing_inline_or_from_elsewhere(served: Served):
    served.feeds(FEED)
    served.dashboard.saw(make_record())
    for path in ("/", "/feeds", "/overview", f"/records/{make_record().id}", "/records/none", "/static/live.js"):
        answer = served.get(path)
        headers = answer.headers

        assert headers["content-security-policy"] == POLICY or path.startswith("/static")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == ("no-referrer" if path.startswith("/static") else "same-origin")
        assert "access-control-allow-origin" not in headers
        assert not re.search(r"<script(?![^>]* src=\"/static/)|<style|\sstyle=|\son\w+=", answer.text.split("// ")[0])
        assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=\"(?!/static/)", answer.text)


@pytest.mark.parametrize("path", ["/static/nothing.js", "/static/..%2Fapp.py", "/static/"])
def test_nothing_but_our_own_files_is_static(served: Served, path: str):
    assert served.get(path).status_code == 404
