"""Secrets come from the environment, and are seen nowhere."""

from __future__ import annotations

import dataclasses
import traceback

import pytest

from ingest.config import ConfigError, load

SENTINEL = "hunter2-SENTINEL"

KAFKA = """
    [sinks.kafka]
    security_protocol = "SASL_SSL"
    sasl_mechanism = "SCRAM-SHA-512"
    sasl_username = "{username}"
    sasl_password = "{password}"
"""


@pytest.fixture
def written(tmp_path):
    def written(text: str):
        path = tmp_path / "news.toml"
        path.write_text(text)
        return path

    return written


def error_of(path, env) -> str:
    """Return all that a crash would print."""
    with pytest.raises(ConfigError) as caught:
        load(path, env)
    return "".join(traceback.format_exception(caught.value))


def test_a_secret_is_read_from_the_environment(written):
    path = written(KAFKA.format(username="newstap", password="${PW}"))

    kafka = load(path, {"PW": SENTINEL}).sinks.kafka

    assert kafka.sasl_username.reveal() == "newstap"
    assert kafka.sasl_password.reveal() == SENTINEL


def test_a_user_name_may_come_from_the_environment_too(written):
    path = written(KAFKA.format(username="${WHO}", password="${PW}"))

    assert load(path, {"WHO": "ann", "PW": "x"}).sinks.kafka.sasl_username.reveal() == "ann"


def test_a_loaded_secret_is_masked_wherever_the_configuration_is_printed(written):
    feed = '[[feeds]]\nurl = "https://example.org/"\nheaders = { Authorization = "Bearer ${TOKEN}" }'
    path = written(KAFKA.format(username="newstap", password="${PW}") + feed)

    config = load(path, {"PW": SENTINEL, "TOKEN": f"{SENTINEL}-2"})

    printed = f"{config} {config!r} {dataclasses.asdict(config)} {config.sinks.kafka.sasl_password:>20}"
    assert SENTINEL not in printed
    assert "***" in printed


def test_every_secret_is_listed_for_the_logs_to_mask(written):
    feed = '[[feeds]]\nurl = "https://example.org/"\nheaders = { Authorization = "Bearer ${TOKEN}" }'
    path = written(KAFKA.format(username="newstap", password="${PW}") + feed)

    words = load(path, {"PW": SENTINEL, "TOKEN": "t0ken"}).secrets()

    assert {SENTINEL, "Bearer t0ken", "t0ken"} <= set(words)


@pytest.mark.parametrize("value", [SENTINEL, f"x${{PW}}{SENTINEL}", f"${{{SENTINEL}}}", f"$PW {SENTINEL}"])
def test_a_secret_in_the_file_is_refused_and_not_shown(written, value):
    error = error_of(written(KAFKA.format(username="newstap", password=value)), {"PW": "x"})

    assert "sinks.kafka.sasl_password: must not stand in the file; put it in the environment and write" in error
    assert SENTINEL not in error


@pytest.mark.parametrize(
    "line",
    [
        f'sasl_password = ["{SENTINEL}"]',
        f'sasl_pasword = "{SENTINEL}"',
        f'bootstrap = "user:{SENTINEL}@broker:9092"',
        f'bootstrap = ["{SENTINEL}"]',
        f'bootstrap = {{ password = "{SENTINEL}" }}',
        f'topic_prefix = "https://user:{SENTINEL}@host/"',
    ],
)
def test_a_secret_that_strayed_elsewhere_is_not_shown(written, line):
    assert SENTINEL not in error_of(written(f"[sinks.kafka]\n{line}"), {})


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{SENTINEL}@example.org/feed",
        f"https://{SENTINEL}@example.org/feed",
        f"ftp://user:{SENTINEL}@example.org/feed",
        f"https://user:{SENTINEL}@example.org:99999/feed",
        f"https://user:p@{SENTINEL}@/",
        f"https://user:{SENTINEL}/feed",
        f"https://user:{SENTINEL}@exam\u2100ple.org/",
        f"ftp://example.org/feed?api_key={SENTINEL}",
    ],
)
def test_a_feed_address_with_credentials_is_refused_and_not_shown(written, url):
    error = error_of(written(f'[[feeds]]\nurl = "{url}"'), {})

    assert "feeds[0].url: " in error
    assert SENTINEL not in error


def test_a_feed_address_with_credentials_tells_what_to_do_instead(written):
    error = error_of(written('[[feeds]]\nurl = "https://u:p@example.org/"'), {})

    assert (
        'holds a user name or password; leave them out and set headers = { Authorization = "Basic ${NAME}" }' in error
    )


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (f'Authorization = "Bearer {SENTINEL}"', "may be a secret and must not stand in the file; write"),
        (f'Cookie = ["{SENTINEL}"]', "is not a string of printable ASCII"),
        (f'X-Key = "${{PW}}\\r\\nEvil: {SENTINEL}"', "is not a string of printable ASCII"),
        ('Host = "${PW}"', "is not a header that a feed can set"),
        ('"Bad Name" = "${PW}"', "is not a header that a feed can set"),
        ('X = "${PW}"\nheaders.x = "${PW}"', "stands there twice"),
        ('X = "${FOREIGN}"', "the environment variable FOREIGN is not ASCII"),
        ('X = "${LINES}"', "the environment variable LINES holds control characters"),
        ('X = "${EMPTY}"', "the environment variable EMPTY is not set; set it before the start"),
        ('X = "${UNSET}"', "the environment variable UNSET is not set; set it before the start"),
    ],
)
def test_a_header_that_cannot_be_sent_or_kept_is_refused(written, header, told):
    env = {"PW": "x", "FOREIGN": f"{SENTINEL}é", "LINES": f"{SENTINEL}\nx", "EMPTY": " "}

    error = error_of(written(f'[[feeds]]\nurl = "https://example.org/"\nheaders.{header}'), env)

    assert told in error
    assert SENTINEL not in error


def test_headers_have_to_be_a_table(written):
    error = error_of(written(f'[[feeds]]\nurl = "https://example.org/"\nheaders = "{SENTINEL}"'), {})

    assert "feeds[0].headers: is not a table" in error
    assert SENTINEL not in error
