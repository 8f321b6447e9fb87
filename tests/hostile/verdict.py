"""What an input became, and what is wrong with that: nothing, where it is as the kit's index says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.hostile.kit import Input

MOST_SECONDS = 15.0
MOST_MEMORY = 1024.0
"""MiB resident, of all processes together; pages that they share count in each."""
MOST_WAIT = 1.0
"""Seconds that `/healthz` may take meanwhile."""
_LIMIT = re.compile(r"over |more than |at most |too-large|too_large|limit|hostile|a tag (?:of|with)|entities that grow")
_NO_TEXT = re.compile(r"no crash|empty extraction allowed")
JUDGED = frozenset(("no-text", "empty", "paywall", "soft-404", "consent-wall", "bot-challenge", "index-page"))
"""Reasons for which a page that was read whole is no article."""


class Happened(NamedTuple):
    """What came of an input."""

    became: str
    """accepted, truncated (a part of it, and an error or a count of the rest), rejected, or skipped: read, and found to
    be no article."""
    told: str
    """What was said about it, and where."""
    seconds: float
    memory: float
    """MiB at the peak."""
    wait: float | None
    """The longest time that `/healthz` took, in seconds; None where nothing serves it."""
    faults: tuple[str, ...] = ()
    """What must never happen, whatever the input is: a neighbour lost, something counted twice, a traceback."""


class Judged(NamedTuple):
    """A row of the table."""

    input: Input
    happened: Happened
    problems: tuple[str, ...]


def judged(one: Input, happened: Happened, *, slack: float = 1.0) -> Judged:
    """Hold what happened against what should have; `slack` stretches the times on a machine that is busy."""
    problems = [*happened.faults]
    if not _is_as_told(one, happened):
        problems.append(f"{happened.became}, not {one.expected}")
    if happened.seconds > MOST_SECONDS * slack:
        problems.append(f"took {happened.seconds:.1f} s")
    if happened.memory > MOST_MEMORY:
        problems.append(f"took {happened.memory:.0f} MiB")
    if happened.wait is not None and happened.wait > MOST_WAIT * slack:
        problems.append(f"/healthz took {happened.wait:.1f} s")
    return Judged(one, happened, tuple(problems))


def _is_as_told(one: Input, happened: Happened) -> bool:
    expected = one.expected.removesuffix("-with-error")
    if one.either_ok or happened.became == expected or (expected, happened.became) == ("rejected", "truncated"):
        return True
    if happened.became == "rejected" or expected == "rejected":
        limited = one.may_be_limited and (happened.became != "rejected" or _LIMIT.search(happened.told) is not None)
        return limited or "accepted or a clean per-line error" in one.note
    if happened.became == "skipped":
        return expected == "accepted"
    return one.may_be_limited
