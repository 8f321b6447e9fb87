"""The table of faults counts what it says: a table that cannot show a loss proves nothing."""

from __future__ import annotations

import pytest

from tests.faults import Place, Seen, judged, table

ACCEPTED = [Seen("a", 1, "x"), Seen("b", 1, "x"), Seen("a", 2, "x"), Seen("c", 1, "y"), Seen("b", 2, "x")]


@pytest.mark.parametrize(
    ("arrived", "lost", "duplicated", "per_key", "per_feed"),
    [
        pytest.param([0, 1, 2, 3, 4], 0, 0, 0, 0, id="as accepted"),
        pytest.param([3, 0, 1, 2, 4], 0, 0, 0, 0, id="feeds among each other"),
        pytest.param([0, 1, 2, 4], 1, 0, 0, 0, id="one lost"),
        pytest.param([0, 1, 1, 2, 3, 4], 0, 1, 0, 0, id="one twice"),
        pytest.param([0, 1, 1, 2, 4], 1, 1, 0, 0, id="one lost and another twice"),
        pytest.param([2, 0, 1, 3, 4], 0, 0, 1, 2, id="a revision before the one it revises"),
        pytest.param([1, 0, 2, 3, 4], 0, 0, 0, 1, id="two articles of one feed changed places"),
        pytest.param([], 5, 0, 0, 0, id="all lost"),
    ],
)
def test_each_count_is_of_its_own_thing(
    arrived: list[int], lost: int, duplicated: int, per_key: int, per_feed: int
) -> None:
    row = judged("trouble", [Place(ACCEPTED, [ACCEPTED[n] for n in arrived], one_partition=True)], 1.0)

    assert row[1:6] == (5, lost, duplicated, per_key, per_feed)


def test_what_was_never_accepted_counts_as_too_much() -> None:
    assert judged("trouble", [Place(ACCEPTED, [*ACCEPTED, Seen("d", 1, "x")])], None).duplicated == 1


def test_places_are_summed_up_and_the_table_says_where_there_is_no_figure() -> None:
    rows = [judged("two sinks", [Place(ACCEPTED, ACCEPTED), Place(ACCEPTED, ACCEPTED[1:])], None)]

    assert [cell.strip() for cell in table(rows)[2].split("|")[1:-1]] == ["two sinks", "5", "1", "0", "0", "–", "–"]
