"""Tokens for Kafka: out of a file, and from an endpoint; what goes wrong is told without what is secret."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from ingest.secret import Secret
from ingest.tokens import EndpointToken, FileToken
from sinks.kafka_tokens import TokenError
from tests.broker.process import free_port
from tests.broker.tokens import Endpoint, granting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "hunter2:SENTINEL%"
"""Coded, as RFC 6749, 2.3.1 wants it, before it is joined to the client's id by a colon."""
CODED = "hunter2%3ASENTINEL%25"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with granting("news", CODED) as made:
        yield made


def of(endpoint: Endpoint, secret: str = SECRET, scope: str | None = None, clock: Clock | None = None) -> EndpointToken:
    return EndpointToken(endpoint.url, Secret("news"), Secret(secret), scope, clock or Clock())


def refused(ask: EndpointToken | FileToken) -> TokenError:
    """Return the error, after a look at all that a crash would print."""
    with pytest.raises(TokenError) as raised:
        ask()
    told = "".join(traceback.format_exception(raised.value))
    assert "SENTINEL" not in told
    assert CODED not in told
    return raised.value


def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    ask = FileToken(path)
    assert ask() == "one"
    path.write_text("two")
    assert ask() == "two"


def test_a_file_without_a_token_is_told(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert refused(FileToken(path)).lasting
    path.write_text(" \n")
    assert not refused(FileToken(path)).lasting
    path.write_bytes(b"SENTINEL \xff")
    assert refused(FileToken(path)).lasting


def test_an_endpoint_is_asked_by_client_credentials(endpoint: Endpoint) -> None:
    assert of(endpoint, scope="kafka write")().endswith(".")
    of(endpoint)()

    assert endpoint.asked == [
        {"grant_type": ["client_credentials"], "scope": ["kafka write"]},
        {"grant_type": ["client_credentials"]},
    ]


@pytest.mark.parametrize(("life", "kept"), [(100.0, 80.0), (None, 240.0)])
def test_a_token_is_kept_for_four_fifths_of_its_life(endpoint: Endpoint, life: float | None, kept: float) -> None:
    endpoint.life, clock = life, Clock()
    ask = of(endpoint, clock=clock)
    first = ask()
    clock.now += kept - 1
    assert ask() == first
    assert len(endpoint.asked) == 1
    clock.now += 1
    ask()
    assert len(endpoint.asked) == 2


def test_a_wrong_secret_lasts_and_is_told_with_the_reason(endpoint: Endpoint) -> None:
    error = refused(of(endpoint, secret="other-SENTINEL"))

    assert error.lasting
    assert str(error) == f"{endpoint.url} answers 401 (invalid_client)"


@pytest.mark.parametrize(
    ("answer", "lasting", "text"),
    [
        ((503, b"SENTINEL"), False, "answers 503"),
        ((429, b"{}"), False, "answers 429"),
        ((302, b""), True, "answers 302"),
        ((400, b'{"error": "a\\nSENTINEL"}'), True, "answers 400"),
        ((200, b"<html>SENTINEL"), True, "without a bearer token"),
        ((200, b'{"access_token": 5}'), True, "without a bearer token"),
        ((200, b'{"access_token": "SENTINEL", "token_type": "mac"}'), True, "without a bearer token"),
        ((200, b"[" * 300_000), True, "without a bearer token"),
    ],
)
def test_what_is_no_token_is_told(endpoint: Endpoint, answer: tuple[int, bytes], lasting: bool, text: str) -> None:
    endpoint.answer = answer

    error = refused(of(endpoint))
    assert error.lasting is lasting
    assert str(error) == f"{endpoint.url} {text}" or str(error) == f"{endpoint.url} answers {text}"


def test_an_endpoint_that_is_away_passes() -> None:
    error = refused(EndpointToken(f"http://127.0.0.1:{free_port()}/token", Secret("news"), Secret(SECRET)))

    assert not error.lasting
