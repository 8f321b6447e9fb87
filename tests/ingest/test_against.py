"""An archive replayed with other rules, held against what was published of it: told, or published as new revisions."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ingest.audit import audit
from ingest.config import load
from ingest.published import Published, Verdict
from processors.records import ArchiveRef, Article, Mode, Origin, Reason, Record, Revision, Skipped
from sinks.codec import encode_record
from tests.commands import rows
from tests.ingest.newsroom import QUICK, html, newstap
from tests.ingest.sources.samples import record, response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTE = "The ferry of Little Wickham is run by the friends of the ferry."
RULE = f"""
[[rule]]
name = "ferry-note"
patterns = ["the ferry of little wickham is run by .{{0,60}}"]
triggers = ["ferry"]
takes = ["{NOTE}"]
"""


def page(n: int) -> bytes:
    """A page; every second one ends with the note."""
    note = f"<p>{NOTE}</p></article>" if n % 2 else "</article>"
    return response(html(n).replace("</article>", note).encode())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of four pages and an image, what was published of it, and rules that came later."""
    folder = tmp_path_factory.mktemp("against")
    image = response(b"GIF89a", Content_Type="image/gif")
    members = [gzip.compress(record(n, page(n))) for n in range(1, 5)] + [gzip.compress(record(9, image))]
    (folder / "crawl.warc.gz").write_bytes(b"".join(members))
    (folder / "old.toml").write_text(QUICK)
    (folder / "new.toml").write_text(f'{QUICK}[extraction]\nrules = ["rules.toml"]\n[state]\npath = "state"\n')
    (folder / "rules.toml").write_text(RULE)
    done = newstap("replay", "crawl.warc.gz", "--config", "old.toml", "--to", "out", cwd=folder)
    assert "4 records + 1 skipped" in done.stderr
    shutil.rmtree(folder / "var")
    return folder


def test_the_diff_tells_what_other_rules_would_change_and_publishes_nothing(place: Path) -> None:
    """With context, counts by field and by host; the archive may have moved to another folder."""
    (place / "moved").mkdir()
    shutil.copy(place / "crawl.warc.gz", place / "moved")
    before = sorted(path for path in place.rglob("*") if path.is_file())
    done = newstap("replay", "moved", "--config", "new.toml", "--diff", "--against", "out", cwd=place)
    assert done.returncode == 0
    assert sorted(path for path in place.rglob("*") if path.is_file()) == before
    assert done.stdout.count("\nrecord ") + 1 == 2, done.stdout
    assert done.stdout.count(f"    - [{NOTE}] removed by ferry-note\n") == 2
    assert "4 records compared, 2 would change: text 2\n" in done.stderr
    assert "by host: news.example 2\n" in done.stderr
    same = newstap("replay", "moved", "--config", "old.toml", "--diff", "--against", "out", cwd=place)
    assert same.stdout == ""
    assert "4 records compared, 0 would change\n" in same.stderr


def test_only_what_changed_is_published_each_as_its_next_revision(place: Path) -> None:
    command = ("replay", "crawl.warc.gz", "--config", "new.toml", "--publish-changes", "--against", "out")
    done = newstap(*command, "--to", "changes", cwd=place)
    assert "5 documents read: 2 records + 0 skipped + 0 dead letters + 1 no record + 2 unchanged" in done.stderr
    published = {row["id"]: row for row in rows(place / "out" / "records")}
    changed = rows(place / "changes" / "records")
    assert [(row["title"], row["revision"]["n"]) for row in changed] == [("Bridge report 1", 2), ("Bridge report 3", 2)]
    for row in changed:
        assert row["text"] == published[row["id"]]["text"].replace(f"\n{NOTE}", "")
    told = io.StringIO()
    assert audit(load(None, {}), place / "changes", told) == 0, told.getvalue()
    assert "nothing new" in newstap(*command, "--to", "changes", cwd=place).stderr

    (place / "both" / "records").mkdir(parents=True)
    for n, folder in enumerate(("out", "changes")):
        shutil.copy(next((place / folder / "records").iterdir()), place / "both" / "records" / f"{n}.jsonl")
    again = newstap("replay", "crawl.warc.gz", "--config", "new.toml", "--diff", "--against", "both", cwd=place)
    assert "4 records compared, 0 would change\n" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--publish-changes",), "--publish-changes needs --against DIR"),
        (("--against", "out"), "--against is for --diff and --publish-changes"),
        (("--publish-changes", "--against", "out", "--to", "out"), "writes to a folder of its own"),
        (("--publish-changes", "--against", "nothing"), "nothing: no records there"),
        (("--diff", "--against", "odd"), "odd.jsonl, line 1: no record: "),
        (("--diff", "--publish-changes", "--against", "out"), "not allowed with"),
        (("--diff",), "--against DIR names those that were made of other documents"),
    ],
)
def test_usage_is_told(place: Path, arguments: tuple[str, ...], told: str) -> None:
    (place / "odd").mkdir(exist_ok=True)
    (place / "odd" / "odd.jsonl").write_text("{}\n")
    done = newstap("replay", "crawl.warc.gz", "--config", "old.toml", *arguments, cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


MAY, JUNE, JULY = (datetime(2024, month, 1, tzinfo=UTC) for month in (5, 6, 7))


def made(text: str, n: int = 1, place: int | None = None, fetched: datetime | None = None, key: str = "a") -> Record:
    archive = None if place is None else ArchiveRef(file="old/crawl.warc.gz", offset=place)
    origin = Origin(mode=Mode.REPLAY, fetched=fetched, archive=archive)
    return Record(id=key, article=Article(title="A", text=text), origin=origin, fingerprint={}, revision=Revision(n=n))


@pytest.fixture
def published(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Published]:
    """An index of the records that a test is parametrized with."""
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "active.jsonl").write_bytes(b"".join(encode_record(one) + b"\n" for one in request.param))
    index = Published(tmp_path, tmp_path)
    yield index
    index.close()


TWO = [made("first", 1, 10, MAY), made("second", 2, 20, JUNE)]


@pytest.mark.parametrize(
    ("published", "outcome", "verdict"),
    [
        (TWO, made("second", 1, 20, JUNE), Verdict.UNCHANGED),
        (TWO, made("other", 1, 20, JUNE), Verdict.CHANGED),
        (TWO, made("other", 1, 99, JUNE), Verdict.CHANGED),  # the archive was packed anew: its offsets are others
        (TWO, made("other", 1, 10, MAY), Verdict.SUPERSEDED),
        (TWO, made("other", 1, 30, JULY), Verdict.NEW),
        (TWO, made("other", 1, 20, JUNE, key="b"), Verdict.CHANGED),  # its id is another one now
        (TWO, made("other", 1, 40, JUNE, key="b"), Verdict.NEW),
        (TWO[::-1], made("other", 1, 20, JUNE), Verdict.CHANGED),
        ([made("first", 1), made("second", 2)], made("other", 2, 77), Verdict.CHANGED),
        ([made("first", 1), made("second", 2)], made("other", 1, 77), Verdict.SUPERSEDED),
        (TWO, Skipped(origin=TWO[1].origin, url=None, reason=Reason.PAYWALL), Verdict.GONE),
        (TWO, Skipped(origin=TWO[0].origin, url=None, reason=Reason.PAYWALL), Verdict.ABSENT),
    ],
    indirect=["published"],
)
def test_each_document_is_held_against_the_newest_record_of_its_article(
    published: Published, outcome: Any, verdict: Verdict
) -> None:
    assert len(published) == 1
    assert published.compared(outcome).verdict is verdict


@pytest.mark.parametrize("published", [TWO], indirect=True)
def test_how_a_record_came_to_be_is_no_change_of_it(published: Published) -> None:
    other = replace(TWO[1], fingerprint={"rules": "new"}, origin=replace(TWO[1].origin, mode=Mode.RUN))
    assert published.compared(other).verdict is Verdict.UNCHANGED
    assert json.loads(encode_record(other))["fingerprint"] == {"rules": "new"}
