"""The table of a kit: a line for each input, and a summary."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from tests.hostile.verdict import MOST_MEMORY, MOST_SECONDS, MOST_WAIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.hostile.verdict import Judged

_WIDTHS = (52, 13, 19, 9, 8, 7, 9)
_TITLES = ("input", "kind", "expected", "became", "seconds", "MiB", "healthz", "ok")


def head() -> str:
    """Return the head of the table."""
    return _line(_TITLES)


def row(one: Judged) -> str:
    """Return the line of one input; what was said of it, or what is wrong, stands at its end."""
    happened = one.happened
    wait = "–" if happened.wait is None else f"{happened.wait:.2f}"
    expected = one.input.expected + (" (either)" if one.input.either_ok and one.input.expected else "")
    figures = (f"{happened.seconds:.1f}", f"{happened.memory:.0f}", wait)
    told = "; ".join(one.problems) or happened.told
    cells = (one.input.file, one.input.kind, expected or "any clean end", happened.became, *figures)
    return _line((*cells, f"{'RED' if one.problems else 'ok '}  {' '.join(told.split())[:160]}"))


def summary(rows: Sequence[Judged]) -> str:
    """Return what the table comes to."""
    kinds = Counter(one.input.kind for one in rows)
    became = Counter(one.happened.became for one in rows)
    red = [one.input.file for one in rows if one.problems]
    waits = [one.happened.wait for one in rows if one.happened.wait is not None]
    worst = (
        f"slowest {max(one.happened.seconds for one in rows):.1f} s (at most {MOST_SECONDS:g}), "
        f"most memory {max(one.happened.memory for one in rows):.0f} MiB (at most {MOST_MEMORY:g}), "
        f"slowest /healthz {max(waits, default=0.0):.2f} s (at most {MOST_WAIT:g})"
    )
    lines = (
        f"{len(rows)} inputs: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())),
        "became: " + ", ".join(f"{n} {what}" for what, n in sorted(became.items())),
        worst,
        f"load of the machine: {os.getloadavg()[0]:.1f} in the last minute, on {os.cpu_count()} cores",
        f"red: {len(red)}{' ' if red else ''}{', '.join(red)}",
    )
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return " ".join(f"{cell:{width}}" for cell, width in zip(cells, (*_WIDTHS, 0), strict=True)).rstrip()
