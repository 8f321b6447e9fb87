"""Every target's promise over edited seeds: few and always the same in `make test`, many and others in `make fuzz`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from tests.fuzz.target import Target

LONG = os.environ.get("NEWSTAP_LONG") == "1"
EXAMPLES = 500 if LONG else 40


@st.composite
def edited(draw: st.DrawFn, target: Target) -> bytes:
    """A seed of the target with some of its parts left out, doubled, or replaced by words and bytes."""
    body = draw(st.sampled_from(target.seeds))
    put = st.binary(max_size=8) | (st.sampled_from(target.words) if target.words else st.nothing())
    for _ in range(draw(st.integers(0, 5))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(body))] * 2)))
        middle = draw(put | st.just(body[start:end] * 2))
        body = body[:start] + middle + body[draw(st.sampled_from([start, end])) :]
    return body


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=EXAMPLES,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_the_promise_holds_for_edited_seeds(name: str, data: st.DataObject):
    target = TARGETS[name]

    target.run(data.draw(edited(target) | st.binary(max_size=64)))
