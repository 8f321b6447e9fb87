"""What copies, stories and revisions cost on one core, beside datasketch MinHash alone; and memory of the window.

    python benchmarks/stories.py [--windows 10000,150000] [--shared FOLDER]
    python benchmarks/stories.py --late [FOLDER]      how far stories agree when documents come up to 24 hours late
    python benchmarks/stories.py --killed [1000]      an archive replayed twice, and killed five times and resumed

Documents are invented: words by Zipf's law, 40 to 1,200 of them (350 in the middle), a tenth copies that were cut or
continued, a fifth other accounts of one event, a twentieth new states of an article. They come so fast that a window of
record time holds as many as are asked for. MinHash is `datasketch` as its documentation has it: 128 permutations of
word-5 shingles, threshold 0.5, query and insert; it finds copies alone, and only those of about the same length. Both
run in turn over the same documents, in CPU time; ratios are medians over rounds.

With `--shared` (the folder that holds `dev.jsonl.gz`), also the labelled documents, which are short. `--late` takes the
same folder, and invented documents without one.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import multiprocessing
import random
import re
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.storyorder import delayed, first_of, killed
from processors.records import Article, Mode, Origin, Record, Revision
from processors.stories.linker import Linker
from processors.stories.revisions import revised
from processors.stories.stored import cluster_to_bytes, document_to_bytes
from processors.stories.window import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START = datetime(2026, 3, 2, tzinfo=UTC)
VOCABULARY = 60_000
ROUNDS = 5
EVERY = 300
"""Seconds between invented documents where their time matters."""
INVENTED = 2_000
SAMPLE = 2_000
"""Documents of a round."""


class Newsroom:
    """Writes documents, for ever."""

    def __init__(self, seed: int, every: float) -> None:
        self._dice = random.Random(seed)
        self._words = [self._word() for _ in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        self._every = timedelta(seconds=every)
        self._recent: list[Record] = []
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Record, Record | None]]:
        """Yield each document with its earlier state, if it has one."""
        while True:
            record, before = self._next()
            self._recent = [*self._recent[-400:], record]
            self.count += 1
            yield record, before

    def _next(self) -> tuple[Record, Record | None]:
        dice, chance = self._dice, self._dice.random()
        if not self._recent or chance >= 0.35:
            return self._record(f"n{self.count}", self._prose(14), self._prose(self._length())), None
        old = dice.choice(self._recent)
        words = old.article.text.split()
        if chance < 0.05:
            text = " ".join(words[:-10]) + " " + self._prose(30)
            again = self._record(old.id, old.article.title, text)
            return replace(again, revision=Revision(n=old.revision.n + 1)), old
        if chance < 0.15:
            cut = " ".join(words[: max(30, int(len(words) * dice.uniform(0.4, 1)))])
            return self._record(f"n{self.count}", self._prose(12), f"{cut} {self._prose(dice.randint(0, 200))}"), None
        about = old.article.title.split()[:6]
        words = [dice.choice(about) if dice.random() < 0.08 else word for word in self._prose(self._length()).split()]
        text = " ".join(words)
        return self._record(f"n{self.count}", " ".join((*about, self._prose(5))), text), None

    def _length(self) -> int:
        return min(1_200, max(40, int(self._dice.lognormvariate(5.85, 0.7))))

    def _prose(self, count: int) -> str:
        found = self._dice.choices(self._words, cum_weights=self._weights, k=count)
        for place in range(0, count, 14):
            found[place] = found[place].capitalize()
        for place in range(9, count, 25):
            found[place] = str(self._dice.randint(2, 2_000))
        return re.sub(r" (?=[A-Z])", ". ", " ".join(found))

    def _word(self) -> str:
        parts = ("ba", "chi", "dor", "el", "fan", "gri", "hum", "ist", "jor", "kel", "lum", "mar", "nes", "ost", "pra")
        return "".join(self._dice.choice(parts) for _ in range(self._dice.choice((1, 2, 2, 3, 3, 4))))

    def _record(self, name: str, title: str, text: str) -> Record:
        origin = Origin(mode=Mode.REPLAY, fetched=START + self.count * self._every)
        return Record(id=name, article=Article(title=title, text=text, language="en"), origin=origin, fingerprint={})


def ours(linker: Linker, batch: Sequence[tuple[Record, Record | None]]) -> float:
    """CPU seconds of all three steps."""
    began = time.process_time()
    for record, before in batch:
        if before is not None:
            revised(before.article, record.article)
        linker.link(record)
    linker.changes()
    return time.process_time() - began


def minhash(batch: Sequence[tuple[Record, Record | None]]) -> float | None:
    """CPU seconds of datasketch; None where it is not installed."""
    try:
        from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - not installed everywhere
    except ImportError:
        return None
    began = time.process_time()
    index = MinHashLSH(threshold=0.5, num_perm=128)
    for number, (record, _) in enumerate(batch):
        words = re.findall(r"\w+", record.article.text.lower())
        sketch = MinHash(num_perm=128)
        sketch.update_batch([" ".join(words[n : n + 5]).encode() for n in range(max(1, len(words) - 4))])
        index.query(sketch)
        index.insert(number, sketch)
    return time.process_time() - began


def filled(window: int) -> tuple[Linker, Iterator[tuple[Record, Record | None]], float]:
    """Return a linker with a full window, where its documents came from, and the bytes it takes for each."""
    room = iter(Newsroom(7, KEPT / window))
    linker = Linker()
    gc.collect()
    before = resident()
    for _ in range(int(window * 1.05)):
        linker.link(next(room)[0])
        linker.changes()
    gc.collect()
    return linker, room, (resident() - before) / len(linker.kept()[0])


def resident() -> int:
    """Memory of this process in bytes."""
    fields = Path("/proc/self/statm").read_text("ascii").split()
    return int(fields[1]) * 4_096


def measure(label: str, linker: Linker, batches: Sequence[Sequence[tuple[Record, Record | None]]]) -> None:
    """Print what a document costs."""
    own, ratios = [], []
    for batch in batches:
        own.append(ours(linker, batch) / len(batch))
        if (peer := minhash(batch)) is not None:
            ratios.append(own[-1] / (peer / len(batch)))
    beside = f"{statistics.median(ratios):.2f} of MinHash" if ratios else "datasketch is not installed"
    print(f"{label:34s} {statistics.median(own) * 1e6:7.0f} µs a document, {beside}", flush=True)


def labels(folder: Path) -> list[dict[str, Any]]:
    """The labelled documents, by time."""
    with gzip.open(folder / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def labelled(folder: Path) -> list[tuple[Record, Record | None]]:
    """The same as records."""
    return [
        (
            Record(
                id=row["id"],
                article=Article(title=row["title"], text=row["text"]),
                origin=Origin(mode=Mode.REPLAY, fetched=datetime.fromisoformat(row["published"])),
                fingerprint={},
            ),
            None,
        )
        for row in labels(folder)
    ]


def come_late(folder: Path | None) -> None:
    """Print how far stories of labelled documents agree when they come late; without a folder, of invented ones."""
    if folder is None:
        delayed(first_of((record for record, _ in Newsroom(11, EVERY)), INVENTED))
    else:
        gold = {row["id"]: row["gold_story"] for row in labels(folder)}
        delayed([record for record, _ in labelled(folder)], gold)


def windowed(window: int) -> None:
    """Print what a document costs in a window of so many, and how much memory it takes."""
    linker, room, size = filled(window)
    documents, clusters = linker.kept()
    stored = sum(map(len, map(document_to_bytes, documents))) + sum(map(len, map(cluster_to_bytes, clusters)))
    print(f"{len(documents):,} documents, {len(clusters):,} stories: {size:,.0f} bytes of memory each")
    print(f"  as kept on the disk: {stored / len(documents):,.0f} bytes each")
    del documents, clusters
    measure("  all three steps", linker, [[next(room) for _ in range(SAMPLE)] for _ in range(ROUNDS)])


def main() -> None:
    """Print a line for each size of window, each in a process of its own: memory is never given back whole."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--windows", default="1000,10000,150000", help="documents in the window")
    options.add_argument("--shared", type=Path, metavar="FOLDER", help="the labelled documents")
    options.add_argument("--late", type=Path, nargs="?", const=Path(), metavar="FOLDER", help="what being late changes")
    options.add_argument("--killed", type=int, nargs="?", const=1_000, metavar="N", help="replay, replay, and kill -9")
    chosen = options.parse_args()
    if chosen.late is not None or chosen.killed:
        if chosen.late is not None:
            come_late(chosen.late if chosen.late != Path() else None)
        sys.exit(chosen.killed and not killed([record for record, _ in islice(Newsroom(12, EVERY), chosen.killed)]))
    for window in map(int, filter(None, chosen.windows.split(","))):
        process = multiprocessing.get_context("spawn").Process(target=windowed, args=(window,))
        process.start()
        process.join()
    if chosen.shared is not None:
        rows = labelled(chosen.shared)
        for _ in range(ROUNDS):
            measure(f"{len(rows)} labelled documents", Linker(), [rows])


if __name__ == "__main__":
    main()
