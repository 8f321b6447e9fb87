"""Files torn by a power cut, as a command meets them: lines too many, lines too few, a log of SQLite that is short."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

import pytest

from ingest.wiring import MIGRATIONS
from sinks.base import Kind, SinkBrokenError
from sinks.files import FOLDERS, FilesSink
from sinks.outbox import Outbox
from sinks.store import Store
from tests.commands import rows
from tests.faults import Place, Seen
from tests.ingest.newsroom import archive, asked_to_end, begun, configured, counts, newstap
from tests.sinks.files_driver import lines, make_items

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sinks.base import Item

LONG = os.environ.get("NEWSTAP_LONG") == "1"
TEARS = range(1, 201) if LONG else sorted({1, 2, 24, 200, *random.sample(range(1, 201), 6)})
"""Bytes that are lost from the end of SQLite's log."""

pytestmark = pytest.mark.torture


def test_a_replay_cuts_what_was_not_committed_and_refuses_what_is_shorter(tmp_path: Path) -> None:
    """Exit code 1, and the file's name, for each kind of file; what was cut is written again."""
    inputs, config, out = archive(tmp_path / "archive", 0, 400), configured(tmp_path), tmp_path / "out"
    command = ("replay", inputs, "--to", out, "--config", config)
    with begun(*command, "--rate", 100, cwd=tmp_path) as process:
        active = [out / name / "active.jsonl" for name in ("records", "skipped", "dead-letters")]
        deadline = time.monotonic() + 60
        while not all(path.exists() and path.stat().st_size > 200 for path in active):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        asked_to_end(process)
        process.communicate(timeout=60)
    for path in active:
        whole = path.read_bytes()
        path.write_bytes(whole[: -random.randint(1, 200)])
        done = newstap(*command, cwd=tmp_path)
        assert done.returncode == 1
        assert f"{path}: " in done.stderr
        path.write_bytes(whole + b'{"half": "of a li')
    assert newstap(*command, cwd=tmp_path).returncode == 0

    assert counts(out) == (280, 80, 40)
    assert len({row["id"] for row in rows(out / "records")}) == 280


MOMENTS = ("accepted", "committed", "pruned")
"""What was done last when the process died; each is one commit."""


def run(folder: Path, source: list[Item], copied: Callable[[str], object] = lambda _: None) -> None:
    """Accept and deliver all of it, three at a time, as a source does whose progress is in the same commit."""
    store = Store(folder / "state.sqlite", MIGRATIONS)
    box = Outbox(store, job="torn")
    sink = FilesSink(folder / "out", box.ledger("files"))
    try:
        reached = sink.open()
        while reached < len(source):
            with store.transaction() as connection:
                box.add(connection, source[box.last() :][:3])
            copied("accepted")
            items, reached = box.after(reached, sink="files")
            sink.write(items)
            sink.flush(reached)
            copied("committed")
            box.prune(["files"])
            copied("pruned")
    finally:
        sink.close()
        store.close()


@pytest.fixture
def dead(tmp_path: Path) -> list[Path]:
    """What a process leaves that dies after its third acceptance, delivery or pruning."""
    count: Counter[str] = Counter()

    def copied(moment: str) -> None:
        count[moment] += 1
        if count[moment] == 3:
            shutil.copytree(tmp_path / "living", tmp_path / moment)

    run(tmp_path / "living", make_items(30), copied)
    return [tmp_path / moment for moment in MOMENTS]


def test_a_torn_log_of_sqlite_loses_nothing(tmp_path: Path, dead: list[Path], fault_row: Callable[..., None]) -> None:
    """Its last commit is made again; where the files know of it, they are newer than the state, and that is said."""
    source, places = make_items(30), []
    for left, tear in product(dead, TEARS):
        torn = tmp_path / "torn"
        shutil.copytree(left, torn)
        log = torn / "state.sqlite-wal"
        whole = log.read_bytes()
        log.write_bytes(whole[:-tear])
        if left.name == "committed":  # the files' own note came after the commit that is lost
            with pytest.raises(SinkBrokenError, match="put back to an older copy"):
                run(torn, source)
            shutil.rmtree(torn)
            shutil.copytree(left, torn)
        run(torn, source)
        places += [Place(_seen(source, kind), _written(torn / "out", kind)) for kind in FOLDERS]
        shutil.rmtree(torn)
    fault_row("torn log of SQLite, 1 to 200 bytes", *places)


def _seen(items: list[Item], kind: Kind) -> list[Seen]:
    return [Seen(item.body.decode(), 1) for item in items if item.kind is kind]


def _written(out: Path, kind: Kind) -> list[Seen]:
    return [Seen(line.decode(), 1) for line in lines(out, kind)]
