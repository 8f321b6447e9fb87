"""Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingest.fetch.messages import Headers
from ingest.fetch.pushback import retry_after

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        (" 120 ", 120),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tuesday, 24-Nov-26 12:00:30 GMT", 30),
        ("200000", 86_400),
        ("1000000000000", None),
        ("9" * 300, None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Tue, 24 Nov 2026 11:59:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("NaN", None),
        ("٥", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_seconds_and_dates_are_read_and_garbage_is_not(value: str, seconds: float | None):
    headers = Headers([(b"Retry-After", value.encode("latin-1", "replace"))])

    assert retry_after(429, headers, NOW) == seconds
    assert retry_after(503, headers, NOW) == seconds


def test_other_answers_pause_nothing():
    assert retry_after(200, Headers([(b"Retry-After", b"5")]), NOW) is None
    assert retry_after(429, Headers(), NOW) is None
