"""Texts: as copied, as given, their first and last lines, and the dates in them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache

from processors.base import Skip
from processors.boilerplate import LineRules
from processors.copied import ReadCopied
from processors.dates import date_line, machine_date
from processors.dates.lexer import normal, tokens
from processors.extract import frontmatter
from processors.given import ReadGiven, paragraphs
from processors.records import Article, Form, Mode, Origin, Page
from sinks.codec import decode_record, encode_record
from tests.builders import make_record
from tests.fuzz.target import Drawn, Target

PASTED = (
    b"Harbour Wall Turns 130\n\nEleven years of work\nBy Ann Lee, Harbour Gazette\nPosted May 2, 2024 9:15 AM CDT\n"
    b"The wall in winter.   (Harbour Museum/Getty)\n\nThe wall was finished in 1894.\nIt was rebuilt.\n\n"
    b"Get the news faster.\nTap to install our app.\n"
)
DATES = (
    *(
        "Posted Jul 27, 2023, 8:51 AM CDT | Updated 28.07.2023",
        "2024年5月2日 星期四 09:15",
        "Mittwoch, 8. März 2023 8.51 Uhr",
    ),
    *("2023-07-27T08:51:00.123-0500", "Thu, 27 Jul 2023 08:51:00 GMT", "/Date(1690447860000+0000)/", "2023-W30-4"),
    *("ngày 2 tháng 5, 2024", "٢ مايو ٢٠٢٤"),
)


@cache
def _rules() -> LineRules:
    return LineRules.load()


def _page(form: Form, body: bytes) -> Page:
    return Page(form=form, body=body, origin=Origin(mode=Mode.REPLAY), url="https://gazette.example.org/1")


def _copied(data: bytes) -> None:
    try:
        article = ReadCopied(_rules())(_page(Form.COPIED, data))
    except Skip:
        return
    _is_sound(article)
    assert ReadCopied(_rules())(_page(Form.COPIED, data)) == article


def _given(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    clean = paragraphs(text)
    assert paragraphs(clean) == clean
    try:
        article = ReadGiven(_rules())(_page(Form.GIVEN, data))
    except Skip:
        return
    _is_sound(article)
    kept = Counter("".join([article.text, *(cut.text for cut in article.removed)]))
    assert not {letter for letter in Counter(clean) - kept if not letter.isspace()}


def _is_sound(article: Article) -> None:
    """Hold what every article is held to, and that the wire takes it."""
    assert all(line.strip() for line in article.text.split("\n") if article.text)
    assert not {letter for letter in article.text + article.title if ord(letter) < 32} - {"\n", "\t"}
    record = make_record(article=article)
    assert decode_record(encode_record(record)).article == article


def _front(data: bytes) -> None:
    drawn = Drawn(data)
    title, author, section = (drawn.text(b"\x00") for _ in range(3))
    text = drawn.rest().decode("utf-8", "replace")
    kept, removed = frontmatter.without(text, titles=[title], authors=[author], section=section)
    lines = Counter(text.split("\n"))
    assert not Counter(kept.split("\n") if len(removed) < lines.total() else []) - lines
    assert Counter(cut.text for cut in removed) <= lines


def _dates(data: bytes) -> None:
    line = data.decode("utf-8", "surrogateescape")
    _is_moment(machine_date(line))
    found = date_line(line)
    if found is not None:
        _is_moment(found.published)
        _is_moment(found.modified)
        assert date_line(line) == found
    assert normal(normal(line)) == normal(line)
    assert len(tokens(normal(line)[:200])) <= 200


def _is_moment(moment: datetime | None) -> None:
    assert moment is None or datetime(1970, 1, 1, tzinfo=UTC) < moment < datetime(2101, 1, 1, tzinfo=UTC)


TARGETS = (
    Target(
        name="copied",
        holds="any bytes: a Skip, or the same article each time, without control characters, that the wire takes",
        run=_copied,
        seeds=(PASTED, PASTED.decode().encode("utf-16"), "文：李明\n标题\n2024年5月2日\n正文在此。".encode()),
        words=tuple(
            word.encode() for word in ("By ", "\n\n", "(Photo: A/Getty)", " | ", "May 2, 2024", "记者", "\u2028")
        ),
    ),
    Target(
        name="given",
        holds="any bytes: a Skip, or an article; every letter is in its text or in what was removed",
        run=_given,
        seeds=(PASTED, b"One.\r\nTwo.\x85Three.\x0bFour."),
        words=(b"\n", b"\xc2\x85", b"\xe2\x80\xa9", b"Tap to install our app."),
    ),
    Target(
        name="front",
        holds="any text and headings: each line stays or is removed, none is made up",
        run=_front,
        seeds=(
            b"Ferry sails | Gazette\x00Ann Lee\x00News\x00Ferry sails\nBy Ann Lee\nNews\nIt sails.\nAnn Lee writes.",
        ),
        words=(b"\x00", b"\n", b" | ", b"By Ann Lee", b"Source: "),
    ),
    Target(
        name="dates",
        holds="any line: no error; what is found has a zone and lies between 1970 and 2100",
        run=_dates,
        seeds=tuple(text.encode() for text in DATES),
        words=tuple(word.encode() for word in ("Updated", "Jan", "Uhr", "GMT", "+0900", "年", "월", "tháng", "T", "Z")),
    ),
)
