"""Records as they arrive, over real connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from ingest.dashboard.kept import Kept
from ingest.dashboard.streams import MOST_STREAMS
from tests.builders import make_article, make_record
from tests.ingest.listener.conftest import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.dashboard.conftest import Served


def article(n: int, **fields: Any) -> Any:
    return make_record(id=f"id-{n}", article=make_article(title=f"Report {n}", **fields))


@contextmanager
def events(served: Served, query: str = "", **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Lend the events of a stream, each with its id."""
    with served.browser(**headers) as browser, browser.stream("GET", f"/events?{query}") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    number = ""
    for line in answer.iter_lines():
        if line.startswith("id: "):
            number = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield {**json.loads(line.removeprefix("data: ")), "number": number}


def opened(served: Served, path: str = "/events") -> socket.socket:
    host, _, port = served.url.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return connection


def test_a_stream_begins_with_what_was_and_goes_on_with_what_comes(served: Served):
    served.dashboard.saw(article(1))
    with events(served) as stream:
        first = next(stream)
        served.dashboard.saw(article(2))
        second = next(stream)

    assert (first["title"], second["title"]) == ("Report 1", "Report 2")
    assert first["href"] == "/records/id-1"
    assert (first["revision"], first["dup"], first["topics"]) == (2, "near", ["north-korea"])


def test_a_viewer_who_comes_back_gets_what_it_missed_and_nothing_twice(served: Served):
    for n in range(1, 4):
        served.dashboard.saw(article(n))
    with events(served) as stream:
        first = next(stream)
    with events(served, **{"last-event-id": first["number"]}) as stream:
        again = [next(stream)["title"] for _ in range(2)]

    assert again == ["Report 2", "Report 3"]


def test_a_number_of_another_run_begins_anew(served: Served):
    served.dashboard.saw(article(1))
    for told in ("deadbeef-1", "9", "-", "deadbeef-" + "9" * 400):
        with events(served, **{"last-event-id": told}) as stream:
            assert next(stream)["title"] == "Report 1"


def test_filters_hold_in_a_stream(served: Served):
    with events(served, "language=de") as stream:
        for n, language in enumerate(["en", "de", "fr", "de"]):
            served.dashboard.saw(article(n, language=language))
        titles = [next(stream)["title"] for _ in range(2)]

    assert titles == ["Report 1", "Report 3"]


def test_a_quiet_stream_outlasts_the_patience_with_other_answers(serving: Callable[..., Served]):
    served = serving(patience_seconds=0.5)
    with events(served) as stream:
        time.sleep(1.5)  # three times the patience; nothing arrives meanwhile
        served.dashboard.saw(article(1))

        assert next(stream)["title"] == "Report 1"


def test_a_viewer_that_does_not_read_is_cut_and_costs_one_buffer(serving: Callable[..., Served]):
    served = serving(patience_seconds=1.0)
    with opened(served) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stop = threading.Event()

        def publish() -> None:
            n = 0
            while not stop.is_set():
                served.dashboard.saw(article(n := n + 1, summary="x" * 200))
                time.sleep(0.0002)

        publisher = threading.Thread(target=publish)
        publisher.start()
        try:
            deadline = time.monotonic() + 60
            while not _is_reset(connection):
                assert time.monotonic() < deadline, "it was never cut"
                time.sleep(0.05)
        finally:
            stop.set()
            publisher.join()


def _is_reset(connection: socket.socket) -> bool:
    """Look at a connection's end without reading what is in it."""
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def test_one_stream_too_many_ends_the_oldest_and_leaves_room_for_questions(served: Served):
    with ExitStack() as stack:
        streams = []
        for _ in range(MOST_STREAMS + 1):
            streams.append(stack.enter_context(opened(served)))
            assert streams[-1].recv(1) == b"H"

        assert ended(streams[0])
        served.dashboard.saw(article(1))
        assert b"Report 1" in _read_until(streams[1], b"Report 1")
        assert served.get("/healthz").status_code == 200


def _read_until(connection: socket.socket, wanted: bytes) -> bytes:
    read = b""
    while wanted not in read and (piece := connection.recv(65_536)):
        read += piece
    return read


def test_streams_end_with_the_listener(serving: Callable[..., Served]):
    served = serving()
    with opened(served) as connection:
        connection.recv(1)
        # The fixture stops the listener, and fails where its thread goes on.


def test_what_is_kept_is_bounded_by_number_and_by_size():
    kept = Kept(time.time, most=3, most_characters=1_000)
    for n in range(5):
        kept.add(article(n, text="x" * 10, removed=()))
    by_number = [shown.record.id for shown in kept.after(0)]
    kept.add(article(9, text="x" * 900, removed=()))
    kept.add(article(10, text="x" * 5_000, removed=()))

    assert by_number == ["id-2", "id-3", "id-4"]
    assert [shown.record.id for shown in kept.after(0)] == ["id-10"]
    assert kept.last == 7
