"""The same archive from the same start gives the same bytes: on one worker or two, in one go or killed on the way."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.ingest.newsroom import archive, begun, html, newstap
from tests.ingest.sources.samples import record, response
from tests.processors.stories.newsroom import stream
from tests.work.running import LONG

if TYPE_CHECKING:
    from pathlib import Path

    from processors.records import Record

KILLS = 5 if LONG else 3
BATCH = 30
"""More documents than a batch has at `RATE`: a killed run has committed one or two of them."""
RATE = 30
FOLDERS = ("records", "skipped", "dead-letters")
NOTE = "<p>The Wickham Gazette belongs to its readers, and is printed by the river on Fridays.</p>"

pytestmark = [pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(240)]


def test_the_same_bytes_however_it_is_run(tmp_path: Path) -> None:
    """By the SHA-256 over the sorted lines of all that it gave, with learned boilerplate among what it depends on."""
    inputs = archive(tmp_path / "in", 12, BATCH * (KILLS + 1))
    (inputs / "agency.jsonl").write_text("".join(f"{json.dumps(_document(each))}\n" for each in stream(8, BATCH * 2)))
    (inputs / "crawl.warc").write_bytes(b"".join(record(n, response(_page(n))) for n in range(1, 9)))
    assert _replayed(tmp_path, "lessons", inputs) == 0

    for name in ("one", "two", "killed"):
        shutil.copytree(tmp_path / "lessons-state", tmp_path / f"{name}-state")
    assert _replayed(tmp_path, "one", inputs, "--workers", 1) == 0
    assert _replayed(tmp_path, "two", inputs, "--workers", 2) == 0
    for _ in range(KILLS):
        _killed(tmp_path, "killed", inputs)
    assert _replayed(tmp_path, "killed", inputs, "--workers", 2) == 0

    assert _digest(tmp_path / "one") == _digest(tmp_path / "two") == _digest(tmp_path / "killed")
    removed = {cut["rule"] for line in _lines(tmp_path / "one") for cut in json.loads(line).get("removed", ())}
    assert "site-learned" in removed, "the start state counts"
    records = [json.loads(line) for line in _lines(tmp_path / "one") if b'"fingerprint"' in line]
    assert any(each["dup"] for each in records), "what is a copy of what counts"
    assert any(each["revision"]["n"] > 1 and each["revision"]["class"] for each in records), "what is changed, too"
    assert max(each["story"]["size"] for each in records if each["story"]) > 2, "and which story it is of"
    assert _digest(tmp_path / "lessons") != _digest(tmp_path / "one")


def _page(n: int) -> bytes:
    return html(n).replace("</article>", f"{NOTE}</article>").encode()


def _document(one: Record) -> dict[str, object]:
    """An article of an agency, with copies, other accounts and new states; those are under the same address."""
    url = f"https://agency.example/{one.id}"
    return {"url": url, "title": one.article.title, "text": one.article.text, "fetched": str(one.origin.fetched)}


def _command(folder: Path, name: str, inputs: Path, *more: object) -> tuple[object, ...]:
    config = folder / f"{name}.toml"
    config.write_text(f'[topics]\nenabled = []\n[state]\npath = "{name}-state"\n')
    return ("replay", inputs, "--to", folder / name, "--config", config, *more)


def _replayed(folder: Path, name: str, inputs: Path, *more: object) -> int:
    return newstap(*_command(folder, name, inputs, *more), cwd=folder).returncode


def _killed(folder: Path, name: str, inputs: Path) -> None:
    """Kill it as soon as it has delivered something."""
    command = _command(folder, name, inputs, "--workers", 2, "--rate", RATE)
    before, deadline = _size(folder / name), time.monotonic() + 60
    with begun(*command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while _size(folder / name) == before:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline, "it delivers nothing"
            time.sleep(0.01)
        process.kill()


def _size(out: Path) -> int:
    return sum(path.stat().st_size for path in out.glob("*/active.jsonl"))


def _lines(out: Path) -> list[bytes]:
    files = (path for folder in FOLDERS for path in (out / folder).glob("*.jsonl"))
    return [line for path in files for line in path.read_bytes().splitlines()]


def _digest(out: Path) -> str:
    assert all(any((out / folder).iterdir()) for folder in FOLDERS), "something of every kind"
    return hashlib.sha256(b"\n".join(sorted(_lines(out)))).hexdigest()
