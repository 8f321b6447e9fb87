"""Reservations against text and data mining."""

from __future__ import annotations

import pytest

from ingest.fetch.messages import Headers
from ingest.fetch.reservations import Reservation, reservation


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ([], "<p>tdm-reservation noai", Reservation()),
        ([(b"TDM-Reservation", b"1")], "", Reservation(tdm=True)),
        ([(b"tdm-reservation", b"0")], "", Reservation(tdm=False)),
        ([(b"tdm-reservation", b"yes")], "", Reservation()),
        ([(b"tdm-reservation", b"1")], '<meta name="tdm-reservation" content="0">', Reservation(tdm=False)),
        (
            [],
            "<META content='1' NAME='tdm-reservation'><meta name=tdm-policy content='https://a.example/?a&amp;b'>",
            Reservation(tdm=True, policy="https://a.example/?a&b"),
        ),
        ([], '<meta name="robots" content="index, NoAI,noimageai"/>', Reservation(words=("noai", "noimageai"))),
        ([(b"X-Robots-Tag", b"noindex"), (b"X-Robots-Tag", b"anybot: noai")], "", Reservation(words=("noai",))),
        ([(b"X-Robots-Tag", b"noairport")], '<meta name="keywords" content="noai">', Reservation()),
    ],
)
def test_headers_and_meta_elements_are_read(headers: list[tuple[bytes, bytes]], body: str, expected: Reservation):
    assert reservation(Headers(headers), body.encode()) == expected


def test_collectors_named_in_robots_txt_are_added():
    assert reservation(Headers(), b"", ("gptbot",)) == Reservation(agents=("gptbot",))
