"""URLs: canonical ones, those that are fetched, keys of indexes."""

from __future__ import annotations

from ingest.archive.surt import surt
from ingest.fetch.errors import InvalidUrlError
from ingest.fetch.urls import joined, target
from processors.identity import canonical_url, host_of, normalised, record_id, site_of
from tests.fuzz.target import Drawn, Target

WORDS = (
    *(b"http://", b"https://", b"//", b"xn--", b"%", b"%2e", b"%25", b"/../", b"/./", b"?utm_source=x", b"&", b"#"),
    *(b"[::1]", b"127.0.0.1", b":80", b":443", b":0", b"@", b"\xc3\x9f", b"\xe2\x80\x8d", b"\xef\xbc\x8e", b"\\", b" "),
)
SEEDS = (
    b"https://Gazette.Example.org:443/a/../b%7Ec?utm_source=x&b=2#top",
    b"http://b\xc3\xbccher.example/stra\xc3\x9fe?q=%C3%A9|[1]",
    b"http://[2001:db8::1]:8080/",
    b"http://example.org./%2f%41?%",
)
BASE = target("https://gazette.example.org/news/2026/")


def _canonical(data: bytes) -> None:
    drawn = Drawn(data)
    url, declared = drawn.text(b"\n"), drawn.text(b"\n")
    for text in (url, declared):
        name = normalised(text)
        if name is not None:
            assert normalised(name) == name
            assert name.isascii()
            assert host_of(name)
            assert site_of(name)
            assert len(surt(name)) <= 2 * len(name) + 16
    found = canonical_url(url, declared)
    assert found is None or canonical_url(found) == found
    assert found is None or canonical_url(url, found) == found
    assert len(record_id(found, declared, url, declared)) == 32


def _fetched(data: bytes) -> None:
    drawn = Drawn(data)
    text, reference = drawn.text(b"\n"), drawn.text(b"\n")
    try:
        where = target(text)
        again = target(where.text)
        assert (again.origin, again.text) == (where.origin, where.text)
        assert where.host == where.host.lower()
        assert where.host.isascii()
        assert "#" not in where.text
    except InvalidUrlError:
        where = BASE
    try:
        followed = joined(where, reference)
        assert followed.scheme in {"http", "https"}
        assert target(followed.text).text == followed.text
    except InvalidUrlError:
        pass


TARGETS = (
    Target(
        name="url",
        holds="any text: no error; a canonical URL is ASCII, has a host, and is its own canonical URL",
        run=_canonical,
        seeds=(*SEEDS, *(seed + b"\n" + SEEDS[0] for seed in SEEDS)),
        words=WORDS,
    ),
    Target(
        name="target",
        holds="any text: an InvalidUrlError, or a URL that means the same address when it is read again",
        run=_fetched,
        seeds=(*SEEDS, *(SEEDS[0] + b"\n" + word for word in (b"../x", b"//other.example", b"?q", b"javascript:"))),
        words=WORDS,
    ),
)
