"""A kit of hostile inputs, each through the real entry point for its kind: what became of it, how fast, at what cost.

    python benchmarks/hostile.py [KIT] [--kinds feed,page] [--only TEXT] [--keep DIR]

KIT is a folder with an `index.jsonl` (`../shared/hostile` unless named). Feeds, pages and raw HTTP answers go through
one `newstap run`, one after another; archives and records through a `newstap replay` each, between good lines;
configurations, those of the kit and our own in TOML, and URLs through `newstap check`. Printed is a table, then a
summary. Exit code 1 where an input did not end as the kit says, took more than 15 s or 1 GiB, made `/healthz`
wait for more than a second, harmed a neighbour, or was not counted once. Where more wants to run than there are cores,
times may be as many times longer as share a core; the last line tells how busy the machine was.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile import checking, replaying, report, serving
from tests.hostile.kit import Input, kit
from tests.hostile.verdict import Happened, Judged, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFAULT = Path(__file__).parents[2] / "shared" / "hostile"


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="newstap-hostile-") as temporary:
        folder = Path(options.keep or temporary)
        (made := folder / "gen").mkdir(parents=True)
        inputs = [one for one in kit(options.kit, made, kinds=options.kinds) if options.only in one.file]
        print(report.head(), flush=True)
        own = not options.only and (options.kinds is None or "config" in options.kinds)
        rows = [*asyncio.run(_served(inputs, folder / "run")), *_replayed(inputs, folder)]
        rows += _checked(inputs, folder, own=own)
    print(f"\n{report.summary(rows)}")
    return int(any(one.problems for one in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kit", nargs="?", type=Path, default=_DEFAULT)
    parser.add_argument("--kinds", type=lambda text: frozenset(text.split(",")))
    parser.add_argument("--only", default="", help="inputs whose name holds this")
    parser.add_argument("--keep", help="a new folder for state and output")
    return parser.parse_args()


async def _served(inputs: Sequence[Input], folder: Path) -> list[Judged]:
    folder.mkdir()
    wanted = [one for one in inputs if one.kind in serving.KINDS]
    if not wanted:
        return []
    rows = [_told(one, happened) async for one, happened in serving.serve(wanted, folder)]
    return [*rows, _told(*checking.audited(folder))]


def _replayed(inputs: Sequence[Input], folder: Path) -> list[Judged]:
    wanted = [one for one in inputs if one.kind in {"warc", "record"}]
    return [_told(one, replaying.replay([one], folder / f"replay-{number}")[0]) for number, one in enumerate(wanted, 1)]


def _checked(inputs: Sequence[Input], folder: Path, *, own: bool) -> list[Judged]:
    wanted = [one for one in inputs if one.kind in {"config", "urls"}]
    rows = [_told(*each) for each in checking.checked(wanted, folder / "check")]
    return rows + [_told(*each) for each in checking.our_own(folder / "own")] if own else rows


def _told(one: Input, happened: Happened) -> Judged:
    row = judged(one, happened, slack=max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))
    print(report.row(row), flush=True)
    return row


if __name__ == "__main__":
    raise SystemExit(main())
