"""URLs taken apart."""

from __future__ import annotations

import pytest

from ingest.fetch.errors import InvalidUrlError
from ingest.fetch.urls import joined, target


@pytest.mark.parametrize(
    ("text", "sent", "authority"),
    [
        ("http://Gazette.Example", "http://gazette.example/", "gazette.example:80"),
        ("https://gazette.example:443/a?b#c", "https://gazette.example/a?b", "gazette.example:443"),
        ("http://gazette.example.:8080/", "http://gazette.example.:8080/", "gazette.example:8080"),
        ("http://bücher.example/ü x", "http://xn--bcher-kva.example/%C3%BC%20x", "xn--bcher-kva.example:80"),
        ("http://a_b.example/?q=a%2Fb&c=[1]", "http://a_b.example/?q=a%2Fb&c=[1]", "a_b.example:80"),
        ("http://[2001:DB8::1]:80/", "http://[2001:DB8::1]/", "2001:db8::1:80"),
    ],
)
def test_a_url_says_where_to_go(text: str, sent: str, authority: str):
    found = target(text)

    assert (found.text, found.authority) == (sent, authority)
    assert target(found.text).text == found.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "http:///a",
        "/a",
        "//a.example/",
        "mailto:a@b.example",
        "http://[",
        "http://[fe80::1%25eth0]/",
        "http://a.example:0/",
        "http://a.example:99999/",
        "http://a.example:x/",
        "http://u:p@a.example/",
        "http://u@a/",
        "http://a..b/",
        "http://-a.example/",
        "http://xn--a/",
        "http://a b.example/",
        "http://%31.example/",
        "http://a.example/\r\nX: y",
        "http://a\t.example/",
        "http://a.example\\@b.example/",
        f"http://{'a' * 64}.example/",
        "http://a.example/" + "a" * 9000,
        "http://a.example/\ud800",
        "http://" + "a." * 200 + "example/",
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_is_none_is_refused(text: str):
    with pytest.raises(InvalidUrlError):
        target(text)


def test_references_are_read_as_links_are():
    base = target("https://a.example/news/1?q#f")

    assert joined(base, " ../2 ").text == "https://a.example/2"
    assert joined(base, "//b.example").text == "https://b.example/"
    assert joined(base, "?p").text == "https://a.example/news/1?p"
    with pytest.raises(InvalidUrlError):
        joined(base, "http://[bad/")
