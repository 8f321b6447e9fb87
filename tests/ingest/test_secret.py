"""Masking."""

from __future__ import annotations

import time

import pytest

from ingest.secret import Secret, mask_urls


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:pw@example.org/a", "https://***@example.org/a"),
        ("to http://u@h and ftp://u:p@h.", "to http://***@h and ftp://***@h."),
        ("https://u:p@ss@example.org/", "https://***@example.org/"),
        ("https://example.org/@someone", "https://example.org/@someone"),
        ("https://example.org/a?next=mail@example.org", "https://example.org/a?next=mail@example.org"),
        ("https://h/a?x=1&access_token=abc&y=2#t", "https://h/a?x=1&access_token=***&y=2#t"),
        ("https://h/a?API_KEY=abc", "https://h/a?API_KEY=***"),
        ("ann@example.org wrote token=1", "ann@example.org wrote token=1"),
    ],
)
def test_credentials_of_urls_are_masked_and_nothing_else(text, masked):
    assert mask_urls(text) == masked


@pytest.mark.parametrize("text", ["a@=", "://@=", "://", "?@=", "&token@", "&auth@="])
def test_masking_takes_time_in_proportion_to_the_text(text):
    """No input makes it quadratic: a megabyte takes a fraction of a second, where the square would take hours."""
    text = text[0] * 10**6 + text * 10**5
    started = time.process_time()

    mask_urls(text)

    assert time.process_time() - started < 2


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret("Bearer t0ken", ("t0ken",))

    assert secret.reveal() == "Bearer t0ken"
    assert secret.words() == ("Bearer t0ken", "t0ken")
    assert {str(secret), repr(secret), f"{secret}", f"{secret:5}"} == {"***", "Secret('***')", "***  "}
    assert {secret} == {Secret("Bearer t0ken", ("t0ken",))}
    assert secret != Secret("Bearer t0ken")
