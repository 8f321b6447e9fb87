"""The table of faults: what each one cost, told at the end of a run by the tests that caused them.

A test takes the fixture `fault_row` and says what was accepted and what has arrived. Its row stands in the table
whatever came out, and the test fails where anything was lost, doubled or out of order.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TITLE = ("fault", "records", "lost", "duplicated", "order breaks per key", "per feed", "seconds to catch up")
FETCHERS = ("fault", "pages", "lost", "duplicated", "polled early", "two at a host", "seconds to be polled again")
"""Of fetchers that share out feeds: their own table."""
_ROWS = pytest.StashKey[list["Row"]]()
_FETCHERS = pytest.StashKey[list[tuple[str, ...]]]()


class Seen(NamedTuple):
    """One state of an article, as it was accepted or has arrived."""

    id: str
    n: int
    """The revision."""
    feed: str | None = None


class Place(NamedTuple):
    """Somewhere records went to."""

    accepted: Sequence[Seen]
    """What belongs there, in the order of the outbox."""
    arrived: Sequence[Seen]
    """What is there; of a topic by partition and offset."""
    one_partition: bool = False
    """Whether the order of each feed holds there too."""


class Row(NamedTuple):
    """What a fault cost, summed up over all places."""

    fault: str
    records: int
    """Accepted; each belongs in one place or more."""
    lost: int
    duplicated: int
    key_breaks: int
    feed_breaks: int | None
    """None: no place has one partition."""
    seconds: float | None
    """From the end of the fault until all that was accepted by then had arrived; None: nothing is caught up with."""

    def cells(self) -> list[str]:
        """Return them as the table shows them."""
        rest = [f"{self.records}", f"{self.lost}", f"{self.duplicated}", f"{self.key_breaks}"]
        feeds = "–" if self.feed_breaks is None else f"{self.feed_breaks}"
        return [self.fault, *rest, feeds, "–" if self.seconds is None else f"{self.seconds:.1f}"]


@pytest.fixture
def fault_row(pytestconfig: pytest.Config) -> Callable[..., None]:
    """`fault_row(fault, *places, seconds=None)`: enter a row, and fail unless it is without loss, double and break."""

    def enter(fault: str, *places: Place, seconds: float | None = None) -> None:
        row = judged(fault, places, seconds)
        pytestconfig.stash.setdefault(_ROWS, []).append(row)
        assert places
        assert all(place.accepted for place in places), "nothing was accepted"
        assert (row.lost, row.duplicated, row.key_breaks, row.feed_breaks or 0) == (0, 0, 0, 0), row

    return enter


@pytest.fixture
def fetcher_row(pytestconfig: pytest.Config) -> Callable[..., None]:
    """`fetcher_row(fault, pages, counts, seconds)`: enter a row of the fetchers' table; `counts` are to be zero."""

    def enter(fault: str, pages: int, counts: Sequence[int], seconds: float) -> None:
        cells = (fault, f"{pages}", *map(str, counts), f"{seconds:.1f}")
        pytestconfig.stash.setdefault(_FETCHERS, []).append(cells)

    return enter


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the rows of a process of pytest-xdist over to the one that prints."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["faults"] = [tuple(row) for row in session.config.stash.get(_ROWS, [])]
        output["fetchers"] = session.config.stash.get(_FETCHERS, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take them over; a process that died has none to give, and its tests have failed."""
    output = getattr(node, "workeroutput", {})
    node.config.stash.setdefault(_ROWS, []).extend(Row(*row) for row in output.get("faults", []))
    node.config.stash.setdefault(_FETCHERS, []).extend(map(tuple, output.get("fetchers", [])))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables, in Markdown, where any fault was caused."""
    if rows := sorted(config.stash.get(_ROWS, []), key=lambda row: row.fault):
        terminalreporter.section("faults")
        for line in table(rows):
            terminalreporter.write_line(line)
    if fetchers := config.stash.get(_FETCHERS, []):
        terminalreporter.section("faults of fetchers")
        for line in _lines([FETCHERS, *fetchers]):
            terminalreporter.write_line(line)


def judged(fault: str, places: Sequence[Place], seconds: float | None) -> Row:
    """Count what is lacking, what is there more than once, and each step back in the order of a key or a feed."""
    single = [place for place in places if place.one_partition]
    return Row(
        fault,
        records=max(len(place.accepted) for place in places),
        lost=sum((_counted(place.accepted) - _counted(place.arrived)).total() for place in places),
        duplicated=sum((_counted(place.arrived) - _counted(place.accepted)).total() for place in places),
        key_breaks=sum(_breaks(place, lambda seen: seen.id) for place in places),
        feed_breaks=sum(_breaks(place, lambda seen: seen.feed) for place in single) if single else None,
        seconds=seconds,
    )


def table(rows: Iterable[Row]) -> list[str]:
    """Return the lines of a Markdown table."""
    return _lines([list(TITLE), *(row.cells() for row in rows)])


def _lines(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table, its titles first."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sides = (str.ljust, *[str.rjust] * (len(cells[0]) - 1))
    lines = [f"| {' | '.join(map(lambda to, cell, width: to(cell, width), sides, line, widths))} |" for line in cells]
    rule = "|".join("-" * (width + 1) + (":" if number else "-") for number, width in enumerate(widths))
    return [lines[0], f"|{rule}|", *lines[1:]]


def seen(rows: Iterable[dict[str, Any]]) -> list[Seen]:
    """Return records, as they stand in files and topics, as what was seen of them."""
    return [Seen(row["id"], row["revision"]["n"], row["origin"]["feed"]) for row in rows]


def published(messages: Iterable[Any]) -> list[Seen]:
    """Return the messages of a topic as what was seen."""
    return seen(json.loads(message.value) for message in messages)


def _counted(many: Iterable[Seen]) -> Counter[tuple[str, int]]:
    return Counter((one.id, one.n) for one in many)


def _breaks(place: Place, group: Callable[[Seen], str | None]) -> int:
    """Count how often something arrived after what was accepted later, within each group."""
    order = {(one.id, one.n): number for number, one in enumerate(place.accepted)}
    last: dict[str | None, int] = {}
    broken = 0
    for one in place.arrived:
        number = order.get((one.id, one.n), -1)
        broken += number < last.get(group(one), -1)
        last[group(one)] = max(number, last.get(group(one), -1))
    return broken
