"""Who may look, and whose forms are carried out."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from tests.ingest.listener.conftest import ended
from tests.ingest.listener.test_limits import dripped

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.dashboard.conftest import Served

FEED = "https://gazette.example.org/feed.xml"
WITH_TOKEN = '[dashboard]\nlisten = "0.0.0.0:0"\ntoken = "${TOKEN}"\n'
TOKEN = "t0ken-SENTINEL"
OURS = {"sec-fetch-site": "same-origin"}


def form_token(page: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def states(served: Served) -> list[bool]:
    return [feed.paused for feed in served.feeds()]


def test_a_feed_is_paused_and_resumed_by_its_forms(served: Served):
    (feed,) = served.feeds(FEED)
    with served.browser() as browser:
        given = {"form_token": form_token(browser.get("/feeds"))}
        paused = browser.post(f"/feeds/{feed.id}/pause", data=given, headers=OURS)
        seen = states(served)
        resumed = browser.post(f"/feeds/{feed.id}/resume", data=given, headers=OURS)

    assert (paused.status_code, resumed.status_code) == (200, 200)
    assert f"Feed {feed.id} is paused." in paused.text
    assert 'data-state="paused"' in paused.text
    assert seen == [True]
    assert states(served) == [False]


def test_a_feed_is_polled_when_its_shortest_interval_is_over(served: Served):
    (feed,) = served.feeds(FEED)
    with served.browser() as browser:
        given = {"form_token": form_token(browser.get("/feeds"))}
        told = browser.post(f"/feeds/{feed.id}/poll", data=given, headers=OURS)
        missing = browser.post("/feeds/999/poll", data=given, headers=OURS)

    assert f"Feed {feed.id} is polled as soon as" in told.text
    assert served.feeds()[0].state.next_due <= feed.state.next_due
    assert "Feed 999 is being polled already, or is paused." in missing.text


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"sec-fetch-site": "cross-site"}, "another site"),
        ({"sec-fetch-site": "same-site"}, "another port of this machine"),
        ({"origin": "https://evil.example"}, "an older browser, another site"),
        ({"origin": "null"}, "an older browser, a page without an origin"),
        ({}, "no browser"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_from_elsewhere_is_not_carried_out(served: Served, headers: dict[str, str], why: str):
    (feed,) = served.feeds(FEED)
    with served.browser() as browser:
        given = {"form_token": form_token(browser.get("/feeds"))}
        answer = browser.post(f"/feeds/{feed.id}/pause", data=given, headers=headers)

    assert answer.status_code == 403
    assert states(served) == [False]


def test_an_older_browser_is_known_by_its_origin(served: Served):
    (feed,) = served.feeds(FEED)
    with served.browser() as browser:
        given = {"form_token": form_token(browser.get("/feeds"))}
        answer = browser.post(f"/feeds/{feed.id}/pause", data=given, headers={"origin": served.url})

    assert answer.status_code == 200
    assert states(served) == [True]


def test_a_form_needs_the_token_of_its_own_session(served: Served):
    (feed,) = served.feeds(FEED)
    with served.browser() as mine, served.browser() as other:
        mine.get("/feeds")
        foreign = form_token(other.get("/feeds"))
        codes = [
            mine.post(f"/feeds/{feed.id}/pause", data=given, headers=OURS).status_code
            for given in ({}, {"form_token": ""}, {"form_token": foreign}, {"form_token": "ä"})
        ]

    assert codes == [403] * 4
    assert states(served) == [False]


@pytest.mark.parametrize("path", ["/feeds/1/pause", "/feeds/1/poll", "/letters/replay", "/letters/1/replay", "/logout"])
def test_no_get_changes_anything(served: Served, path: str):
    served.feeds(FEED)

    assert served.get(path).status_code == 405
    assert states(served) == [False]


def test_what_cannot_be_done_to_a_feed_is_not_there(served: Served):
    served.feeds(FEED)
    with served.browser() as browser:
        given = {"form_token": form_token(browser.get("/feeds"))}

        assert browser.post("/feeds/1/explode", data=given, headers=OURS).status_code == 404


def test_the_cookie_is_for_this_site_and_not_for_scripts(served: Served):
    cookie = served.get("/").headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_where_others_can_reach_it_every_page_wants_the_token(serving: Callable[..., Served]):
    served = serving(WITH_TOKEN, {"TOKEN": TOKEN})

    for path in ("/", "/events", "/feeds", "/overview", "/records/x", "/archived/x"):
        answer = served.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "set-cookie" not in answer.headers
    assert served.get("/feeds", Authorization=f"Bearer {TOKEN}").status_code == 200
    assert served.get("/feeds", Authorization="Bearer other").status_code == 401
    assert served.get("/static/dashboard.css").status_code == 200


def test_a_browser_hands_in_the_token_once(serving: Callable[..., Served]):
    served = serving(WITH_TOKEN, {"TOKEN": TOKEN})
    (feed,) = served.feeds(FEED)
    with served.browser() as browser:
        wrong = browser.post("/login", data={"token": "guess"}, headers=OURS)
        foreign = browser.post("/login", data={"token": TOKEN}, headers={"sec-fetch-site": "cross-site"})
        entered = browser.post("/login", data={"token": TOKEN}, headers=OURS)
        page = browser.get("/feeds")
        given = {"form_token": form_token(page)}
        paused = browser.post(f"/feeds/{feed.id}/pause", data=given, headers=OURS)
        left = browser.post("/logout", data=given, headers=OURS)
        after = browser.get("/feeds")

    assert (wrong.status_code, foreign.status_code) == (401, 403)
    assert "That is not the token." in wrong.text
    assert (entered.status_code, page.status_code, paused.status_code, left.status_code) == (200, 200, 200, 200)
    assert states(served) == [True]
    assert after.status_code == 401
    assert TOKEN not in entered.text + page.text + str(dict(entered.headers))


def test_a_program_may_change_something_by_the_token_alone(serving: Callable[..., Served]):
    served = serving(WITH_TOKEN, {"TOKEN": TOKEN})
    (feed,) = served.feeds(FEED)
    with served.browser() as program:
        done = program.post(f"/feeds/{feed.id}/pause", headers={"authorization": f"Bearer {TOKEN}"})
        refused = program.post(f"/feeds/{feed.id}/resume")

    assert done.status_code == 200
    assert refused.status_code == 401
    assert states(served) == [True]


@pytest.mark.parametrize("cookie", ["", "x", "99999999999.a.b", "1.a.b", "99999999999.ä.ö", "." * 5])
def test_a_made_up_cookie_opens_nothing(serving: Callable[..., Served], cookie: str):
    served = serving(WITH_TOKEN, {"TOKEN": TOKEN})
    with served.browser() as browser:
        answer = browser.get("/feeds", headers={b"cookie": f"newstap={cookie}".encode()})

    assert answer.status_code == 401


def test_another_name_of_this_machine_is_refused(served: Served):
    """DNS rebinding: a page in the browser reaches us under a name of its own."""
    assert served.get("/", Host="evil.example").status_code == 421


def test_no_question_makes_a_series(served: Served):
    """Neither paths nor names nor programs are labels; what feeds say is none either, as tests of the metrics show."""
    before = series(served)
    for n in range(8):  # at 10 a second: longer than figures are kept
        served.get(f"/records/unknown-{n}?q=host-{n}.example", **{"user-agent": f"agent-{n}"})

    assert len(before) > 20
    assert series(served) == before


def series(served: Served) -> set[str]:
    """The names and labels of what `/metrics` tells."""
    lines = served.get("/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


@pytest.mark.parametrize(
    "begin", ["GET /feeds HTTP/1.1\r\nX: ", "POST /feeds/1/pause HTTP/1.1\r\nContent-Length: 900\r\n"]
)
def test_a_page_that_is_asked_for_a_byte_at_a_time_is_not_waited_for(serving: Callable[..., Served], begin: str):
    """Slowloris, at a page and at a form."""
    served = serving(patience_seconds=0.3)
    served.feeds(FEED)
    with opened(served) as connection:
        head, _, rest = begin.partition("\r\n")
        session = "Sec-Fetch-Site: same-origin\r\n"
        end = "\r\n" if "POST" in begin else ""
        connection.sendall(f"{head}\r\nHost: 127.0.0.1\r\n{session}{rest}{end}".encode())

        assert dripped(connection, b"x")
    assert states(served) == [False]


def test_a_form_that_is_too_large_is_not_read(served: Served):
    served.feeds(FEED)
    with opened(served) as connection:
        head = "POST /feeds/1/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 1000)

        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")
        assert ended(connection)
    assert states(served) == [False]


def opened(served: Served) -> socket.socket:
    host, _, port = served.url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)
