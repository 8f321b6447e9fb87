"""The page of a fetcher that shares out feeds: what it makes of what it is told, and who may look."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest

from ingest import feedstore
from ingest.config import load
from ingest.dashboard import GroupDashboard
from ingest.feedstore import Feed
from ingest.fleet.here import beside
from ingest.fleet.service import opened
from ingest.health import Health
from ingest.owners import Here, Restoring, Shares, Told
from ingest.schedule import Settings
from sinks.store import StoreError
from tests.dashboard.conftest import listened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sinks.store import Store

NOW = 1_790_000_000.0
HERE = Here(
    name="one",
    pid=4711,
    ours=(0, 1, 2, 7),
    restoring=None,
    restored=None,
    feeds=120,
    due=3,
    requests=5,
    outbox=12,
    oldest=NOW - 30,
    lease=8.25,
)
SHARES = Shares(members={"one": (0, 1, 2, 7), "two": (3, 4)}, partitions=8, lag=77)
TOLD = Told(group="newstap-fetch-news-town", shares=SHARES, at=NOW - 4)
TOKEN = "t0ken-SENTINEL"
WITH_TOKEN = '[dashboard]\nlisten = "0.0.0.0:0"\ntoken = "${TOKEN}"\n'
COPY = "fetch-town-one.sqlite"
OURS, THEIRS = "https://ours.example/feed.xml", "https://theirs.example/feed.xml"
HOSTILE = '</bdi><script>alert("x")</script> <img src=x onerror=alert(1)> "\u202egnp.exe'


class Known:
    """What a dashboard is told; each can be changed."""

    told = TOLD
    here = HERE
    trouble: StoreError | None = None

    def tell(self) -> Told:
        return self.told

    def read(self) -> Here:
        if self.trouble is not None:
            raise self.trouble
        return self.here


class Seen(HTMLParser):
    """The elements of a page, and the text of those that have an id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"p", "dd", "tbody"}:
            self._open.append(dict(attrs).get("id") or tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "dd", "tbody"}:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in self._open:
            self.texts[name] = self.texts.get(name, "") + data


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def serving(tmp_path: Path, known: Known) -> Iterator[Callable[..., str]]:
    """Start a fetcher's dashboard, which ends with the test, and return where it is."""
    with ExitStack() as stack:

        def serving(text: str = "", environ: dict[str, str] | None = None) -> str:
            file = tmp_path / "newstap.toml"
            file.write_text(text)
            config, health = load(file, environ or {}), Health()
            dashboard = GroupDashboard(
                config,
                health,
                told=known.tell,
                here=known.read,
                opens=lambda: beside(tmp_path / COPY),
                clock=lambda: NOW,
            )
            stack.callback(dashboard.close)
            return listened(stack, config, health, dashboard.routes())

        yield serving


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Store]:
    """The fetcher's own copy, with a feed that it polls and one that others poll."""
    with closing(opened(tmp_path, "town-one")) as store:
        feeds = [Feed(url=OURS, name=HOSTILE), Feed(url=THEIRS)]
        with store.transaction() as connection:
            feedstore.add(connection, feeds, settings=Settings(), now=NOW - 60)
            connection.execute("UPDATE feed SET wake = ? WHERE url = ?", (feedstore.PARKED, THEIRS))
        yield store


def get(url: str, **headers: str) -> httpx.Response:
    """Ask once, for whatever there is."""
    return httpx.get(url, headers=headers, trust_env=False, timeout=60)


def test_it_shows_the_group_as_it_told_and_what_is_nobodys(serving: Callable[..., str]) -> None:
    page = get(serving()).text
    seen = Seen(page).texts

    assert re.findall(r"<bdi>(\w+)</bdi>.*?</th><td>(\d)</td><td>(.*?)</td>", page) == [
        ("one", "4", "0–2, 7"),
        ("two", "2", "3–4"),
    ]
    assert seen["unowned"] == "2 of 8 partitions are nobody's: 5–6."
    assert "as it told 4 s ago" in page
    assert "77 offsets of page requests" in page
    assert page.count("this one") == 1
    assert "silent" not in seen


def test_it_shows_what_this_fetcher_has_and_how_far_behind_it_is(serving: Callable[..., str]) -> None:
    seen = Seen(get(serving()).text).texts

    assert seen["ours"] == "4: 0–2, 7"
    assert seen["restoring"] == "none"
    assert seen["restored"] == "none yet"
    assert seen["feeds"] == "120, 3 due"
    assert seen["requests"] == "5"
    assert seen["outbox"] == "12 items of the outbox, the first was fetched 30 s ago"
    assert seen["lease"].startswith("for 8.2 s")


def test_it_shows_how_far_partitions_are_read_and_what_the_last_take_over_took(
    serving: Callable[..., str], known: Known
) -> None:
    going = Restoring(numbers=(5, 6), began=NOW - 3, read=450, total=600)
    last = Restoring(numbers=(0, 1), began=NOW - 60, read=900, total=900, seconds=4.25, feeds=80)
    known.here = replace(HERE, restoring=going, restored=last)

    seen = Seen(get(serving()).text).texts

    assert seen["restoring"] == "2: 5–6; 450 of 600 messages, for 3.0 s so far"
    assert seen["restored"] == "2 partitions with 80 feeds, 900 messages in 4.2 s, 56 s ago"


def test_without_a_lease_it_says_that_nothing_may_begin(serving: Callable[..., str], known: Known) -> None:
    known.here = replace(HERE, lease=0.0)

    assert Seen(get(serving()).text).texts["lease"] == "not now: the feeds may be others' by now"


def test_while_kafka_does_not_answer_it_says_so_and_what_was_known_before(
    serving: Callable[..., str], known: Known
) -> None:
    known.told = replace(TOLD, trouble=f"no broker answers: {HOSTILE}", since=NOW - 120)

    page = get(serving()).text

    assert "Kafka has not answered since 2026-09-21 14:11:20 UTC: no broker answers" in Seen(page).texts["silent"]
    assert "as it told 4 s ago" in page
    assert "<bdi>two</bdi>" in page


def test_before_the_group_has_told_anything_it_says_that(serving: Callable[..., str], known: Known) -> None:
    known.told = Told(group=TOLD.group)
    page = get(serving()).text
    assert "It has not told yet who has what" in page
    assert "unowned" not in Seen(page).texts

    known.told = Told(group=TOLD.group, trouble="no broker answers", since=NOW)
    assert "Kafka has not answered since" in get(serving()).text


def test_while_the_group_shares_out_anew_nothing_is_told_to_be_nobodys(
    serving: Callable[..., str], known: Known
) -> None:
    known.told = replace(TOLD, shares=replace(SHARES, members={"one": (), "two": ()}))

    assert Seen(get(serving()).text).texts["unowned"].startswith("It is sharing out its 8 partitions anew")


def test_names_of_members_are_text_whatever_they_hold(serving: Callable[..., str], known: Known) -> None:
    """Whoever has the rights of a fetcher may call itself anything in the group."""
    honest = Seen(get(serving()).text).tags
    known.told = replace(TOLD, shares=replace(SHARES, members={"one": (0, 1, 2, 7), HOSTILE: (3, 4)}))

    page = get(serving()).text
    seen = Seen(page)

    assert seen.tags == honest, "it adds no element and no attribute"
    assert '</bdi><script>alert("x")</script>' in seen.texts["tbody"]
    assert "\u202e" not in page, "nor does it turn the text around it"


def test_each_page_is_under_the_policy_of_all_and_has_no_script(serving: Callable[..., str]) -> None:
    answer = get(serving())
    seen = Seen(answer.text).tags

    assert "script" not in {tag for tag, _ in seen}
    assert not [name for _, attributes in seen for name in attributes if name.startswith(("on", "style"))]
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; base-uri 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("copy")
def test_the_feeds_are_those_that_it_polls_and_nothing_can_be_done_to_them(serving: Callable[..., str]) -> None:
    """Feeds of a group are changed in Kafka, by `newstap feeds`; here they are looked at."""
    page = get(serving() + "/feeds").text
    tags = Seen(page).tags

    assert page.count("<bdi>https://") == 1
    assert OURS in page
    assert "Those that this fetcher polls" in page
    assert [attributes.get("method") for tag, attributes in tags if tag == "form"] == ["get"]
    assert "script" not in {tag for tag, _ in tags}, "whatever a feed is called"
    columns = [tag for tag, _ in tags if tag == "th"]
    assert len(columns) - 1 == [tag for tag, _ in tags].count("td") + 1, "each row has a cell for each column"


def test_where_others_can_reach_it_the_page_wants_the_token(serving: Callable[..., str]) -> None:
    url = serving(WITH_TOKEN, {"TOKEN": TOKEN})

    refused = get(url)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "<bdi>two</bdi>" not in refused.text
    assert get(f"{url}/feeds").status_code == 401
    assert get(url, Authorization=f"Bearer {TOKEN}").status_code == 200
    with httpx.Client(base_url=url, trust_env=False, timeout=60, follow_redirects=True) as browser:
        assert "That is not the token" in browser.post("/login", data={"token": "no"}).text
        assert "<bdi>two</bdi>" in browser.post("/login", data={"token": TOKEN}).text


def test_a_page_of_another_host_does_not_reach_it(serving: Callable[..., str]) -> None:
    assert get(serving(), Host="rebound.example").status_code == 421


def test_nothing_can_be_changed(serving: Callable[..., str]) -> None:
    url = serving()

    assert httpx.post(url, trust_env=False, timeout=60).status_code == 405
    for path in ("/feeds/1/poll", "/letters/replay", "/events"):
        assert httpx.post(url + path, trust_env=False, timeout=60).status_code == 404, path


def test_a_copy_that_cannot_be_read_is_told(serving: Callable[..., str], known: Known) -> None:
    known.trouble = StoreError("the copy: damaged")

    answer = get(serving())

    assert answer.status_code == 503
    assert "the copy: damaged" in answer.text
