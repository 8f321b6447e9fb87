"""Archives that other projects test their readers with, and hostile ones, none of which is part of this project."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest

from ingest.documents import DocumentError, document_of
from ingest.sources.arc import read_arc
from ingest.sources.archive import SCHEMA, ArchiveSource
from ingest.sources.base import Position
from ingest.sources.warc import read_warc
from processors.records import Failed, Form, Page
from sinks.store import Store
from tests.ingest.sources.samples import short

SHARED = Path(os.environ.get("NEWSTAP_SHARED") or Path(__file__).resolve().parents[3] / "../shared")
WARCS = SHARED / "warc"
HOSTILE = SHARED / "hostile"
LIMIT = 5_000_000

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (WARCS.is_dir() and HOSTILE.is_dir()), reason=f"no corpus at {SHARED}"),
]


def _read(path: Path, start: Position = Position()) -> list:  # noqa: B008 - frozen
    read = read_arc if ".arc" in path.name else read_warc
    with path.open("rb") as stream:
        return list(read(stream, path.name, start, max_bytes=LIMIT))


def _archives() -> list[Path]:
    return sorted([*WARCS.glob("*arc*"), *(HOSTILE / "warcs").glob("*")])


@pytest.mark.parametrize("path", _archives(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_position_of_every_archive_gives_the_rest(path):
    read = _read(path)

    for index, (_, position) in enumerate(read):
        assert _read(path, position) == read[index + 1 :]


@pytest.mark.parametrize(
    ("name", "pages", "skipped", "failed"),
    [
        ("warcio-example.warc", 1, 1, 0),
        ("warcio-example.warc.gz", 1, 1, 0),
        ("warcio-example-bad-non-chunked.warc.gz", 1, 1, 0),
        ("warcio-example-bad.warc.gz.bad", 1, 2, 0),
        ("warcio-example-iana.org-chunked.warc", 1, 0, 0),
        ("warcio-example-wrong-chunks.warc.gz", 1, 0, 0),
        ("warcio-example-resource.warc.gz", 1, 0, 0),
        ("warcio-example-wget-bad-target-uri.warc.gz", 1, 2, 0),
        ("warcio-example-space-in-target-uri.warc.gz", 0, 1, 0),
        ("warcio-example-digest.warc", 0, 0, 0),  # requests only
        ("warcio-post-test.warc.gz", 0, 3, 0),
        ("warcio-example-trunc.warc", 0, 0, 1),
        ("warcio-example.arc", 1, 0, 0),
        ("warcio-example.arc.gz", 1, 0, 0),
        ("warcio-example-space-in-url.arc", 0, 0, 1),  # 12 bytes short of its length
        ("resiliparse-clipped.warc.gz", 0, 0, 1),
        ("resiliparse-block-sized-records.warc", 0, 0, 0),  # of type unknown
        ("resiliparse-warcfile.warc", 16, 0, 0),
        ("resiliparse-warcfile.warc.gz", 16, 0, 0),
        ("resiliparse-warcfile.warc.lz4", 16, 0, 0),
        ("resiliparse-clueweb-quirk.warc.gz", 29, 0, 0),
    ],
)
def test_what_is_found_in_each(name, pages, skipped, failed):
    outcomes = [outcome for outcome, _ in _read(WARCS / name)]

    found_pages = sum(isinstance(outcome, Page) for outcome in outcomes)
    found_failed = sum(isinstance(outcome, Failed) for outcome in outcomes)
    assert (found_pages, len(outcomes) - found_pages - found_failed, found_failed) == (pages, skipped, failed)


def test_the_same_archive_reads_the_same_in_every_packing():
    names = [f"resiliparse-warcfile.{suffix}" for suffix in ("warc", "warc.gz", "warc.lz4")]
    plain, *packed = ([(page.url, page.body) for page, _ in _read(WARCS / name)] for name in names)

    assert packed == [plain, plain]


def test_a_torn_tail_is_reported_once_behind_what_is_whole():
    assert short(outcome for outcome, _ in _read(HOSTILE / "warcs" / "torn_last_member.warc.gz"))[-2:] == [
        "revisit",
        "!",
    ]


@pytest.fixture
def entries(tmp_path):
    """Every entry of the hostile records, as the source reads them."""
    store = Store(tmp_path / "job.sqlite", (SCHEMA,))
    files = sorted(str(path) for path in (HOSTILE / "records").iterdir())
    with Path(os.devnull).open("rb") as stdin:
        yield ArchiveSource(files, store, max_page_bytes=LIMIT, stdin=stdin).entries()
    store.close()


def _is_rejected(content) -> bool:
    if not isinstance(content, Page):
        return True
    assert content.form is Form.LINE
    try:
        document_of(content)
    except DocumentError:
        return True
    return False


def test_hostile_records_are_refused_where_they_must_be_and_memory_stays_low(entries):
    expected = {
        Path(row["file"]).name: row
        for row in map(json.loads, (HOSTILE / "index.jsonl").read_text("utf-8").splitlines())
        if row["file"].startswith("records/")
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rejected: dict[str, list[bool]] = {}
    for entry in entries:
        if entry.content is not None:
            rejected.setdefault(Path(entry.mark.file).name, []).append(_is_rejected(entry.content))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert rejected.keys() == expected.keys()
    for name, row in expected.items():
        if row["expected"] == "rejected-with-error" and not row["either_ok"]:
            assert any(rejected[name]), name
