"""The archive source over real state: what is read, what is remembered, what is refused."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from ingest.sources.archive import SCHEMA, ArchiveSource
from ingest.sources.base import SourceError
from ingest.sources.opening import discovered
from processors.records import Failed, Form, Page
from sinks.store import Store
from tests.ingest.sources.samples import FILEDESC, LIMIT, PACKINGS, document, each, record, short, whole

LINES = b'{"text": "a"}\n{"text": "b"}\n'


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state" / "job.sqlite", (SCHEMA,))
    yield opened
    opened.close()


def source(store, *inputs, stdin=b"") -> ArchiveSource:
    return ArchiveSource(discovered(map(str, inputs))[0], store, max_page_bytes=LIMIT, stdin=io.BytesIO(stdin))


def run(store, *inputs, stdin=b"", stop_after=None) -> list:
    """Read up to some entry, committing each, and return what was read; as a run that is killed there."""
    reading = source(store, *inputs, stdin=stdin)
    contents = []
    for count, entry in enumerate(reading.entries(), 1):
        with store.transaction() as connection:
            reading.commit(connection, [entry.mark])
        if entry.content is not None:
            contents.append(entry.content)
        if count == stop_after:
            break
    return contents


@pytest.fixture
def archive(tmp_path):
    """One file of each kind, a damaged one among them."""
    folder = tmp_path / "archive"
    folder.mkdir()
    html = b"<html><p>Bridge</p>"
    files = {
        "a.txt": b"Bridge opens\n\nText.",
        "b.html.gz": gzip.compress(html),
        "c.json": json.dumps({"text": "a"}, indent=1).encode(),
        "d.jsonl": LINES,
        "e.jsonl.gz": gzip.compress(LINES[:20]) + gzip.compress(LINES[20:]),
        "f.jsonl.gz": gzip.compress(LINES * 3)[:-9],
        "g.warc": b"".join(map(record, range(3))),
        "h.warc.gz": whole(map(record, range(3))),
        "i.warc.gz": each(map(record, range(3)))[:-20],
        "j.warc.lz4": PACKINGS["lz4"](map(record, range(3))),
        "k.arc": FILEDESC + document(1),
        "l.arc.gz": each([FILEDESC, document(1), document(2)]),
        "m.txt.gz": b"no gzip",
        "n.htm": b"x" * (LIMIT + 1),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_an_interrupted_job_goes_on_where_its_last_commit_was(archive, tmp_path):
    def fresh(name):
        return Store(tmp_path / name / "job.sqlite", (SCHEMA,))

    uninterrupted = fresh("all")
    expected = run(uninterrupted, archive)
    assert run(uninterrupted, archive) == []
    uninterrupted.close()

    for stop_after in range(1, len(expected) + 14, 3):
        store = fresh(f"at{stop_after}")
        assert run(store, archive, stop_after=stop_after) + run(store, archive) == expected
        store.close()


def test_every_outcome_tells_its_place(archive, store):
    for outcome in run(store, archive):
        assert outcome.origin.archive is not None
        assert outcome.origin.archive.file.startswith(str(archive))


STREAMS = {
    "text": b"Bridge opens\n\nText.",
    "lines": LINES,
    "json": json.dumps({"text": "a"}, indent=1).encode(),
    "warc": b"".join(map(record, range(4))),
    "torn": b"".join(map(record, range(4)))[:-20],
    "arc": FILEDESC + document(1) + document(2),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", STREAMS)
def test_standard_input_is_resumed_when_it_comes_again(kind, pack, tmp_path):
    stdin = pack(STREAMS[kind])
    expected = None
    for stop_after in (None, 1, 2, 3):
        store = Store(tmp_path / str(stop_after) / "job.sqlite", (SCHEMA,))
        read = run(store, "-", stdin=stdin, stop_after=stop_after)
        read += run(store, "-", stdin=stdin) if stop_after else []
        expected = expected or read
        assert read == expected
        assert run(store, "-", stdin=stdin) == []
        store.close()
    assert expected
    assert all(outcome.origin.archive.file == "-" for outcome in expected)


@pytest.mark.parametrize("stdin", [b"\x1f\x8bgarbage", gzip.compress(b"<html>" * 99, mtime=0)[:-9]])
def test_standard_input_that_cannot_be_decompressed_is_a_dead_letter(store, stdin):
    [failed] = run(store, "-", stdin=stdin)

    assert isinstance(failed, Failed)


def test_nothing_on_standard_input_is_an_empty_document(store):
    [page] = run(store, "-")

    assert isinstance(page, Page)
    assert (page.form, page.body) == (Form.COPIED, b"")


def test_lz4_may_come_by_standard_input(store):
    assert short(run(store, "-", stdin=PACKINGS["lz4"](map(record, range(3))))) == ["0", "1", "2"]


@pytest.mark.parametrize("stop_after", [1, None])
def test_a_file_that_changed_since_it_was_read_is_refused(store, tmp_path, stop_after):
    path = tmp_path / "x.jsonl"
    path.write_bytes(LINES)
    run(store, path, stop_after=stop_after)
    path.write_bytes(LINES + LINES)

    with pytest.raises(SourceError, match=r"x\.jsonl: not what this job read before; --restart"):
        run(store, path)


def test_other_data_on_standard_input_are_refused(store):
    run(store, "-", stdin=LINES)

    with pytest.raises(SourceError, match="standard input"):
        run(store, "-", stdin=LINES[1:])


def test_a_file_that_was_moved_back_or_is_named_another_way_is_the_same(store, tmp_path, monkeypatch):
    path = tmp_path / "x.jsonl"
    path.write_bytes(LINES)
    run(store, path)
    monkeypatch.chdir(tmp_path)

    assert run(store, "x.jsonl") == []


def test_a_file_that_cannot_be_opened_is_a_dead_letter_and_the_job_goes_on(store, tmp_path):
    (tmp_path / "1.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "2.jsonl").write_bytes(LINES)

    failed, *pages = run(store, tmp_path)

    assert isinstance(failed, Failed)
    assert "No such file" in failed.error
    assert len(pages) == 2
    assert run(store, tmp_path) == []


def test_progress_counts_bytes_up_to_all_of_them(archive, store):
    reading = source(store, archive)
    total = sum(path.stat().st_size for path in archive.iterdir())
    assert reading.progress() == (0, total)

    seen = [reading.progress()[0] for _ in reading.entries()]

    assert seen == sorted(seen)
    assert reading.progress() == (total, total)


def test_progress_of_standard_input_has_no_total(store):
    assert source(store, "-").progress() == (0, 0)
