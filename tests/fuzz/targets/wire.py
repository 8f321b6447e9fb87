"""The wire format (`sinks.codec`), and what is stored of stories, profiles and archives' metadata."""

from __future__ import annotations

from array import array
from functools import partial
from typing import TYPE_CHECKING, Any

from ingest.documents import DocumentError, document_of
from processors.profiles.lessons import Lesson, Line
from processors.profiles.site import Block, Site
from processors.profiles.snapshot import Snapshot, known_from_json, known_to_json, snapshot_of
from processors.profiles.stored import lesson_from_json, lesson_to_json, site_from_json, site_to_json
from processors.profiles.verdicts import Known
from processors.records import Form, Hint, Page
from processors.stories.clusters import Cluster
from processors.stories.stored import cluster_from_bytes, cluster_to_bytes, document_from_bytes, document_to_bytes
from processors.stories.window import Held
from sinks import codec
from tests.builders import make_failed, make_page, make_record, make_skipped
from tests.fuzz.target import Drawn, Target

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = (
    *(b'"schema":1', b'"id":', b"null", b"true", b"[]", b"{}", b"-1", b"1e400", b"9007199254740993", b'"\\ud800"'),
    *(b'"2024-05-02T03:04:05+09:00"', b'"origin":{"mode":"run"}', b'"body_base64":"', b'"dead_letter":true'),
    *(b'"numbers":[["1","2"]]', b'"score":', b'"topics":[{"topic":"x","score":1,"evidence":[]}]'),
)


def _reads(decode: Callable[[bytes], Any], encode: Callable[[Any], bytes], data: bytes) -> None:
    try:
        found = decode(data)
    except codec.CodecError:
        return
    sent = encode(found)
    again = decode(sent)
    assert again == found
    assert encode(again) == sent


def _states(data: bytes) -> None:
    drawn = Drawn(data)
    numbers = array("I", [drawn.number(1 << 32) for _ in range(drawn.number(8))])
    time, number, told = drawn.number(1 << 32), drawn.number(1 << 30), drawn.number(2) == 0
    texts = [drawn.text(b"\x00") for _ in range(4)]
    _stories(numbers, time, number, texts)
    _profiles(numbers, time if told else None, number, texts)


def _stories(numbers: array[int], time: int, number: int, texts: list[str]) -> None:
    arrays = {"shingles": numbers, "numbers": numbers[:1], "title": numbers[1:], "terms": array("I")}
    plain = {"number": number, "id": texts[0], "time": time, "language": texts[1] or None}
    held = Held(**plain, whole=number, root=texts[2], story=-1, leads=bool(number % 2), **arrays)
    body = document_to_bytes(held)
    found = document_from_bytes(body)
    assert found is not None
    assert document_to_bytes(found) == body
    assert (found.id, found.root, found.shingles, found.title) == (texts[0], texts[2], numbers, numbers[1:])
    cluster = Cluster(number=number, id=texts[0], language=None, first=time, last=time, terms=numbers, weights=numbers)
    body = cluster_to_bytes(cluster)
    again = cluster_from_bytes(body)
    assert again is not None
    assert cluster_to_bytes(again) == body


def _profiles(numbers: array[int], time: int | None, number: int, texts: list[str]) -> None:
    lines = tuple(Line(key, "p", number) for key in texts)
    plain = {"host": texts[0], "article": texts[1], "author": texts[2], "section": texts[3]}
    lesson = Lesson(**plain, time=time, words=tuple(texts), lines=lines, gone=lines[:1])
    told = {line.key: line.key for line in lines}
    assert lesson_from_json(lesson_to_json(lesson, told)) == (lesson, told)
    blocks = {text: Block(text=text, past=number, since=time) for text in texts}
    floor = (float("-inf") if time is None else float(time), texts[1])
    site = Site(host=texts[0], lessons=(lesson,), blocks=blocks, floor=floor)
    assert site_from_json(texts[0], site_to_json(site)) == site
    known = {text: Known(number, time, "ht") for text in texts}
    assert known_from_json(known_to_json(known)) == known
    body = snapshot_of({texts[0]: known})
    assert Snapshot.load(body).sites == {texts[0]: known}


def _line(data: bytes) -> None:
    page = make_page(form=Form.LINE, body=data, url=None, hint=Hint())
    try:
        found = document_of(page)
    except DocumentError:
        return
    assert document_of(page) == found
    if isinstance(found, Page):
        assert codec.decode_whole_page(codec.encode_whole_page(found)) == found


def _target(name: str, decode: Callable[[bytes], Any], encode: Callable[[Any], bytes], seed: bytes) -> Target:
    return Target(
        name=name,
        holds="any bytes: a CodecError, or what is the same once it was written and read again",
        run=partial(_reads, decode, encode),
        seeds=(seed,),
        words=WORDS,
    )


TARGETS = (
    _target("record", codec.decode_record, codec.encode_record, codec.encode_record(make_record())),
    _target("dead-letter", codec.decode_failed, codec.encode_failed, codec.encode_failed(make_failed())),
    _target("skipped", codec.decode_skipped, codec.encode_skipped, codec.encode_skipped(make_skipped())),
    _target("page", codec.decode_whole_page, codec.encode_whole_page, codec.encode_whole_page(make_page())),
    Target(
        name="line",
        holds="any line of an archive: a DocumentError, or the same document each time, which the wire takes",
        run=_line,
        seeds=(
            b'{"id": 7, "url": "https://a.example/1", "title": "T", "text": "One.\\nTwo.", "published": "1 May 1951"}',
            b'{"html": "<p>x", "authors": ["A"], "fetched": "2024-05-02T03:04:05.5+09:00", "language": "en"}',
            codec.encode_record(make_record()),
            codec.encode_failed(make_failed()),
            codec.encode_whole_page(make_page()),
        ),
        words=(*WORDS, b'"html":', b'"text":', b'"published":', b'"authors":"x"', b'"fetched":'),
    ),
    Target(
        name="states",
        holds="what is stored of stories and site profiles comes back as it was",
        run=_states,
        seeds=(b"\x03" + bytes(range(24)) + b"gazette.example\x00en\x00Ann\x00news", b"\x00" * 20 + b"a\xff\x00b"),
        words=(b"\x00", b"\xed\xa0\x80", b"\xff\xff\xff\xff"),
    ),
)
