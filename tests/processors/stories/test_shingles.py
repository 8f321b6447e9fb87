from __future__ import annotations

from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.stories.postings import Postings
from processors.stories.shingles import LONGEST, hashed, numbers, sampled
from processors.stories.words import folded, words


def test_hashes_are_always_the_same() -> None:
    """What is kept by one process is read by another, perhaps of a later version: the values must never change."""
    found = hashed("the ferry has 14 seats, the ferry has 14 seats")

    assert found.words == 10
    assert found.whole == 269036074
    assert found.shingles.tolist() == [1834267226, 548659170, 1825187442, 979003543, 3350755054, 1834267226]
    assert found.numbers == [(3, 2064041833), (8, 2064041833)]


@given(st.lists(st.sampled_from(["a", "b", "7", "漢", "won't", "1,250.5"]), max_size=40))
def test_equal_words_give_equal_shingles_and_others_do_not(some: list[str]) -> None:
    found = hashed("; ".join(some))
    runs = [tuple(some[n : n + 5]) for n in range(len(some) - 4)]
    values = found.shingles.tolist()

    assert found.words == len(some)
    assert len(values) == len(runs)
    assert len(set(values)) == len(set(runs)) == len(set(zip(values, runs, strict=True)))
    assert found.unique.tolist() == sorted(set(values))
    assert [place for place, _ in found.numbers] == [n for n, word in enumerate(some) if word[0].isdigit()]


@settings(max_examples=100)
@given(st.text(alphabet=st.characters(max_codepoint=0xFFFE, exclude_categories=["Cs"]) | st.sampled_from(" '.,:7a")))
def test_words_are_those_of_terms(text: str) -> None:
    """But for what has several apostrophes: the hash of a text is not told by a list of words, for speed."""
    text = folded(text)

    assert "'" in text or hashed(text).words == len(words(text))


@settings(max_examples=200)
@given(st.text(st.sampled_from("0179٣๓\U0001d7d8.,:' aé漢\n"), max_size=40))
def test_numbers_are_the_same_whichever_way_they_are_hashed(text: str) -> None:
    assert numbers(text) == [code for _, code in hashed(text).numbers]


@given(st.text())
def test_any_text_has_hashes(text: str) -> None:
    found = hashed(folded(text))

    assert len(found.shingles) == max(0, found.words - 4)


def test_where_words_stand_makes_no_difference() -> None:
    """Of a long text the same words far behind have the same hashes as in front, and no more than so many are taken."""
    text = "the ferry to halvik sails twice a day. "
    far = hashed(text + "x " * 300 + text)

    assert set(hashed(text).unique) <= set(far.unique)
    assert far.shingles[:4].tolist() == far.shingles[-4:].tolist()
    assert hashed("word " * 5_000).words == LONGEST
    assert hashed("漢" * 50_000).words == LONGEST


@given(st.sets(st.integers(0, 2**32 - 1), max_size=400), st.sets(st.integers(0, 2**32 - 1), max_size=400))
def test_samples_of_two_texts_have_what_the_thinner_one_has_of_both(one: set[int], other: set[int]) -> None:
    """So a part finds its whole, and the whole its part."""
    thin, thick = sorted((array("I", sorted(one)), array("I", sorted(other))), key=len, reverse=True)

    common = set(sampled(thin)) & set(thick)
    assert common <= set(sampled(thick))
    assert len(one) >= 50 or set(sampled(array("I", one))) == one


@given(
    st.lists(st.lists(st.sampled_from([0, 1, 65_536, 65_537, 256, 2**32 - 1, 0x01000001]), unique=True), max_size=40),
    st.integers(0, 40),
    st.integers(1, 5),
)
def test_postings_give_the_latest_numbers_of_a_key(documents: list[list[int]], oldest: int, most: int) -> None:
    """As a dict of lists would; also where keys and numbers look like each other byte by byte."""
    index = Postings(most, 65_536)
    for number, keys in enumerate(documents):
        index.oldest = min(oldest, number)
        index.add(keys, number)
    index.oldest = oldest

    for key in (0, 1, 65_536, 65_537, 256, 2**32 - 1, 0x01000001, 7):
        wanted = [n for n, keys in enumerate(documents) if key in keys and n >= oldest][::-1][:most]
        assert dict(index.find([key])) == ({key: wanted} if wanted else {})


def test_what_has_left_takes_no_room() -> None:
    index = Postings(8, 16)
    for number in range(5_000):
        index.oldest = max(0, number - 10)
        index.add([16 * (number % 3)], number)

    assert len(index) < 50
    assert sum(len(bucket) for bucket in index._buckets if bucket is not None) == 8 * len(index)


def test_buckets_that_are_parted_lose_nothing() -> None:
    """Of 16 buckets they become more than 1,000, whose keys differ in higher bits; and what has left goes away."""
    index, wanted = Postings(4, 16), dict[int, list[int]]()
    for number in range(3_000):
        keys = [(number * 7919 + place * 104_729) % 30_011 << 7 for place in range(20)]
        index.oldest = max(0, number - 2_000)
        index.add(keys, number)
        for key in keys:
            wanted.setdefault(key, []).append(number)

    alive = {key: [n for n in numbers if n >= index.oldest][::-1][:4] for key, numbers in wanted.items()}
    assert dict(index.find(wanted)) == {key: numbers for key, numbers in alive.items() if numbers}
    assert len(index._buckets) > 1_000
    assert 40_000 <= len(index) < 50_000
