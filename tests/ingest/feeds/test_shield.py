"""Documents that would cost a parser seconds, or fool it."""

from __future__ import annotations

import time

import pytest

from ingest.feeds import FeedError, HostileFeedError
from ingest.feeds.model import MAX_ENTRIES
from tests.ingest.feeds.samples import PROLOG, atom, item, read, rss

ATTRIBUTES = " ".join(f'a{n}="1"' for n in range(100_000))
TRAPS = {
    "attributes of one tag": rss(f"<a {ATTRIBUTES}/>"),
    "attributes of many tags": rss(f"<a {ATTRIBUTES[:8_000]}/>" * 300),
    "namespaces": rss().replace(
        "<channel", " ".join(f'xmlns:n{n}="u{n}"' for n in range(20_000)).join(["<a ", "/><channel"])
    ),
    "less-than signs": rss("<item>" + "<" * 2_000_000),
    "ampersands": rss(item(title="&" * 1_000_000)),
    "an open quote": rss('<item><title a="' + "x='" * 400_000),
    "nesting": rss("<item>" + "<a>" * 100_000 + "</a>" * 100_000 + "</item>"),
    "elements": rss("<item>" + "<a/>" * 500_000 + "</item>"),
    "a document type without end": "<!DOCTYPE rss [" + "x" * 1_000_000,
    "comments": rss("<!-- -->" * 200_000, item()),
    "comments without end": rss("<!--" * 300_000),
    "CDATA without end": rss("<item><title><![CDATA[" + "x<" * 1_000_000),
    "a long title": rss(item(title="T" * 5_000_000)),
    "a title of tags": rss(item(title="&lt;b&gt;" * 30_000)),
    "open scripts": rss(item(more="<description>" + "&lt;script&gt;" * 30_000 + "</description>")),
    "digits of a date": rss(item(more=f"<pubDate>{'1' * 1_000_000}</pubDate>")),
    "spaces of a date": rss(item(more=f"<pubDate>1{' ' * 200_000}2</pubDate>")),
    "laughs": PROLOG
    + '<!DOCTYPE rss [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
    + rss(item(title="&i;")).removeprefix(PROLOG),
}


@pytest.mark.parametrize("name", TRAPS)
def test_no_trap_costs_more_than_a_second(name: str):
    """None took more than 0.1 s of CPU where this was written; the limit is for slow and busy machines."""
    before = time.process_time()
    try:
        feed = read(TRAPS[name])
    except FeedError:
        feed = None

    assert time.process_time() - before < 1
    assert feed is None or all(len(entry.title) <= 1_000 for entry in feed.entries)


@pytest.mark.parametrize(
    "name",
    [
        "attributes of one tag",
        "attributes of many tags",
        "less-than signs",
        "ampersands",
        "nesting",
        "elements",
        "laughs",
    ],
)
def test_the_worst_are_refused(name: str):
    with pytest.raises(HostileFeedError):
        read(TRAPS[name])


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY x SYSTEM "http://127.0.0.1:9/x">',
        '<!ENTITY x "short">',
        '<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;',
    ],
)
def test_what_a_document_type_declares_is_not_read(subset: str):
    document = PROLOG + f"<!DOCTYPE rss [{subset}]>" + rss(item(title="before &x; after")).removeprefix(PROLOG)

    assert [entry.title for entry in read(document).entries] == ["before &x; after"]


@pytest.mark.parametrize("container", ["item", "entry"])
def test_entries_beyond_the_limit_are_counted(container: str):
    count = MAX_ENTRIES + 7
    one = item if container == "item" else lambda n: f"<entry><id>{n}</id><title>t</title></entry>"
    many = "".join(one(str(n)) for n in range(count))

    feed = read(rss(many) if container == "item" else atom(many))

    assert (len(feed.entries), feed.omitted, feed.cut) == (MAX_ENTRIES, 7, False)
    assert feed.entries[-1].key == str(MAX_ENTRIES - 1)


def test_entries_that_stand_in_text_are_not_counted():
    quoted = "<description><![CDATA[" + "<item></item>" * (MAX_ENTRIES + 1) + "]]></description>"

    feed = read(rss(item("a", more=quoted), item("b")))

    assert ([entry.key for entry in feed.entries], feed.omitted) == (["a", "b"], 0)


def test_tags_left_open_in_many_entries_do_not_add_up_to_nesting():
    feed = read(rss(*(item(str(n), more="<description>one<br>two<br>three</description>") for n in range(900))))

    assert len(feed.entries) == 900
