"""What order and interruption do to stories: the same archive replayed twice and killed, and arrival in other orders.

Modes of benchmarks/stories.py; each prints a table.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processors.stories.linker import Linker
from sinks.files_reading import read_lines
from sinks.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from processors.records import Record

DELAYS = (0, 1, 6, 24)
"""Hours that arrival is put off by, at most."""
SEEDS = 5
KILLS = 5
WAIT_SECONDS = 300


def delayed(records: Sequence[Record], gold: Mapping[str, str] | None = None) -> None:
    """Print how far the stories of records that come late agree with those of the ordered run.

    Args:
        records: in their order, fetched when they were published.
        gold: their true stories by id, where they are known.
    """
    ordered = _stories(records)
    print(f"{len(records)} documents, {len(set(ordered.values()))} stories; medians of {SEEDS} orders")
    print(f"{'put off by up to':>18s}  {'agreement (B³ F1)':>18s}" + ("  B³ F1 by the labels" if gold else ""))
    for hours in DELAYS:
        runs = [_stories(_late(records, hours, seed)) for seed in range(SEEDS if hours else 1)]
        agreed = sorted(b_cubed(ordered, run) for run in runs)[len(runs) // 2]
        right = sorted(b_cubed(gold, run) for run in runs)[len(runs) // 2] if gold else None
        print(f"{hours:15d} h   {agreed:18.3f}" + (f"  {right:19.3f}" if right is not None else ""), flush=True)


def b_cubed(gold: Mapping[str, str], found: Mapping[str, str]) -> float:
    """Return B-cubed F1 of a partition of the same items (Bagga and Baldwin, 1998)."""
    wanted, had, both = Counter(gold.values()), Counter(found.values()), Counter((gold[i], found[i]) for i in gold)
    precision = sum(both[gold[one], found[one]] / had[found[one]] for one in gold) / len(gold)
    recall = sum(both[gold[one], found[one]] / wanted[gold[one]] for one in gold) / len(gold)
    return 2 * precision * recall / (precision + recall)


def _late(records: Sequence[Record], hours: int, seed: int) -> list[Record]:
    """Return records as they come when each is put off, and fetched then."""
    dice = random.Random(seed)
    late = []
    for record in records:
        fetched = record.origin.fetched
        assert fetched is not None, "they are made with it"
        come = fetched + timedelta(hours=dice.uniform(0, hours))
        late.append(replace(record, origin=replace(record.origin, fetched=come)))
    return sorted(late, key=lambda record: (record.origin.fetched, record.id))


def _stories(records: Iterable[Record]) -> dict[str, str]:
    """Return the story of each record as a reader sees it who follows merges; one of its own where it has none."""
    linker, followed = Linker(), Stories()
    found = {}
    for record in records:
        links = linker.link(record)
        linker.changes()
        found[record.id] = followed.see(links.story) or f"alone {record.id}"
    return {name: followed.of(story) for name, story in found.items()}


def killed(records: Sequence[Record]) -> bool:
    """Print whether an archive of these gives the same when it is replayed twice, and when it is killed five times."""
    with tempfile.TemporaryDirectory(prefix="newstap-stories-") as scratch:
        folder = Path(scratch)
        with gzip.open(folder / "archive.jsonl.gz", "wt", encoding="utf-8") as archive:
            archive.writelines(json.dumps(_document(record)) + "\n" for record in records)
        wanted = _replayed(folder, "first")
        print(f"{len(records)} documents: {len(wanted)} records, {_counted(wanted)}")
        again = _replayed(folder, "second")
        print(f"{'replayed again':34s} {'the same' if again == wanted else 'NOT THE SAME'}", flush=True)
        at = [0]
        for _ in range(KILLS):
            at.append(_kill(folder, "killed", at[-1] + 1))
        resumed = _replayed(folder, "killed")
        places = ", ".join(map(str, at[1:]))
        print(
            f"killed (-9) {KILLS} times, after {places} records: {'the same' if resumed == wanted else 'NOT THE SAME'}"
        )
    return again == resumed == wanted


def _document(record: Record) -> dict[str, Any]:
    fetched = record.origin.fetched
    return {
        "id": f"{record.id}/{record.revision.n}",
        "url": f"https://outlet.example/{record.id}",
        "title": record.article.title,
        "text": record.article.text,
        "fetched": fetched and fetched.isoformat(),
    }


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "ingest", "replay", "archive.jsonl.gz", "--to", name]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}


def _replayed(folder: Path, name: str) -> dict[tuple[str, int], Any]:
    """Return what a replay says of each record beside its text: copy, revision and story."""
    subprocess.run(_command(name), cwd=folder, env=_environment(), check=True, stderr=subprocess.DEVNULL)
    rows = [json.loads(line.body) for line in read_lines(folder / name / "records")]
    found = {(row["id"], row["revision"]["n"]): (row["dup"], row["revision"], row["story"]) for row in rows}
    assert len(found) == len(rows), "a record is there twice"
    return found


def _kill(folder: Path, name: str, after: int) -> int:
    """Kill a replay when it has delivered so many records; return how many it had."""
    with subprocess.Popen(_command(name), cwd=folder, env=_environment(), stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + WAIT_SECONDS
        while (had := sum(1 for _ in read_lines(folder / name / "records"))) < after:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline, "it delivers nothing"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    return had


def _counted(found: Mapping[tuple[str, int], Any]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for (_, n), (dup, _, story) in found.items():
        counts["copies"] += dup is not None
        counts["revisions"] += n > 1
        counts["merges"] += bool(story and story["merged"])
    stories = len({story["id"] for _, _, story in found.values() if story})
    return ", ".join([f"{stories} stories", *(f"{number} {name}" for name, number in counts.items())])


def first_of(records: Iterable[Record], count: int) -> list[Record]:
    """Return the first of so many different articles: no new states of one."""
    return list(islice((record for record in records if record.revision.n == 1), count))
