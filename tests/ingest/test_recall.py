"""`newstap replay --as-of`: records as they were made then, by what an archive keeps."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.config import load
from ingest.knowledge import Fingerprint, Knowledge
from ingest.recipe import Recipe
from processors.boilerplate.files import RuleFiles
from processors.records import Form, Mode, Origin, Page
from processors.topics import definitions
from tests.commands import rows
from tests.ingest.newsroom import QUICK, html, newstap
from tests.ingest.sources.samples import WARCINFO, record, response, told_page

if TYPE_CHECKING:
    import subprocess

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTE = "The ferry of Little Wickham is run by the friends of the ferry."
RULE = f'[[rule]]\nname = "ferry-note"\npatterns = ["{NOTE[:-1].lower()}"]\ntriggers = ["ferry"]\ntakes = ["{NOTE}"]\n'
PAGES = 6


def page(n: int) -> Page:
    body = html(n).replace("</article>", f"<p>{NOTE}</p></article>").encode()
    origin = Origin(mode=Mode.RUN, feed="https://news.example/feed", document_id=f"{n}", fetched=NOON)
    return Page(form=Form.HTML, body=body, origin=origin, url=f"https://news.example/{n}", content_type="text/html")


def kept(knowledge: Knowledge, folder: Path, hours: int, *, rule: str = "") -> Fingerprint:
    own = folder / "then.toml"
    own.write_text(rule)
    recipe = Recipe(
        config=load(None, {}),
        rules=RuleFiles.read([own] if rule else []),
        definitions=definitions.load(["taiwan"]),
    )
    return knowledge.keep(recipe, NOON + timedelta(hours=hours))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive: pages that were read with a rule and without, in turn, and knowledge of both."""
    folder = tmp_path_factory.mktemp("recall")
    knowledge = Knowledge(folder / "archive" / "knowledge")
    then = kept(knowledge, folder, 0, rule=RULE), kept(knowledge, folder, 2)
    groups = [told_page(n, page(n), asdict(then[n % 2])) for n in range(1, PAGES + 1)]
    (folder / "archive" / "warc").mkdir()
    (folder / "archive" / "warc" / "a.warc.gz").write_bytes(b"".join(map(gzip.compress, [WARCINFO, *groups])))
    (folder / "newstap.toml").write_text(QUICK)
    return folder


def replayed(place: Path, *arguments: object, inputs: str = "archive") -> subprocess.CompletedProcess[str]:
    return newstap("replay", inputs, "--config", "newstap.toml", *arguments, cwd=place)


def noted(place: Path, to: str) -> list[bool]:
    """Return of each record, in order, whether the note still stands in it."""
    return [NOTE in row["text"] for row in rows(place / to / "records")]


def test_each_page_is_read_as_it_was_before(place: Path) -> None:
    """By the rules that its archive names, pages of both kinds mixed; the fingerprint names them, too."""
    done = replayed(place, "--to", "recorded", "--as-of", "recorded")
    assert done.returncode == 0, done.stderr
    assert "other code" not in done.stderr
    assert noted(place, "recorded") == [n % 2 == 1 for n in range(1, PAGES + 1)]
    archive = Knowledge(place / "archive" / "knowledge")
    made = [Fingerprint.of(row["fingerprint"]) for row in rows(place / "recorded" / "records")]
    assert made[0] == made[2] == archive.at(NOON + timedelta(hours=3))
    assert made[1] == made[3] == archive.at(NOON)


def test_as_of_a_time_all_are_read_with_what_was_in_force_then(place: Path) -> None:
    assert replayed(place, "--to", "then", "--as-of", "2026-11-25T13:00Z").returncode == 0
    assert noted(place, "then") == [False] * PAGES


def test_what_a_replay_was_made_with_is_kept_beside_its_state_and_serves_again(place: Path) -> None:
    """Even if the rules are gone."""
    (place / "mine.toml").write_text(RULE)
    (place / "mine").mkdir()
    config = place / "mine" / "newstap.toml"
    config.write_text(f'{QUICK}[extraction]\nrules = ["../mine.toml"]\n')
    assert newstap("replay", "archive", "--config", config, "--to", "kept", cwd=place).returncode == 0
    knowledge = Knowledge(place / "kept" / ".newstap" / "knowledge")
    (fingerprint,) = {json.dumps(row["fingerprint"], sort_keys=True) for row in rows(place / "kept" / "records")}
    assert knowledge.at(datetime.now(UTC)) == Fingerprint.of(json.loads(fingerprint))
    more = ("--as-of", datetime.now(UTC).isoformat(), "--knowledge", knowledge.folder)
    assert replayed(place, "--to", "kept-again", *more).returncode == 0
    first, again = ((place / name / "records" / "part-000001.jsonl").read_bytes() for name in ("kept", "kept-again"))
    assert first == again


def test_what_is_not_kept_is_named_and_the_job_goes_on_once_it_is_there(place: Path) -> None:
    (blob,) = {*(place / "archive" / "knowledge").glob("rules-*")} - {
        place / "archive" / "knowledge" / f"rules-{Knowledge(place / 'archive' / 'knowledge').at(NOON).rules}.blob"
    }
    blob.rename(place / "away")
    try:
        refused = replayed(place, "--to", "lacking", "--as-of", "recorded")
    finally:
        (place / "away").rename(blob)
    assert refused.returncode == 1
    assert f"stopped before all was delivered: {place}/archive/knowledge: lacks {blob.name}" in refused.stderr
    assert replayed(place, "--to", "lacking", "--as-of", "recorded").returncode == 0
    assert noted(place, "lacking") == [n % 2 == 1 for n in range(1, PAGES + 1)]


def test_other_code_than_then_is_told(place: Path) -> None:
    folder = place / "older"
    (folder / "knowledge").mkdir(parents=True)
    for path in (place / "archive" / "knowledge").iterdir():
        (folder / "knowledge" / path.name).write_bytes(path.read_bytes())
    then = asdict(Knowledge(folder / "knowledge").at(NOON)) | {"extractor": "trafilatura 0.1", "newstap": "0.0"}
    (folder / "a.warc.gz").write_bytes(b"".join(map(gzip.compress, [WARCINFO, told_page(1, page(1), then)])))
    done = replayed(place, "--to", "by-older", "--as-of", "recorded", inputs="older/a.warc.gz")
    assert done.returncode == 0
    assert "read before by other code (newstap 0.0, now " in done.stderr
    assert done.stderr.count("other code") == 1


def test_usage_is_told(place: Path) -> None:
    (place / "foreign.warc").write_bytes(record(1, response(page(1).body)))
    for inputs, arguments, code, told in (
        ("foreign.warc", ("--as-of", "recorded"), 2, "no knowledge/ with a journal there"),
        ("foreign.warc", ("--as-of", "recorded", "--knowledge", "archive/knowledge"), 1, "nothing tells what it was"),
        ("archive", ("--as-of", "2020-01-01"), 2, "nothing is known of 2020-01-01T00:00:00+00:00: the journal begins"),
        ("archive", ("--as-of", "then"), 2, "'then' is no time"),
        ("archive", ("--as-of", "recorded", "--topics", "china"), 2, "--as-of brings its own topics"),
        ("archive", ("--knowledge", "archive/knowledge"), 2, "--knowledge is for --as-of"),
    ):
        done = replayed(place, "--to", "wrong", *arguments, inputs=inputs)
        assert done.returncode == code, done.stderr
        assert told in done.stderr
