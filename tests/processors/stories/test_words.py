from __future__ import annotations

import pytest

from processors.stories.shingles import hashed
from processors.stories.tongues import codes, function_words, guessed
from processors.stories.words import folded, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The U.S. won't pay 1,250.50 by 7:30", ["the", "u", "s", "won't", "pay", "1,250.50", "by", "7:30"]),
        ("won’t", ["won't"]),
        ("ＡＢＣ ﬁne", ["abc", "fine"]),
        ("北京新闻2026年", ["北", "京", "新", "闻", "2026", "年"]),
        ("กรุงเทพ", ["ก", "ร", "ุ", "ง", "เ", "ท", "พ"]),
        ("नई दिल्ली में", ["नई", "दिल्ली", "में"]),
        ("정부는 오늘", ["정부는", "오늘"]),
        ("٤٢ كتابا", ["٤٢", "كتابا"]),
        ("", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_numbers_of_any_script_are_told_with_their_places() -> None:
    found = hashed(folded("In 1987 ٤٢ of Žilina and 北5")).numbers

    assert [place for place, _ in found] == [1, 2, 7]


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("markets", "market", "en"),
        ("France's", "France", "en"),
        ("Олимпиада", "Олимпиаде", "ru"),
        ("Regierung", "Regierungen", "de"),
        ("الأولمبية", "أولمبية", "ar"),
        ("정부는", "정부가", "ko"),
    ],
)
def test_inflected_words_count_as_one(one: str, other: str, language: str) -> None:
    assert codes(words(one), language)[0] == codes(words(other), language)[0] != 0


def test_function_words_count_as_nothing() -> None:
    assert codes(["the", "der", "ferry"], "en")[0] == 0
    assert codes(["the", "der", "ferry"], "en")[1] != 0
    assert codes(["die"], "de") == [0]


def test_where_words_are_not_told_apart_pairs_of_characters_count() -> None:
    """The last character of a run has no pair, and a word in letters stays whole."""
    pair = codes(["北", "京", "x1"], "zh")

    assert pair[0] == codes(["北", "京"], "zh")[0] != 0
    assert pair[1] == 0
    assert pair[2] == codes(["x1"], "zh")[0] != 0


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Three athletes ruled out of the Games after testing positive", "en"),
        ("La selección española ya está en Tokio para los Juegos", "es"),
        ("Tokyo sans tambour ni trompette à une semaine du début des Jeux", "fr"),
        ("На Олимпиаде использовали слово, несмотря на запрет, но уже без флага", "ru"),
        ("Brasil estreia no remo com classificação para próxima fase da Olimpíada", "pt"),
        ("Quill", None),
    ],
)
def test_the_language_of_a_headline_is_guessed_by_its_function_words(title: str, language: str | None) -> None:
    assert guessed(words(title)) == language


def test_function_words_are_as_they_are_looked_up() -> None:
    """Folded, and each within its language once."""
    for language, found in function_words().items():
        assert all(words(word) == [word] for word in found), language
