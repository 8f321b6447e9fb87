"""Cache-Control and Expires as servers write them, right and wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.schedule import freshness

NOW = 1_795_000_000.0  # Wed, 18 Nov 2026 11:06:40 GMT
LATER = "Wed, 18 Nov 2026 11:07:40 GMT"
TEXTS = (
    st.none()
    | st.text(max_size=30)
    | st.from_regex(r"[A-Za-z]{3}, [0-9]{1,2} (Jan|Feb|Dec) [0-9]{1,5} [0-9:]{8} (GMT|[+-][0-9]{4})", fullmatch=True)
)


@pytest.mark.parametrize(
    ("cache_control", "expires", "seconds"),
    [
        ("max-age=300", None, 300),
        ('Public, MAX-AGE="300"', LATER, 300),
        ("s-maxage=300", None, None),
        ("no-cache, max-age=300", LATER, None),
        ("no-store", LATER, None),
        ("max-age=0", LATER, None),
        ("max-age=-5", None, None),
        ("max-age=1e3", LATER, 60),
        (None, LATER, 60),
        (None, "Wed, 18 Nov 2026 11:07:40 -0000", 60),
        (None, "0", None),
        (None, "-1", None),
        (None, "Wed, 18 Nov 2020 11:06:40 GMT", None),
        (None, "Fri, 31 Dec 9999 23:59:59 -0500", 251_607_318_799),
        (None, None, None),
    ],
)
def test_freshness_is_of_max_age_then_of_expires(cache_control, expires, seconds):
    assert freshness(cache_control, expires, NOW) == seconds


@given(TEXTS, TEXTS)
def test_no_text_breaks_it(one, two):
    seconds = freshness(one, two, NOW)

    assert seconds is None or seconds > 0
