"""What each path answers, and to whom."""

from __future__ import annotations

import asyncio
import io
import logging
import threading

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingest import logs
from ingest.listener.guard import SECURITY_HEADERS
from ingest.listener.scrape import MAX_PER_SECOND, Scrape
from ingest.secret import Secret

PATHS = ("/healthz", "/livez", "/readyz", "/metrics")
TOKEN = "t0ken-SENTINEL"


def ask(listener, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False, verify=False, timeout=20) as client:  # reading certificates takes a while
        return client.request(method, f"{listener.url}{path}", headers=headers)


def test_a_service_without_trouble_is_healthy(listening, health):
    health.part("polling")

    answer = ask(listening(), "/healthz")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["status"] == "ok"
    assert answer.json()["parts"]["polling"]["state"] == "ok"


@pytest.mark.parametrize(("say", "status"), [("failing", "degraded"), ("down", "down")])
def test_a_service_in_trouble_says_what_is_the_matter_and_goes_on_living(listening, health, say, status):
    health.ready()
    getattr(health.part("sink files"), say)("no space left on device")
    listener = listening()

    answer = ask(listener, "/healthz")

    assert answer.status_code == 503
    assert answer.json()["status"] == status
    assert answer.json()["parts"]["sink files"]["why"] == "no space left on device"
    assert ask(listener, "/livez").status_code == 200
    assert ask(listener, "/readyz").status_code == 200


def test_a_part_without_a_sign_of_life_ends_liveness(listening, health):
    health.part("polling", heartbeat_seconds=1e-9)
    listener = listening()

    assert ask(listener, "/livez").status_code == 503
    assert ask(listener, "/livez").json() == {"status": "down"}
    assert "no sign of life" in ask(listener, "/healthz").json()["parts"]["polling"]["why"]


def test_the_service_is_ready_between_its_start_and_its_drain(listening, health):
    listener = listening()
    codes = [ask(listener, "/readyz").status_code]
    health.ready()
    codes.append(ask(listener, "/readyz").status_code)
    health.draining()
    codes.append(ask(listener, "/readyz").status_code)

    assert codes == [503, 200, 503]


def test_metrics_are_what_prometheus_reads(listening, metrics):
    metrics.polled("modified")

    answer = ask(listening(), "/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {"newstap_polls", "process_cpu_seconds"} <= set(families)


def test_it_answers_while_the_service_computes_and_its_loop_stands_still(listening):
    done = threading.Event()

    def compute() -> None:
        while not done.is_set():
            sum(range(1000))

    async def stand_still(listener) -> int:
        return ask(listener, "/healthz").status_code  # synchronous: this loop does nothing else meanwhile

    busy = threading.Thread(target=compute)
    busy.start()
    try:
        code = asyncio.run(stand_still(listening()))
    finally:
        done.set()
        busy.join()

    assert code == 200


def test_a_figure_that_takes_long_holds_up_nothing_else(listening, metrics):
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        asked.set()
        go_on.wait(20)
        return 7

    metrics.gauge_from("newstap_outbox_rows", slow)
    listener = listening()
    answers: list[httpx.Response] = []
    scrape = threading.Thread(target=lambda: answers.append(ask(listener, "/metrics")))
    scrape.start()
    try:
        assert asked.wait(20)
        assert ask(listener, "/healthz").status_code == 200
        assert answers == []
    finally:
        go_on.set()
        scrape.join()

    assert "newstap_outbox_rows 7.0\n" in answers[0].text


def test_whoever_scrapes_all_the_time_is_put_off(metrics):
    async def scraped(number: int) -> list[bytes | None]:
        scrape = Scrape(metrics)
        return await asyncio.gather(*(scrape.body() for _ in range(number)))

    bodies = asyncio.run(scraped(3 * MAX_PER_SECOND))

    assert bodies[0].startswith(b"# HELP")
    assert bodies[-1] is None
    assert bodies.count(None) >= MAX_PER_SECOND


def test_figures_are_gathered_anew_after_a_moment(metrics):
    async def scraped() -> tuple[bytes | None, ...]:
        scrape = Scrape(metrics)
        first = await scrape.body()
        metrics.polled("modified")
        second = await scrape.body()
        scrape._until = float("-inf")
        return first, second, await scrape.body()

    first, second, third = asyncio.run(scraped())

    assert first == second != third


def test_head_is_get_without_a_body(listening, health):
    health.ready()
    listener = listening()
    answers = {path: ask(listener, path, "HEAD") for path in PATHS}

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PATHS, 200)
    assert all(int(answer.headers["content-length"]) > 0 for answer in answers.values())
    assert {answer.content for answer in answers.values()} == {b""}


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_refused(listening, path):
    listener = listening()
    answers = [ask(listener, path, method) for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE")]

    assert [answer.status_code for answer in answers] == [405] * 5
    assert {frozenset(answer.headers["allow"].split(", ")) for answer in answers} == {frozenset({"GET", "HEAD"})}


def test_other_paths_do_not_exist(listening):
    listener = listening()

    assert [ask(listener, path).status_code for path in ("/", "/metrics/", "/healthz/x", "/favicon.ico")] == [404] * 4


@pytest.mark.parametrize(
    ("path", "method", "headers", "code"),
    [
        ("/healthz", "GET", {}, 200),
        ("/none", "GET", {}, 404),
        ("/healthz", "POST", {}, 405),
        ("/healthz", "GET", {"Host": "evil.example"}, 421),
        ("/metrics", "GET", {}, 401),
    ],
)
def test_every_answer_has_the_security_headers_and_tells_nothing_of_the_server(listening, path, method, headers, code):
    answer = ask(listening(token=Secret(TOKEN)), path, method, **headers)

    assert answer.status_code == code
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert not {"server", "date", "access-control-allow-origin", "set-cookie"} & set(answer.headers)


def test_on_loopback_its_own_names_are_heard(listening):
    listener = listening()
    hosts = ("127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:8080", "localhost.", "127.0.0.1:")

    assert {host: ask(listener, "/healthz", Host=host).status_code for host in hosts} == dict.fromkeys(hosts, 200)


def test_on_loopback_a_foreign_name_is_misdirected(listening):
    """The name a page in a browser came under, after its DNS was rebound to 127.0.0.1."""
    listener = listening()
    hosts = (
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80"),
        *("169.254.169.254", "[::2]", "a:b:c", "localhost@evil.example", ""),
    )

    assert {host: ask(listener, "/metrics", Host=host).status_code for host in hosts} == dict.fromkeys(hosts, 421)


def test_the_configured_name_is_heard(listening):
    listener = listening("localhost:0")

    assert ask(listener, "/healthz").status_code == 200
    assert ask(listener, "/healthz", Host="localhost").status_code == 200


def test_where_a_token_guards_any_name_is_heard(listening):
    listener = listening("0.0.0.0:0", token=Secret(TOKEN))
    listener.url = listener.url.replace("0.0.0.0", "127.0.0.1")

    assert ask(listener, "/healthz", Host="news.example").status_code == 200
    assert ask(listener, "/metrics", Host="news.example").status_code == 401


def test_with_the_token_everything_is_told(listening, health):
    health.part("sink kafka").failing("no broker answers")
    listener = listening(token=Secret(TOKEN))

    assert ask(listener, "/metrics", Authorization=f"Bearer {TOKEN}").status_code == 200
    assert ask(listener, "/healthz", Authorization=f"bearer {TOKEN}").json()["parts"]["sink kafka"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
def test_without_the_token_only_the_state_is_told(listening, health, headers):
    health.ready()
    health.part("sink kafka").failing("no broker answers")
    listener = listening(token=Secret(TOKEN))

    refused = ask(listener, "/metrics", **headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    answer = ask(listener, "/healthz", **headers)
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded"})
    assert ask(listener, "/livez", **headers).status_code == 200
    assert ask(listener, "/readyz", **headers).status_code == 200


@pytest.fixture
def log():
    """Lines of all loggers at `info`; puts logging back as it was."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    stream = io.StringIO()
    logs.setup("info", "text", stream)
    yield stream
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(False)


def test_nothing_a_client_does_is_logged(listening, connected, log):
    listener = listening()
    ask(listener, "/healthz")
    ask(listener, "/healthz", Upgrade="websocket", Connection="upgrade")
    connection = connected(listener)
    connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    answer = connection.recv(1000)
    listener.stop()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert log.getvalue() == ""


def test_a_failure_of_ours_is_logged_as_every_line_is_and_tells_the_client_nothing(listening, health, log):
    health.snapshot = None  # calling it raises

    listener = listening()
    answer = ask(listener, "/healthz")
    listener.stop()  # the line comes after the answer

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert " ERROR uvicorn.error: " in log.getvalue()
    assert "    | TypeError: " in log.getvalue()
