"""What a member and its group say about who has what, told by a member in memory."""

from __future__ import annotations

import time

import pytest

from sinks.kafka_agreement import Agreement, OrphansError
from sinks.kafka_client import AwayError, Place

PATIENCE = 0.05


class Told:
    """A member whose group says what it is told to say, of three partitions."""

    def __init__(self, **held: str) -> None:
        self.held = held

    def shared_out(self) -> dict[str, frozenset[Place]]:
        return {name: places(numbers) for name, numbers in self.held.items()}

    def places(self) -> frozenset[Place]:
        return places("012")


def places(numbers: str) -> frozenset[Place]:
    return frozenset(Place("feeds", int(number)) for number in numbers)


def looked_at(told: Told, ours: str, instance: str = "one") -> Agreement:
    """Look again and again until patience has ended."""
    agreement = Agreement(told, instance, PATIENCE)  # type: ignore[arg-type]  # as much of a member as is asked
    look_on(agreement, ours)
    return agreement


def look_on(agreement: Agreement, ours: str) -> None:
    until = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < until:
        agreement.look(places(ours))
        time.sleep(PATIENCE / 20)


def test_nothing_is_amiss_where_both_say_the_same_and_nothing_is_left() -> None:
    looked_at(Told(one="01", two="2"), "01")


def test_what_the_group_counts_as_ours_and_we_do_not_ends_it_after_a_while() -> None:
    with pytest.raises(AwayError, match=r"the group counts the partitions 0, 1 as ours, we 1$"):
        looked_at(Told(one="01", two="2"), "1")
    with pytest.raises(AwayError, match=r"the group counts the partitions none as ours, we 2$"):
        looked_at(Told(two="01"), "2")


def test_partitions_of_nobody_are_the_business_of_the_first_by_name_alone() -> None:
    with pytest.raises(OrphansError, match="nobody has the partitions 1, 2;"):
        looked_at(Told(one="0", two=""), "0")
    looked_at(Told(one="", two="0"), "0", "two")


def test_it_counts_anew_after_a_gap_in_which_nobody_looked() -> None:
    """As of a process that was frozen."""
    told = Told(one="0", two="12")
    agreement = looked_at(told, "0")
    told.held["two"] = "1"
    time.sleep(2 * PATIENCE)
    agreement.look(places("0"))
    with pytest.raises(OrphansError):
        look_on(agreement, "0")
