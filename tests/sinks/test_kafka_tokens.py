"""What becomes of a function that gives tokens, inside Kafka's library; the rest is in test_kafka_security."""

from __future__ import annotations

import pytest
from kafka import errors

from sinks.kafka_client import AwayError, Connection, DeniedError, trouble
from sinks.kafka_tokens import TokenError, Tokens


def raising(error: Exception) -> Tokens:
    def ask() -> str:
        raise error

    return Tokens(ask)


def test_a_function_becomes_what_the_library_takes() -> None:
    settings = Connection("127.0.0.1:1", {"sasl_oauth_token_provider": lambda: "a.b."}).settings("test")

    assert settings["sasl_oauth_token_provider"].token() == "a.b."


def test_one_of_the_librarys_own_is_left_as_it_is() -> None:
    given = Tokens(lambda: "a.b.")

    assert (
        Connection("127.0.0.1:1", {"sasl_oauth_token_provider": given}).settings("test")["sasl_oauth_token_provider"]
        is given
    )


@pytest.mark.parametrize(("lasting", "ours"), [(True, DeniedError), (False, AwayError)])
def test_a_token_that_is_not_to_be_had_is_told_apart(lasting: bool, ours: type[Exception]) -> None:
    with pytest.raises(errors.KafkaError, match="no token: the reason") as raised:
        raising(TokenError("the reason", lasting=lasting)).token()

    assert type(trouble(raised.value, "connecting")) is ours


@pytest.mark.parametrize("bad", ["", "a b", "a\x01auth=Bearer b", "a\n", "ü"])
def test_a_token_of_other_characters_is_not_sent_and_not_shown(bad: str) -> None:
    with pytest.raises(errors.SaslAuthenticationFailedError) as raised:
        Tokens(lambda: bad).token()

    assert not bad or bad not in str(raised.value)
