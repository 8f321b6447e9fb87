"""What fuzzing found once is not found again, and targets are what they say."""

from __future__ import annotations

from time import process_time

import pytest

from tests.fuzz.kept import FOLDER, LARGEST, every, kept
from tests.fuzz.targets import TARGETS

SECONDS = 10.0
"""CPU time of one input, at most: all of them take milliseconds."""


@pytest.mark.parametrize(("name", "file"), every())
def test_what_was_found_before_stays_mended(name: str, file: str):
    body = kept(TARGETS[name])[file]
    began = process_time()

    TARGETS[name].run(body)

    assert process_time() - began < SECONDS
    assert len(body) <= LARGEST


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_its_seeds_and_for_nothing_at_all(name: str):
    target = TARGETS[name]

    assert target.holds
    assert target.seeds
    for body in (b"", b"\x00", *target.seeds):
        target.run(body)


def test_every_kept_input_belongs_to_a_target():
    assert {folder.name for folder in FOLDER.iterdir()} <= set(TARGETS)
