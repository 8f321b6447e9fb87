"""Keys of an index: as the tools that read archives reckon them (the expectations are those of the package `surt`)."""

from __future__ import annotations

import pytest

from ingest.archive.surt import surt


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.Example.org/", "org,example)/"),
        ("https://news.example.co.uk/A/b/?z=1&a=2", "uk,co,example,news)/a/b?a=2&z=1"),
        ("http://example.org:80/x/", "org,example)/x"),
        ("http://example.org:8080/x", "org,example:8080)/x"),
        ("http://example.org/x?", "org,example)/x"),
        ("http://www2.example.org/x#part", "org,example)/x"),
        ("http://example.org//a//b", "org,example)/a/b"),
        ("http://127.0.0.1:8080/x", "1,0,0,127:8080)/x"),
    ],
)
def test_the_key_of_a_url(url: str, key: str) -> None:
    assert surt(url) == key


def test_what_is_no_address_of_the_web_is_its_own_key() -> None:
    assert surt("urn:newstap:0123") == "urn:newstap:0123"
    assert surt("http://[broken/") == "http://[broken/"
