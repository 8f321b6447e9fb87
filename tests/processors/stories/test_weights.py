from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.stories.weights import TERMS, UNIT, Weights, vector

terms = st.dictionaries(st.integers(0, 2**32 - 1), st.integers(1, 30), max_size=60)


@given(st.lists(terms, max_size=5), terms)
def test_a_vector_is_of_the_heaviest_terms_and_of_one_length(others, mine) -> None:
    weights = Weights()
    for one in others:
        weights.add(one)
    order, heavy = weights.ranked(mine)
    found = vector(order, heavy)

    assert sorted(order) == sorted(mine)
    assert heavy == sorted(heavy, reverse=True)
    assert list(found) == order[: len(found)]
    assert len(found) <= TERMS
    assert not found or UNIT - len(found) <= sum(weight * weight for weight in found.values()) ** 0.5 <= UNIT + 1 + 1


def test_what_is_rare_weighs_more_and_what_has_left_counts_no_more() -> None:
    weights = Weights()
    for _ in range(50):
        weights.add([1])
    weights.add([2])
    order, heavy = weights.ranked({1: 1, 2: 1, 3: 1})

    assert order == [3, 2, 1]
    assert heavy[0] > heavy[1] > heavy[2]
    for _ in range(50):
        weights.remove([1])
    weights.remove([2])
    assert weights.ranked({1: 1, 2: 1})[1][0] == weights.ranked({1: 1, 2: 1})[1][1]


def test_a_word_of_every_document_of_a_large_window_weighs_next_to_nothing() -> None:
    weights = Weights()
    for _ in range(5_000):
        weights.add([1])
    _, (rare, common) = weights.ranked({1: 2, 2: 2})

    assert 0 <= common < rare / 100


def test_the_second_time_counts_less_than_the_first() -> None:
    once, twice = (Weights().ranked({1: n})[1][0] for n in (1, 2))

    assert once < twice < 2 * once + 1
