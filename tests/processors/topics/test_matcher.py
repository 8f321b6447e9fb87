import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.topics.language import guess, primary_subtag
from processors.topics.matcher import Matcher
from processors.topics.model import Kind, Phrase, Topic, Topics
from processors.topics.writing import fold, variants


def matcher(*topics, countries=()):
    made = tuple(
        Topic(name=f"t{n}", about="", country=None, threshold=0.5, phrases=tuple(phrases))
        for n, phrases in enumerate(topics)
    )
    return Matcher(Topics(made, tuple(countries), "0" * 16))


def phrase(text, kind=Kind.PRIMARY, only=None):
    return Phrase(text.removesuffix("*"), kind, stem=text.endswith("*"), only=only)


def find(text, *phrases, language=None):
    """The pieces of the text that a topic of these phrases finds."""
    made = matcher([phrase(one) if isinstance(one, str) else one for one in phrases])
    original = f"\x1f{text}\x1f"
    return [original[start:end] for start, end, _ in made.find(original, fold(original), language)]


def test_folding_keeps_every_length():
    for code in range(sys.maxunicode + 1):
        assert len(fold(chr(code))) == 1


@given(st.text())
def test_folding_is_lower_case_but_for_the_dotted_capital_i(text):
    assert fold(text) == text.replace("İ", "i").lower()


def test_variants_cover_spaces_hyphens_apostrophes_and_composition():
    forms = variants("Xi'an é Bay")
    assert {
        "xi'an é bay",
        "xi’an é bay",
        "xi'an-é-bay",
        "xi'an\u00a0é\u00a0bay",
        "xi'an\né\nbay",
        "xi'an e\u0301 bay",
    } <= forms


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        ("Shein and Sheinbaum", "Shein", ["Shein"]),
        ("Tirana, not Iran.", "Iran", ["Iran"]),
        ("the China_daily handle", "China", []),
        ('China\'s, (China) "China" China-made', "China", ["China"] * 4),
        ("在China投资", "China", ["China"]),
        ("NORTH KOREA and north korea and North\u00a0Korea", "North Korea", ["NORTH KOREA", "North\u00a0Korea"]),
        ("fine china, China", "China", ["China"]),
        ("chips and Chips and CHIPS", "chips", ["chips", "Chips", "CHIPS"]),
        ("The pla and Pla and PLA", "PLA", ["PLA"]),
        ("the koreas, The Koreas, THE KOREAS", "the Koreas", ["The Koreas", "THE KOREAS"]),
        ("россияне и Россия, Пруссия", "росси*", ["россияне", "Россия"]),
        ("Semiconductors and semiconducting", "semiconductor*", ["Semiconductors"]),
        ("Çin'in ve İÇİN için", "Çin", ["Çin"]),
        ("他在中国工作", "中国", ["中国"]),
        ("그 시대만 대만은 대만의", "대만", ["대만", "대만"]),
        ("प्राचीन चीन ने", "चीन", ["चीन"]),
        ("รัฐบาลรัสเซียประกาศ", "รัสเซีย", ["รัสเซีย"]),
        ("وروسيا بروسيا عروسيا", "روسيا", ["روسيا", "روسيا"]),
        ("والصين للصين حصين", "صين", ["صين", "صين"]),
        ("בסין וסין חסין", "סין", ["סין", "סין"]),
        ("casino-style Sino-Indian", "Sino-", ["Sino-"]),
        ("Xi’an and Xi'an", "Xi'an", ["Xi’an", "Xi'an"]),
    ],
)
def test_boundaries_case_and_inflection_by_script(text, written, found):
    assert find(text, written) == found


def test_longest_phrase_wins_and_hides_what_stands_inside():
    assert find("a Chinese restaurant in China", "Chinese", "China", phrase("Chinese restaurant*", Kind.NOT)) == [
        "Chinese restaurant",
        "China",
    ]


def test_shorter_phrase_counts_where_the_longer_one_fails_its_checks():
    assert find("Chinese restaurantgoers", "Chinese", "Chinese restaurant") == ["Chinese"]


def test_a_longer_phrase_of_one_topic_does_not_hide_a_shorter_one_of_another():
    made = matcher([phrase("China")], [phrase("China tariffs")])
    text = "\x1fChina tariffs\x1f"
    assert [(owner.owner, text[start:end]) for start, end, owner in made.find(text, fold(text), None)] == [
        (1, "China tariffs"),
        (0, "China"),
    ]


def test_overlapping_phrases_of_different_topics_are_both_found():
    made = matcher([phrase("the South")], [phrase("South China Sea")])
    text = "\x1fthe South China Sea\x1f"
    assert {text[start:end] for start, end, _ in made.find(text, fold(text), None)} == {"the South", "South China Sea"}


def test_text_with_other_countries_only_gives_nothing():
    made = matcher([phrase("China")], countries=[("JP", (phrase("Japan"),))])
    text = "\x1fJapan won.\x1f"
    assert made.find(text, fold(text), None) == []


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("La empresa rusa dice que no fue la causa de los daños en el puerto.", None, ["rusa"]),
        ("La empresa rusa dice que no fue la causa de los daños en el puerto.", "en", ["rusa"]),
        ("The rusa deer is on the list of the park.", "es", []),
        ("rusa", "es-MX", ["rusa"]),
        ("rusa", None, []),
    ],
)
def test_gated_phrase_needs_its_language_by_the_words_or_else_as_declared(text, language, found):
    assert find(text, phrase("rusa", only="es"), language=language) == found


def test_gate_is_for_latin_script_only():
    assert find("Россия", phrase("Россия", only="ru")) == ["Россия"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("der rat hat die brücke und das tor am montag gesperrt", "de"),
        ("le conseil a voté pour les travaux dans la ville", "fr"),
        ("il consiglio ha deciso che la strada non sarà chiusa", "it"),
        ("o conselho disse que não há uma data para as obras", "pt"),
        ("dewan itu tidak akan menutup jalan dan jembatan ini", "id"),
        ("hội đồng đã cho biết cầu không được sửa trong năm này", "vi"),
        ("belediye köprü için çok para ve zaman gerekiyor", "tr"),
        ("bridge", None),
        ("", None),
    ],
)
def test_language_is_guessed_from_function_words(text, language):
    assert guess(text) == language


def test_primary_subtag():
    assert [primary_subtag(tag) for tag in ("pt-BR", "zh_Hant", "EN", None, "")] == ["pt", "zh", "en", None, None]


def test_so_many_phrases_that_no_dfa_is_built_are_found_alike():
    filler = [phrase(f"{'very ' * 18}long phrase number {n}") for n in range(2_600)]
    text = "\x1fChina tariffs, the South China Sea\x1f"
    few, many = (matcher([phrase("China"), *more], [phrase("South China Sea")]) for more in ([], filler))
    assert few.find(text, fold(text), None) == many.find(text, fold(text), None) != []
