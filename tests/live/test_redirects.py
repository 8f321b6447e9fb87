"""Redirects, behaviours 28 to 33: all are followed, few are kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ingest.schedule import ErrorClass
from tests.ingest.newsroom import keys
from tests.live.behaviours import EARLY, Process, asked_often, at, feeds, pauses, sent, times
from tests.live.running import item, rss
from tests.site import Site, answer, moved

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from ingest.feedstore import Listed

STABLE, BACKOFF = 1.0, 0.25
SCHEDULE = {
    "interval_seconds": 0.25,
    "min_interval_seconds": 0.2,
    "max_interval_seconds": 1,
    "backoff_seconds": BACKOFF,
    "redirect_stable_seconds": STABLE,
}
LOGIN = answer(
    "<html><title>Welcome to the hotel</title><p>Your room number, please.</p></html>", Content_Type="text/html"
)
HOPS = 30
KEPT = ("/new", "/third", "/owned")

pytestmark = pytest.mark.timeout(300)


class Followed(NamedTuple):
    """What a service asked for that followed redirects of every kind, and what came of it."""

    site: Site
    known: dict[str, Listed]
    records: list[dict[str, Any]]
    messages: list[str]
    classes: dict[str, set[str]]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    return asyncio.run(_followed(tmp_path_factory.mktemp("redirects")))


async def _followed(folder: Path) -> Followed:
    async with Site() as site:
        urls = [*_permanent(site), *_temporary(site), *_endless(site), *_owned(site)]
        fetch = {"host_connections": 8}
        async with Process(folder, *urls, schedule=SCHEDULE, fetch=fetch) as service:
            await service.until(lambda: {f"feed moved {site.url(path)}" for path in KEPT} <= set(_messages(service)))
            settled = len(site.asked)
            site.on("/owned", _owned_feed(1, 2, 3))
            await service.until(lambda: site.targets()[settled:].count("/new") >= 4)
            await service.until(lambda: site.targets()[settled:].count("/portal") >= 3)
            await service.until(lambda: asked_often(site, [("/loop", 5), ("/hop/0", 5)]))
            await service.until(lambda: len(_of(service.written(), "owned")) >= 6)
        classes = {path: service.classes(site.url(path)) for path in ("/loop", "/hop/0", "/portal")}
        return Followed(site, feeds(folder), service.written(), _messages(service), classes)


def _messages(service: Process) -> list[str]:
    return [line["message"] for line in service.lines()]


def _of(records: list[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    return [record for record in records if word in record["title"]]


# 301 and 308


def _permanent(site: Site) -> list[str]:
    site.on("/new", answer(rss(item("new")), ETag='"new"'), answer(status=304))
    site.on("/third", answer(rss(item("third"))))
    site.on("/second", moved("/third", 308))
    return [site.on("/old", moved("/new", 301)), site.on("/first", moved("/second", 301))]


@pytest.mark.parametrize(("old", "new"), [("/old", "/new"), ("/first", "/third")])
def test_a_permanent_redirect_is_followed_and_kept_once_it_was_stable(followed: Followed, old: str, new: str):
    """Behaviour 28."""
    site = followed.site
    asked = [target for target in site.targets() if target in {old, new}]

    assert site.url(new) in followed.known
    assert site.url(old) not in followed.known
    assert times(site, old)[-1] - times(site, old)[0] >= STABLE - EARLY, "not before it was stable"
    assert asked[:2] == [old, new]
    assert asked[-2:] == [new, new]
    assert len(_of(followed.records, new.strip("/"))) == 1


def test_validators_go_to_the_address_that_they_came_from(followed: Followed):
    """Behaviours 6 and 28: neither to the address that redirects, nor lost when the new address is kept."""
    assert set(sent(followed.site, "/old", "if-none-match")) == {(None,)}
    first, *others = sent(followed.site, "/new", "if-none-match")
    assert (first, set(others)) == ((None,), {('"new"',)})


# Others


def _temporary(site: Site) -> list[str]:
    for status in (302, 303, 307):
        site.on(f"/here/{status}", answer(rss(item(f"here {status}"))))
    site.on("/mixed/2", moved("/mixed/3", 302))
    site.on("/mixed/3", answer(rss(item("mixed"))))
    site.on("/login", LOGIN)
    return [
        *(site.on(f"/there/{status}", moved(f"/here/{status}", status)) for status in (302, 303, 307)),
        site.on("/mixed/1", moved("/mixed/2", 301)),
        site.on("/portal", answer(rss(item("portal"))), moved("/login", 301)),
        site.on("/lobby", moved("/login", 301)),
    ]


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_temporary_redirect_is_followed_each_time(followed: Followed, status: int):
    """Behaviour 29."""
    there, here = at(followed.site, f"/there/{status}"), at(followed.site, f"/here/{status}")

    assert there[-1].at - there[0].at > STABLE
    assert len(there) - len(here) in {0, 1}, "one may be under way at the end"
    assert followed.site.url(f"/there/{status}") in followed.known


def test_one_temporary_hop_makes_the_whole_way_temporary(followed: Followed):
    """Behaviour 30."""
    first, last = times(followed.site, "/mixed/1"), times(followed.site, "/mixed/3")

    assert first[-1] - first[0] > STABLE
    assert len(first) - len(last) in {0, 1}
    assert followed.site.url("/mixed/1") in followed.known


def test_a_permanent_redirect_to_a_web_page_is_not_kept(followed: Followed):
    """Behaviour 31: neither by a feed that was one before, nor at first contact."""
    site = followed.site

    for path in ("/portal", "/lobby"):
        assert times(site, path)[-1] - times(site, path)[0] > STABLE
        assert followed.known[site.url(path)].state.error is ErrorClass.NOT_A_FEED
    assert site.url("/login") not in followed.known
    assert len(at(site, "/login")) <= len(at(site, "/portal")) - 1 + len(at(site, "/lobby"))
    assert followed.classes["/portal"] == {"not_a_feed"}
    assert len(_of(followed.records, "portal")) == 1


# A target that is another feed's


def _owned(site: Site) -> list[str]:
    return [site.on("/owned", _owned_feed(1, 2)), site.on("/twin", moved("/owned", 301))]


def _owned_feed(*numbers: int) -> bytes:
    """A feed of items with links, and of others without."""
    linked = [item(f"owned {n}", link=f"http://courier.example/{n}") for n in numbers]
    return answer(rss(*linked, *(item(f"owned without link {n}") for n in numbers)))


def test_two_feeds_that_become_one_address_become_one_feed(followed: Followed):
    """Behaviour 32: nothing comes out twice, neither before that nor after."""
    site = followed.site
    own = _of(followed.records, "owned")

    assert site.url("/owned") in followed.known
    assert site.url("/twin") not in followed.known
    assert times(site, "/owned")[-1] > times(site, "/twin")[-1]
    assert f"feed moved {site.url('/owned')}" in followed.messages
    assert sorted(record["title"] for record in own) == sorted(
        f"Bridge report owned {kind}{n}" for kind in ("", "without link ") for n in (1, 2, 3)
    )
    assert set(keys(own).values()) == {1}


# Ways without an end


def _endless(site: Site) -> list[str]:
    for n in range(HOPS):
        site.on(f"/hop/{n}", moved(f"/hop/{n + 1}", 301))
    site.on(f"/hop/{HOPS}", answer(rss(item("hop"))))
    site.on("/pool", moved("/loop", 302))
    return [site.on("/loop", moved("/pool", 302)), site.url("/hop/0")]


@pytest.mark.parametrize(("path", "most"), [("/loop", 2), ("/hop/0", 6)])
def test_a_way_without_an_end_is_given_up_and_backed_off_from(followed: Followed, path: str, most: int):
    """Behaviour 33: at most five hops each time, and each time after a longer wait."""
    site = followed.site
    word = {"/loop": "oo", "/hop/0": "/hop/"}[path]
    along = [target for target in site.targets() if word in target]

    assert len(along) <= most * len(at(site, path))
    assert f"/hop/{most}" not in along
    assert all(wait >= min(BACKOFF * 2**n, 1) - EARLY for n, wait in enumerate(pauses(site, path)))
    assert followed.classes[path] == {"redirects"}
    assert followed.known[site.url(path)].state.error is ErrorClass.REDIRECTS
