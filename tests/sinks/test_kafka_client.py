"""The boundary to the library, without a broker: settings, secrets, what errors mean, what a failed client leaves."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, errors

from sinks.kafka import KafkaSink
from sinks.kafka_client import (
    LIBRARY,
    AwayError,
    Connection,
    DeniedError,
    FencedError,
    KafkaTroubleError,
    RefusedError,
    connected,
    translated,
    trouble,
)
from sinks.kafka_producer import Watch
from tests.broker.process import free_port
from tests.sinks.kafka_driver import MemoryLedger

SECRET = "hunter2-SENTINEL"


@pytest.mark.parametrize("bootstrap", ["", "localhost", "localhost:", ":9092", "a:b", "a:0", "a:70000", "a:1,,b:2"])
def test_a_bad_address_is_told_at_once(bootstrap: str) -> None:
    with pytest.raises(ValueError, match="is no host:port"):
        Connection(bootstrap)


def test_several_brokers_and_ipv6() -> None:
    assert Connection("one:9092, [::1]:9093").addresses() == [("one", 9092), ("::1", 9093)]


def test_secrets_show_neither_in_repr_nor_in_the_error_of_an_unknown_setting() -> None:
    assert SECRET not in repr(Connection("a:1", {"sasl_plain_password": SECRET}))

    with pytest.raises(ValueError, match="unknown Kafka setting password") as raised:
        Connection("a:1", {"password": SECRET})
    assert SECRET not in str(raised.value)


def test_security_settings_reach_the_library() -> None:
    settings = Connection("a:1", {"security_protocol": "SASL_SSL", "sasl_plain_password": SECRET}).settings("me")

    assert (settings["security_protocol"], settings["sasl_plain_password"]) == ("SASL_SSL", SECRET)
    assert set(settings) <= set(KafkaAdminClient.DEFAULT_CONFIG)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.KafkaConnectionError("reset"), AwayError),
        (errors.NotEnoughReplicasError(), AwayError),
        (errors.OutOfOrderSequenceNumberError(), AwayError),
        (OSError("no route"), AwayError),
        (RuntimeError("loop stopped"), AwayError),
        (errors.MessageSizeTooLargeError("too big"), RefusedError),
        (errors.InvalidTimestampError(), RefusedError),
        (errors.TopicAuthorizationFailedError("news.articles.v1"), DeniedError),
        (errors.TransactionalIdAuthorizationFailedError(), DeniedError),
        (errors.SaslAuthenticationFailedError("bad password"), DeniedError),
        (errors.ProducerFencedError(), FencedError),
        (errors.KafkaError("cannot send", errors.ProducerFencedError()), FencedError),
    ],
)
def test_what_an_error_of_the_library_means(error: Exception, expected: type[KafkaTroubleError]) -> None:
    assert type(trouble(error, "sending")) is expected


def test_an_error_of_our_own_is_not_taken_for_one_of_the_library() -> None:
    with pytest.raises(KeyError), translated("asking"):
        raise KeyError("ours")


def test_without_a_broker_no_client_is_made() -> None:
    connection = Connection(f"127.0.0.1:{free_port()}")

    with pytest.raises(AwayError, match="no broker answers"):
        connected(pytest.fail, connection, "test")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ssl_cafile": "nowhere.pem"}, "ssl_cafile nowhere.pem: No such file"),
        ({"ssl_certfile": __file__}, f"ssl_certfile {__file__}: .*ssl_password"),
        ({"ssl_crlfile": __file__}, f"ssl_crlfile {__file__}: "),
    ],
)
def test_a_file_that_is_no_certificate_is_no_outage(settings: dict[str, str], text: str) -> None:
    """The library would try again until its time is over, and then say that no broker answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection(f"127.0.0.1:{silent.getsockname()[1]}", {"security_protocol": "SSL", **settings})
        with pytest.raises(DeniedError, match=text):
            connected(pytest.fail, connection, "test")


def test_a_client_whose_broker_is_silent_leaves_no_thread_and_no_socket() -> None:
    """A port that takes connections and never answers; the library would leave its network thread running."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection(f"127.0.0.1:{silent.getsockname()[1]}", patience_seconds=0.2)
        threads, descriptors = threading.active_count(), _descriptors()
        for _ in range(3):
            with pytest.raises(AwayError, match="no broker answers"):
                connected(KafkaAdminClient, connection, "test")

        assert threading.active_count() == threads
        assert _descriptors() == descriptors


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["Connecting", "Bootstrap failed: Unable to bootstrap"], ""),
        (["connect failed: refused", "Connecting"], "connect failed: refused"),
        (
            ["login failed: SaslAuthenticationFailedError", "connect failed"],
            "login failed: SaslAuthenticationFailedError",
        ),
    ],
)
def test_of_the_librarys_warnings_the_reason_is_kept(lines: list[str], kept: str) -> None:
    LIBRARY.last = ""
    for line in lines:
        logging.getLogger("kafka.net.manager").warning("%s", line)

    assert kept == LIBRARY.last


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


def watch(clock: Clock, reachable: bool) -> Watch:
    return Watch(lambda: reachable, stall_seconds=15, away_seconds=5, clock=clock)


@pytest.mark.parametrize(("reachable", "seconds", "text"), [(True, 15, "no progress"), (False, 5, "cannot be reached")])
def test_a_wait_without_progress_ends(reachable: bool, seconds: float, text: str) -> None:
    clock = Clock()
    with pytest.raises(AwayError, match=text):
        watch(clock, reachable).until(clock.wait)

    assert clock.now == pytest.approx(100 + seconds, abs=0.5)


def test_a_wait_with_progress_goes_on_for_as_long_as_it_takes() -> None:
    clock = Clock()
    watch(clock, True).until(
        lambda seconds: clock.wait(seconds) or clock.now > 200, progress=lambda: int(clock.now / 10)
    )

    assert clock.now > 200


def test_the_time_starts_anew_with_each_step() -> None:
    clock = Clock()
    watching = watch(clock, True)
    for _ in range(3):
        watching.progress()
        start = clock.now
        watching.until(lambda seconds, start=start: clock.wait(seconds) or clock.now > start + 10)

    assert clock.now > 130


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    "options", [{"delivery": "twice"}, {"compression": "rar"}, {"bootstrap": "here"}, {"topics": ("a b",)}]
)
def test_settings_that_cannot_work_are_told_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"neither|none of|no host:port|no Kafka topic"):
        KafkaSink(MemoryLedger("owner"), **{"bootstrap": "127.0.0.1:9092", **options})
