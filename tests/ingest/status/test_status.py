"""`newstap status`: by the state of a service that runs, or does not."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from ingest import alarms, feedstore, pending, state
from ingest.alarms import Alarm, AlarmKind, Look, Scope
from ingest.alarms.kept import Key, Raised
from ingest.config import load
from ingest.feedstore import Feed
from ingest.fleet.service import opened
from ingest.health import Health
from ingest.schedule import ErrorClass, Settings
from ingest.schedule import Health as FeedHealth
from ingest.status.show import show
from sinks.base import Kind
from sinks.outbox import Outbox
from tests.builders import make_item, make_page
from tests.commands import newstap
from tests.kafka_fixtures import make_topic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sinks.store import Store
    from tests.broker import Broker


def configured(folder: Path, more: str = "[dashboard]\nlisten = ''\n") -> Path:
    path = folder / "news.toml"
    path.write_text(more)
    return path


def told(config: Path) -> tuple[int, dict[str, Any], str]:
    """The exit code, what `--json` says, and what people see."""
    loaded, out, seen = load(config, {"TOKEN": "x" * 32}), io.StringIO(), io.StringIO()
    code = show(loaded, as_json=True, out=out)
    assert show(loaded, as_json=False, out=seen) == code
    return code, json.loads(out.getvalue()), seen.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The state, owned by us, as a service does."""
    made = state.owned(tmp_path / "var" / "state")
    yield made
    made.close()


def filled(store: Store, now: float) -> None:
    """Six feeds, a waiting entry, three items of which files have two and Kafka one."""
    urls = [f"https://{name}.example/feed" for name in ("good", "failing", "paused", "dead", "new", "late")]
    box = Outbox(store, job="run")
    with store.transaction() as connection:
        feedstore.add(connection, [Feed(url=url) for url in urls], settings=Settings(), now=now)
        feedstore.pause(connection, urls[2], paused=True)
    changes: dict[str, dict[str, Any]] = {
        urls[0]: {"last_success": now, "next_due": now + 50},
        urls[1]: {"error": ErrorClass.TIMEOUT, "errors": 2, "next_due": now + 60},
        urls[3]: {"health": FeedHealth.DEAD, "error": ErrorClass.SERVER, "next_due": now + 9999},
        urls[5]: {"last_success": now - 9000, "next_due": now - 1000},
    }
    with store.transaction() as connection:
        for claimed in feedstore.claim(connection, now + 1e7, lease=60, limit=10):
            if claimed.feed.url in changes:
                feedstore.commit(connection, claimed, replace(claimed.state, **changes[claimed.feed.url]), now=now)
    with store.transaction() as connection:
        pending.put(connection, 1, "good.example", make_page(), due=now)
        kinds = (Kind.RECORD, Kind.SKIPPED, Kind.DEAD_LETTER)
        box.add(connection, [make_item(kind=kind, label="extract") for kind in kinds])
        connection.execute("INSERT INTO issued VALUES ('a', 1, ?), ('b', 2, ?)", (int(now) - 10, int(now) - 7200))
    box.ledger("files").save(2, {})
    box.ledger("kafka").save(1, {})


def test_without_a_state_nothing_is_made_and_the_configured_feeds_are_told(tmp_path: Path) -> None:
    config = configured(tmp_path, '[[feeds]]\nurl = "https://gazette.example/feed"\n')
    done = newstap("status", "--config", config)
    assert done.returncode == 0
    assert "no service has run on it" in done.stdout
    assert "1: 1 never polled" in done.stdout
    assert not (tmp_path / "var").exists()


def test_feeds_queues_and_sinks_are_told_while_a_service_owns_the_state(tmp_path: Path, store: Store) -> None:
    now = time.time()
    filled(store, now)
    code, found, text = told(configured(tmp_path))
    assert found["feeds"] == {
        **dict.fromkeys(("failing", "paused", "dead", "never_polled", "overdue"), 1),
        "total": 6,
        "healthy": 2,
        "next_due": pytest.approx(now - 1000),
    }
    assert found["service"]["pid"] == os.getpid()
    assert (found["entries_waiting"], found["outbox"]) == (1, 2)
    assert [(sink["name"], sink["position"], sink["waiting"]) for sink in found["sinks"]] == [
        ("files", 2, 1),
        ("kafka", 1, 2),
    ]
    assert (found["records"], found["skipped"], found["dead_letters"]) == (1, 1, {"extract": 1})
    assert (found["articles_hour"], found["articles_day"]) == (1, 2)
    assert found["attention"] == ["1 feeds are overdue although the service runs"]
    assert code == 1
    assert f"runs as process {os.getpid()}" in text
    assert "attention   1 feeds are overdue" in text


def test_alarms_that_stand_need_attention_the_first_ten_by_name(tmp_path: Path, store: Store) -> None:
    standing = {
        Raised(Key(Scope.OUTLET, f"{n}.example"), AlarmKind.SILENT): Alarm(
            kind=AlarmKind.SILENT, scope=Scope.OUTLET, name=f"{n}.example", since=float(n), why="no record for 9 hours"
        )
        for n in range(12)
    }
    with store.transaction() as connection:
        alarms.keep(connection, Look(100.0, alarms=dict(standing)))
    code, found, _ = told(configured(tmp_path))
    assert (code, len(found["alarms"]), found["alarms"][0]["since"]) == (1, 12, 0.0)
    assert found["attention"][0] == "outlet 0.example is silent: no record for 9 hours"
    assert found["attention"][10:] == ["and 2 more alarms; --json has them"]


def test_what_waits_while_no_service_runs_needs_attention(tmp_path: Path, store: Store) -> None:
    filled(store, time.time())
    store.close()
    code, found, text = told(configured(tmp_path))
    assert (code, found["service"]["pid"]) == (1, None)
    assert found["attention"] == ["no service runs, and 1 entries and 2 items wait for one"]
    assert "does not run" in text


def test_a_state_at_rest_is_fine(tmp_path: Path, store: Store) -> None:
    store.close()
    code, found, _ = told(configured(tmp_path))
    assert (code, found["exists"], found["attention"]) == (0, True, [])


@pytest.fixture
def answers() -> Iterator[tuple[str, dict[str, bytes]]]:
    """An HTTP server at an address, which answers with `body`."""
    given = {"body": b""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given["path"], given["token"] = self.path.encode(), (self.headers["Authorization"] or "").encode()
            self.send_response(503)
            self.send_header("Content-Length", str(len(given["body"])))
            self.end_headers()
            self.wfile.write(given["body"])

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", given
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_that_runs_is_asked_how_it_is(
    tmp_path: Path, store: Store, answers: tuple[str, dict[str, bytes]]
) -> None:
    address, given = answers
    health = Health()
    health.ready()
    health.part("sink files").ok()
    config = configured(tmp_path, f"[dashboard]\nlisten = '{address}'\ntoken = '${{TOKEN}}'\n")
    given["body"] = json.dumps(health.snapshot()).encode()
    code, found, _ = told(config)
    assert (code, found["service"]["health"], found["service"]["ready"]) == (0, "ok", True)
    assert (given["path"], given["token"]) == (b"/healthz", b"Bearer " + b"x" * 32)

    health.part("sink kafka").failing("no broker answers")
    given["body"] = json.dumps(health.snapshot()).encode()
    code, found, text = told(config)
    assert (code, found["attention"]) == (1, ["the service is degraded", "sink kafka: no broker answers"])
    assert "degraded, ready" in text

    given["body"] = b"<html>"
    assert "not the answer of a newstap service" in told(config)[1]["service"]["problem"]


def test_a_service_that_does_not_answer_is_told(tmp_path: Path, store: Store) -> None:
    """Port 1 of loopback has no listener."""
    code, found, _ = told(configured(tmp_path, "[dashboard]\nlisten = '127.0.0.1:1'\n"))
    assert code == 1
    assert found["attention"][0].startswith("the service's health is not known: 127.0.0.1:1: ")


def test_the_archive_is_measured(tmp_path: Path) -> None:
    (tmp_path / "pages" / "2026").mkdir(parents=True)
    (tmp_path / "pages" / "2026" / "a.warc.gz").write_bytes(b"x" * 3000)
    assert told(configured(tmp_path, "[archive]\npath = 'pages'\n"))[1]["archive_bytes"] == 3000


def test_a_broker_that_is_away_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    code, found, text = told(configured(tmp_path, "[sinks.kafka]\nbootstrap = '127.0.0.1:1'\n"))
    assert code == 1
    assert "no broker answers" in found["workers"]["problem"]
    assert "workers     not known of newstap-work-news" in text
    assert time.monotonic() - began < 60


def test_what_a_fetcher_of_a_group_has_here_is_told_whatever_kafka_does(tmp_path: Path) -> None:
    """Its copy knows: how far partitions that it was given are read, what the last ones brought, and what waits."""
    kafka = "[dashboard]\nlisten = ''\n[sinks.kafka]\nbootstrap = '127.0.0.1:1'\n"
    config = configured(tmp_path, f"[fetch]\ngroup = 'town'\n{kafka}")
    with closing(opened(tmp_path / "var" / "state", "town-one")) as store:
        with store.transaction() as connection:
            connection.executemany("INSERT INTO held VALUES (?, ?, 0, 0, 0)", [(1, 1), (2, 1), (3, 1), (4, 0)])
            connection.execute("INSERT INTO restoring VALUES ('[3]', ?, 450, 600, NULL, 0)", (time.time() - 5,))
            connection.execute("INSERT INTO restoring VALUES ('[1, 2]', 9.0, 70, 70, 1.25, 8)")
            connection.execute("INSERT INTO request VALUES (1, 'a', 1, 0)")
            feedstore.add(connection, [Feed(url="https://a.example/")], settings=Settings(), now=time.time() - 9)
        _, found, text = told(config)
    (here,) = found["fetchers"]["here"]
    assert (here["name"], here["pid"], here["ours"], here["restoring"]["read"]) == ("one", os.getpid(), [1, 2], 450)
    assert "fetchers    not known of newstap-fetch-news-town" in text
    line = next(line for line in text.splitlines() if line.startswith("  here "))
    assert (
        f"one runs as process {os.getpid()}; 2 partitions with 1 feeds (1 due); reads 1 more (450 of 600 messages"
        in line
    )
    assert "last took up 2 partitions with 8 feeds in 1.2 s; 1 page requests and 0 items of the outbox wait" in line
    assert "  here      one does not run\n" in told(config)[2], "others have its feeds"

    alone = configured(tmp_path, kafka)
    assert told(alone)[1]["fetchers"] is None
    assert "  here " not in told(alone)[2], "who shares nothing sees none of this"


@pytest.mark.kafka
@pytest.mark.timeout(180)
def test_how_far_the_workers_are(tmp_path: Path, broker: Broker, topic_prefix: str) -> None:
    config = configured(tmp_path, f'[sinks.kafka]\nbootstrap = "{broker.bootstrap}"\ntopic_prefix = "{topic_prefix}"\n')
    pages = f"{topic_prefix}.pages.v1"
    make_topic(broker.bootstrap, pages, 2)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for n in range(10):
        producer.send(pages, b"page", partition=n % 2).get(30)
    producer.close()
    assert "workers     none so far" in told(config)[2]

    worker = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=f"newstap-work-{topic_prefix}")
    worker.commit({TopicPartition(pages, 0): OffsetAndMetadata(3, "", -1)})
    worker.close()
    code, found, text = told(config)
    assert (code, found["workers"]["lag"]) == (0, 7)
    assert "7 offsets of pages" in text
    assert found["link"]["lag"] is None
    assert "\nlink " not in text, "there never was one"

    enriched = f"{topic_prefix}.enriched.v1"
    make_topic(broker.bootstrap, enriched, 1)
    link = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=f"newstap-link-{topic_prefix}")
    link.commit({TopicPartition(enriched, 0): OffsetAndMetadata(0, "", -1)})
    link.close()
    assert "link        0 offsets of records before" in told(config)[2]
