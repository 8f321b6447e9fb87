"""What was taken out of an archive is gone, and nothing else has moved."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest.archive import index
from ingest.archive.checking import Checked
from ingest.archive.finding import found
from ingest.archive.reading import Stored, stored
from ingest.archive.records import JSON, TooLongError, digest_of, member, member_of_length, warcinfo
from ingest.archive.redaction import redact
from ingest.archived import ArchiveError
from ingest.config import Config
from ingest.sources.base import Position
from ingest.sources.warc import read_warc
from processors.records import Page
from tests.live.archives import seen

DATE = "2026-11-25T00:00:00.000000Z"
SECRET = "who asked to be forgotten"


def exchange(name: str, body: bytes) -> list[bytes]:
    """Return the group of a page, its URL and record named alike."""
    url, response = f"http://courier.example/{name}", f"<urn:uuid:00000000-0000-4000-8000-{len(name):012d}>"
    told = f'{{"schema":1,"kind":"page","fingerprint":null,"became":{{"record":"{name}"}},"page":{PAGE % url}}}'
    beside = {"WARC-Target-URI": url, "WARC-Concurrent-To": response}
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    http = "application/http; msgtype="
    return [
        member(
            "metadata", told.encode(), date=DATE, content_type=JSON, more={"WARC-Record-ID": f"<urn:m:{name}>"} | beside
        ),
        member(
            "request",
            f"GET /{name} HTTP/1.1\r\nHost: courier.example\r\n\r\n".encode(),
            date=DATE,
            content_type=f"{http}request",
            more={"WARC-Record-ID": f"<urn:q:{name}>"} | beside,
        ),
        member(
            "response",
            answer,
            date=DATE,
            content_type=f"{http}response",
            more={"WARC-Record-ID": response, "WARC-Target-URI": url, "WARC-Payload-Digest": digest_of(body)},
        ),
    ]


PAGE = '{"attempt":1,"origin":{"mode":"run"},"input":{"form":"html","url":"%s"}}'


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """One finished file of three pages, the one in the middle with a name and a text of its own."""
    name = "newstap-00000001-20261125T000000Z.warc.gz"
    file = tmp_path / "warc" / name
    file.parent.mkdir()
    large = SECRET.encode() + Path(__file__).read_bytes() * 30
    pages = [*exchange("a", b"<p>first"), *exchange("gone", large), *exchange("other", b"<p>third")]
    file.write_bytes(b"".join([warcinfo(name, date=DATE, software="newstap/test"), *pages]))
    index.write(file)
    return tmp_path


def only(path: Path) -> Path:
    (file,) = (path / "warc").glob("*.warc.gz")
    return file


def records(path: Path) -> list[Stored]:
    return [each for each in stored(only(path)) if isinstance(each, Stored)]


def problems(path: Path) -> list[str]:
    return [problem.what for problem in Checked(path, Config(), None).problems()]


def test_a_document_is_gone_and_every_other_record_lies_where_it_lay(archive: Path) -> None:
    before, size = records(archive), only(archive).stat().st_size
    assert SECRET.encode() in gzip.decompress(only(archive).read_bytes())
    assert redact(archive, {"gone"}) == 3
    after = records(archive)
    assert only(archive).stat().st_size == size
    assert [(each.offset, each.length) for each in after] == [(each.offset, each.length) for each in before]
    assert [each.told.get("kind") for each in after[4:7]] == ["retracted"] * 3
    assert after[:4] + after[7:] == before[:4] + before[7:]
    plain = gzip.decompress(only(archive).read_bytes())
    assert SECRET.encode() not in plain
    assert b"gone" not in plain


def test_other_tools_and_verify_find_nothing_wrong(archive: Path) -> None:
    """warcio and FastWARC agree on every record and digest."""
    redact(archive, {"gone"})
    assert len(seen(archive)) == 10
    assert problems(archive) == []


def test_it_is_found_and_replayed_no_more(archive: Path) -> None:
    assert found(archive, "gone")
    redact(archive, {"gone"})
    assert not found(archive, "gone")
    assert not found(archive, "http://courier.example/gone")
    assert found(archive, "other")
    with only(archive).open("rb") as stream:
        read = [each for each, _ in read_warc(stream, "a", Position(), max_bytes=10**7)]
    assert [each.url for each in read if isinstance(each, Page)] == [
        "http://courier.example/a",
        "http://courier.example/other",
    ]


def test_again_it_finds_nothing_and_touches_nothing(archive: Path) -> None:
    assert redact(archive, {"gone"}) == 3
    before = only(archive).stat()
    assert redact(archive, {"gone"}) == 0
    assert only(archive).stat() == before


def test_killed_before_the_file_was_replaced_it_is_done_again(archive: Path) -> None:
    """What a kill leaves then is half a copy, and no index."""
    file = only(archive)
    file.with_name(file.name + ".part").write_bytes(file.read_bytes()[:1000])
    index.index_of(file).unlink()
    assert redact(archive, {"gone"}) == 3
    assert list(file.parent.iterdir()) == [file]
    assert problems(archive) == []
    assert not found(archive, "gone")


def test_a_file_that_cannot_be_replaced_is_as_it_was_and_no_copy_is_left(archive: Path) -> None:
    """A record too short for a tombstone is none of ours; nothing is torn for it."""
    file = only(archive)
    short = gzip.compress(
        b'WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 29\r\n\r\n{"became":{"record":"short"}}\r\n\r\n'
    )
    file.write_bytes(file.read_bytes() + short)
    before = file.read_bytes()
    with pytest.raises(ArchiveError, match="does not fit"):
        redact(archive, {"short"})
    assert file.read_bytes() == before
    assert sorted(file.parent.iterdir()) == sorted([file, index.index_of(file)])


def test_the_file_keeps_its_age(archive: Path) -> None:
    """By it `keep_days` tells when a file is to go."""
    before = only(archive).stat().st_mtime_ns
    redact(archive, {"gone"})
    assert only(archive).stat().st_mtime_ns == before


@pytest.mark.parametrize("missing", [0, 1, 2, 100_000])
def test_a_member_has_the_length_it_is_to_have(missing: int) -> None:
    plain = member("metadata", b"{}", date=DATE, content_type=JSON, more={})
    padded = member_of_length(len(plain) + missing, "metadata", b"{}", date=DATE, content_type=JSON, more={})
    assert len(padded) == len(plain) + missing
    assert gzip.decompress(padded) == gzip.decompress(plain)


def test_a_member_that_would_be_too_long_is_refused() -> None:
    with pytest.raises(TooLongError, match="does not fit into 20"):
        member_of_length(20, "metadata", b"{}", date=DATE, content_type=JSON, more={})
