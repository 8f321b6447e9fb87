"""Alarms of silence by model beside fixed timeouts, on simulated histories of feeds; half a minute.

    python benchmarks/alarms.py [--seeds 20]

The histories, and what counts as false and as late, are those of `tests/ingest/alarms/histories.py`. Hours are medians
over deaths. The last two columns are of the shortest fixed timeout that would give no more false alarms than the model
does, on that rhythm and known in advance: what a timeout tuned by hand for each feed could do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingest.alarms import Scope, Watch, rhythm
from ingest.alarms.kept import FeedRow, Key
from ingest.alarms.rhythm import HOUR
from ingest.alarms.seen import Seen
from ingest.alarms.series import Series
from tests.ingest.alarms.histories import (
    FALSE_A_YEAR,
    FEEDS,
    TIMEOUT,
    Life,
    Score,
    by_model,
    by_timeout,
    life,
    score,
    total,
)

HEAD = """\
| rhythm | model: false a feed-month | hours late | 24 hours: false | hours late | cried wolf | as quiet | hours late |
|---|---|---|---|---|---|---|---|"""


def as_quiet(lives: list[Life], false: float) -> float:
    """Return the shortest timeout, in hours, with no more false alarms."""
    hours = [*range(1, 48), *range(48, 24 * 7, 6), *range(24 * 7, 24 * 60, 24)]
    for each in hours:
        if score(lives, [by_timeout(each * HOUR, one) for one in lives]).false <= false:
            return float(each)
    return float(hours[-1])


def compared(seeds: int, name: str) -> tuple[Score, Score, float, Score]:
    """Return, of one rhythm, the model, a timeout of a day, and the hours and score of one that is as quiet."""
    lives = [life(FEEDS[name], f"{name} {seed}") for seed in range(seeds)]
    model = score(lives, [by_model(one) for one in lives])
    fixed = score(lives, [by_timeout(TIMEOUT, one) for one in lives])
    hours = as_quiet(lives, model.false)
    return model, fixed, hours, score(lives, [by_timeout(hours * HOUR, one) for one in lives])


def cost(feeds: int = 10_000, asked: int = 1_000) -> float:
    """Return the milliseconds of CPU of a look at so many feeds with full histories, some of which were just asked."""
    known = rhythm.begin(0.0)
    for n in range(1500):
        known = rhythm.arrived(known, n * 7 * HOUR)
    keys = [Key(Scope.FEED, str(n)) for n in range(feeds)]
    watch = Watch(dict.fromkeys(keys, Series(rhythm=known)), {}, known.until)
    last, now = known.until, known.until + 600

    def rows(success: float) -> list[FeedRow]:
        row = FeedRow(0, "", 1, last, last, 0, None, 0, 0)
        return [row._replace(id=n, last_success=success if n < asked else last) for n in range(feeds)]

    watch.look(rows(last), Seen(), now, false_a_year=FALSE_A_YEAR)
    asked_now = rows(now)
    began = time.process_time()
    watch.look(asked_now, Seen(), now + 60, false_a_year=FALSE_A_YEAR)
    return (time.process_time() - began) * 1e3


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="histories of each rhythm")
    seeds = parser.parse_args().seeds
    print(HEAD)
    every = []
    for name in FEEDS:
        every.append(compared(seeds, name))
        model, fixed, hours, quiet = every[-1]
        print(_row(name, model, fixed, f"{hours:.0f} h", quiet))
    model, fixed, quiet = (total([one[n] for one in every]) for n in (0, 1, 3))
    print(_row("**all**", model, fixed, "", quiet))
    print(f"\na look at 10,000 feeds, of which 1,000 were just asked: {cost():.0f} ms of CPU")


def _row(name: str, model: Score, fixed: Score, hours: str, quiet: Score) -> str:
    late = [f"{statistics.median(one.delays):.1f}" for one in (model, fixed, quiet)]
    wolf = f"{fixed.stood:.0%}"
    return f"| {name} | {model.false:.2f} | {late[0]} | {fixed.false:.2f} | {late[1]} | {wolf} | {hours} | {late[2]} |"


if __name__ == "__main__":
    main()
