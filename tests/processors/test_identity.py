"""Canonical URLs: the rules of RFC 3986 §6.2, of `rel=canonical`, and what hostile input makes of them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.identity import TRACKING, canonical_url, content_digest, host_of, normalised, record_id, resolved

HERE = "https://www.gazette.example.org/harbour/ferry"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        # scheme, host, port, credentials, fragment
        ("HTTP://News.Example.ORG/A", "http://news.example.org/A"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("http://example.org:443/a", "http://example.org:443/a"),
        ("http://example.org:08080/a", "http://example.org:8080/a"),
        ("http://example.org:/a", "http://example.org/a"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://example.org/a#part", "https://example.org/a"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org?", "https://example.org/"),
        ("https://example.org?a=1", "https://example.org/?a=1"),
        ("  https://example.org/a\n", "https://example.org/a"),
        ("https://snake_case.example.org/", "https://snake_case.example.org/"),
        # addresses
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
        ("http://[2001:DB8:0:0:0:0:0:1]:80/a", "http://[2001:db8::1]/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        # international names: IDNA 2008 where it and IDNA 2003 part ways
        ("https://Bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://ニュース。例え.example/", "https://xn--zck9awe6d.xn--r8jz45g.example/"),
        ("https://пример.example/", "https://xn--e1afmkfd.example/"),
        ("https://XN--BCHER-KVA.example/", "https://xn--bcher-kva.example/"),
        # percent escapes (RFC 3986 §6.2.2.1 and 2)
        ("https://example.org/%7eeva/%41%2d%5f%2E", "https://example.org/~eva/A-_."),
        ("https://example.org/a%2fb%3f", "https://example.org/a%2Fb%3F"),
        ("https://example.org/caf%c3%a9/ü", "https://example.org/caf%C3%A9/%C3%BC"),
        ("https://example.org/a b<c>", "https://example.org/a%20b%3Cc%3E"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/%%32%45", "https://example.org/%252E"),
        ("https://example.org/a+b;c=1,2:@!$&'()*", "https://example.org/a+b;c=1,2:@!$&'()*"),
        ("https://example.org/?a[]=1|2", "https://example.org/?a[]=1|2"),
        # dot segments (RFC 3986 §5.2.4 and §5.4)
        ("https://example.org/a/b/c/./../../g", "https://example.org/a/g"),
        ("https://example.org/mid/content=5/../6", "https://example.org/mid/6"),
        ("https://example.org/../../g", "https://example.org/g"),
        ("https://example.org/a/..", "https://example.org/"),
        ("https://example.org/a/.", "https://example.org/a/"),
        ("https://example.org/a/%2e%2e/b", "https://example.org/b"),
        ("https://example.org/a//../b", "https://example.org/a/b"),
        ("https://example.org//a//b", "https://example.org//a//b"),
        ("https://example.org/.well/..x/x.", "https://example.org/.well/..x/x."),
        # queries: order and repeats are kept, the case too
        ("https://example.org/a?b=2&a=1&b=2", "https://example.org/a?b=2&a=1&b=2"),
        ("https://example.org/a?&&x&y=", "https://example.org/a?x&y="),
        ("https://example.org/a?q=a b&r=%e4", "https://example.org/a?q=a%20b&r=%E4"),
        ("https://example.org/a?u=https://b.example/?c", "https://example.org/a?u=https://b.example/?c"),
    ],
)
def test_normal_form(url, wanted):
    assert normalised(url) == wanted
    assert normalised(wanted) == wanted


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", " ", "example.org/a", "//example.org/a", "/a", "ftp://example.org/a", "javascript:alert(1)"),
        *("mailto:eva@example.org", "data:text/html,x", "http:", "http:///a", "http://?a", "http://./", "https://:80/"),
        *(
            "http://example.org:port/",
            "http://example.org:65536/",
            "http://example.org:-1/",
            "http://example.org:８０/",
        ),
        *("http://a b/", "http://a..b/", "http://a%2eb/", "http://exa<mple/", "http://a,b/", "http://.example.org/"),
        *(
            "http://[::1",
            "http://::1/",
            "http://[::g]/",
            "http://[v1.a]/",
            "http://[127.0.0.1]/",
            "http://[fe80::1%25e]/",
        ),
        *(
            "http://good.example\\@bad.example/",
            "http://\ud800/",
            "http://ａ／ｂ.example/",
            "http://" + "a" * 64 + ".example/",
        ),
        *(
            "http://" + "ab." * 90 + "example/",
            "http://" + "ü" * 300 + "/",
            "http://" + "ü" * 70 + "/",
            "http://xn--\u00df \u00df/",
        ),
    ],
)
def test_not_a_url_of_the_web(url):
    assert normalised(url) is None


@pytest.mark.parametrize(
    "name", [name.replace("*", end) for name in TRACKING for end in ("", "x_1") if "*" in name or not end]
)
def test_tracking_parameters_go(name):
    wanted = "https://example.org/a?id=1&page=2"

    assert normalised(f"https://example.org/a?id=1&{name}=b%20c&page=2") == wanted
    assert normalised(f"https://example.org/a?{name.upper()}&id=1&page=2&{name}=") == wanted
    assert normalised("https://example.org/a?" + name.replace("_", "%5f") + "=1") == "https://example.org/a"


@pytest.mark.parametrize(
    "query",
    [
        *("id=1", "p=2", "utm=1", "source=x", "ref=x", "xutm_source=1", "my_ga=1", "pk_id=7", "fbclid2=1", "itos=1"),
        *("page=2", "article=utm_source", "q=fbclid", "at=1", "at_id=4", "ns_id=3", "hs=1", "sid=utm_campaign%3Dx"),
    ],
)
def test_parameters_that_may_name_an_article_stay(query):
    assert normalised(f"https://example.org/a?{query}") == f"https://example.org/a?{query}"


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        ("https://gazette.example.org/2024/ferry", "https://gazette.example.org/2024/ferry"),
        ("http://example.org/ferry?utm_source=x#top", "http://example.org/ferry"),
        ("/2024/ferry", "https://www.gazette.example.org/2024/ferry"),
        ("boat", "https://www.gazette.example.org/harbour/boat"),
        ("//m.example.org/boat", "https://m.example.org/boat"),
        ("?id=7", HERE + "?id=7"),
        ("  https://example.org/boat\n", "https://example.org/boat"),
        ("https://example.org:8443/boat", "https://example.org:8443/boat"),
        ("https://example.org/?p=7", "https://example.org/?p=7"),
    ],
)
def test_a_declared_address_of_the_same_site_is_believed(declared, wanted):
    assert canonical_url(HERE + "?utm_medium=rss", declared) == wanted


@pytest.mark.parametrize(
    "declared",
    [
        *(
            None,
            "",
            " ",
            "https://example.net/ferry",
            "https://other-example.org/ferry",
            "https://example.org.evil.example/",
        ),
        *(
            "https://example.org/",
            "https://example.org",
            "/",
            "https://example.org/?utm_source=x",
            "https://example.org/#a",
        ),
        *(
            "https://example.org/a/..",
            "javascript:history.back()",
            "http://[",
            "http://[::1",
            "https://example.org:x/a",
        ),
        *("http://example.org\\@evil.example/", "mailto:a@example.org", "\x00", "http://\udcff/"),
    ],
)
def test_any_other_is_not(declared):
    assert canonical_url(HERE + "?utm_medium=rss", declared) == HERE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.news.co.uk", "b.news.co.uk", True),
        ("news.co.uk", "news.co.uk", True),
        ("harbour.co.uk", "ferry.co.uk", False),
        ("harbour.com.au", "ferry.com.au", False),
        ("a.harbour.city.kawasaki.jp", "b.harbour.city.kawasaki.jp", True),
        ("alice.github.io", "bob.github.io", False),  # the private part of the list: each has an owner of their own
        ("xn--bcher-kva.de", "www.xn--bcher-kva.de", True),
        # names that no public suffix covers, as in a private network
        ("www.paper.internal", "paper.internal", True),
        ("paper.internal", "other.internal", False),
        ("localhost", "localhost", True),
        ("localhost", "otherhost", False),
        # addresses are whole or nothing; a port is no part of a name
        ("127.0.0.1:8001", "127.0.0.1:8002", True),
        ("127.0.0.1", "126.0.0.1", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("[::1]:8001", "[::1]", True),
        ("[2001:db8::1]", "[2001:db8::2]", False),
    ],
)
def test_what_the_same_registrable_domain_is(one, other, same):
    final, declared = f"http://{one}/a", f"http://{other}/b"

    assert canonical_url(final, declared) == (declared if same else final)


@pytest.mark.parametrize("url", [None, "", "file:///home/eva/ferry.html", "urn:ferry"])
def test_a_saved_page_tells_its_own_address(url):
    assert canonical_url(url, "https://Example.org/ferry#a") == "https://example.org/ferry"
    assert canonical_url(url, "https://example.org/") is None
    assert canonical_url(url, "/ferry") is None
    assert canonical_url(url, None) is None


def test_a_front_page_keeps_its_own_address():
    assert canonical_url("https://example.org", "https://www.example.org/") == "https://example.org/"


def test_the_key_is_of_the_url_first():
    key = record_id("https://example.org/a", "d1", "T", "x")

    assert key == record_id("http://example.org/a", "d2", "U", "y")
    assert key != record_id("https://example.org/b", "d1", "T", "x")
    assert (len(key), set(key) <= set("0123456789abcdef")) == (32, True)


def test_the_key_is_of_the_document_then_of_the_content():
    assert record_id(None, "d1", "T", "x") == record_id(None, "d1", "U", "y") != record_id(None, "d2", "T", "x")
    assert record_id(None, None, "T", "x y") == record_id(None, None, " T ", "x\n y") != record_id(None, None, "T", "z")


def test_keys_of_different_kinds_do_not_meet():
    """A document may be called as another's URL."""
    digest = content_digest("T", "x")
    names = [record_id("https://a", None, "", ""), record_id(None, "a", "", ""), record_id(None, "https://a", "", "")]

    assert len({*names, record_id(None, digest, "", ""), record_id(None, None, "T", "x")}) == 5
    assert content_digest("a b", "c") != content_digest("a", "b c")


def test_published_keys_stay():
    """Kafka keys and resumed jobs depend on them: these were computed by the first version."""
    assert record_id("https://example.org/a", None, "", "") == "43dd31611c9d8cfe7138fd1babef2e89"
    assert record_id(None, "d1", "", "") == "69a535b11fbaf7dfc311ad36b9b2ab3a"
    assert record_id(None, None, "Title", "Some text.") == "8c8b32d6c2086f049c746304e2a5af47"


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://News.Example.org:1/a", "news.example.org"), (None, None), ("", None), ("http://[", None), ("a b", None)],
)
def test_host_of(url, host):
    assert host_of(url) == host


PIECES = st.sampled_from(
    [
        *"%/?#&=.:@[]\\;+ -_\x00\t\n\u00df\u200d\u3002\uff0f\ud83d\udcff",
        "%2",
        "%2e",
        "%C3",
        "..",
        "://",
        "utm_a=",
        "xn--",
        "ü",
        "a",
    ]
)
HOSTILE = st.one_of(
    st.text(),
    st.lists(PIECES).map("".join),
    st.tuples(st.sampled_from(["http://", "HTTPS://"]), st.lists(PIECES).map("".join)).map("".join),
    st.tuples(st.just("https://example.org/"), st.lists(PIECES).map("".join)).map("".join),
)


@given(HOSTILE)
@example("http://example.org/\ud800?\udfff")
@example("http://u[:p]@[::1]/")
def test_whatever_comes_is_a_url_in_normal_form_or_none(url):
    result = normalised(url)

    if result is not None:
        parts = urlsplit(result)
        assert normalised(result) == result
        assert result.isascii()
        assert parts.scheme in {"http", "https"}
        assert parts.hostname
        assert parts.username is None
        assert (parts.fragment, "\\" in result, " " in result, "/../" in parts.path) == ("", False, False, False)


@given(HOSTILE, HOSTILE)
def test_a_canonical_url_never_raises_and_is_in_normal_form(url, declared):
    result = canonical_url(url, declared)

    assert result == normalised(result)
    assert len(record_id(result, url, url, declared)) == 32
    host_of(url)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_normal_form_asks_for_the_same_thing(path):
    """Undoing all escapes of both gives the same text: nothing was lost or merged on the way."""
    if not {"/", "?", "#", "&", "%"} & set(path) and path.strip(". \t\r\n") == path and path:
        clean = "".join(c for c in path if c not in "\t\r\n")
        assert unquote(normalised("https://example.org/x" + path + "/y")) == f"https://example.org/x{clean}/y"


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("https://b.example/x;", "https://b.example/x;"),
        ("//b.example/x;", "http://b.example/x;"),
        ("../x", "http://a.example/x"),
        ("?q", "http://a.example/n/1?q"),
    ],
)
def test_a_reference_is_resolved_and_its_last_sign_kept(reference: str, found: str):
    assert resolved("http://a.example/n/1", reference) == found
