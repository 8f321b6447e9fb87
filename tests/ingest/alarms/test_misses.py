"""Items that come and go between two polls."""

from __future__ import annotations

from ingest.alarms import misses


def after(*lost: bool) -> misses.Misses:
    """What is known after documents, those that missed something marked."""
    known = misses.begin(100, 90)
    for one in lost:
        known = misses.seen(known, known.parsed + 1, known.missed + one)
    return known


def test_what_was_counted_before_anybody_looked_says_nothing() -> None:
    assert not misses.begin(100, 90).raised
    assert misses.share(misses.begin(100, 90)) == 0


def test_single_misses_are_no_alarm_and_a_fifth_of_the_documents_is() -> None:
    assert not after(True, True).raised
    assert not after(*[n % 40 == 0 for n in range(400)]).raised
    known = after(*[n % 5 == 0 for n in range(60)])
    assert known.raised
    assert 0.1 < misses.share(known) < 0.3


def test_an_alarm_ends_when_misses_do() -> None:
    raised = [n % 3 == 0 for n in range(60)]
    assert after(*raised, *[False] * 20).raised
    assert not after(*raised, *[False] * 120).raised


def test_counters_that_begin_again_are_no_misses() -> None:
    """A feed that was removed and added again has new counters."""
    known = misses.seen(after(*[False] * 20), 0, 0)
    assert (known.parsed, known.missed, known.lost) == (0, 0, 0)
