from __future__ import annotations

import pytest

from processors.language import decide, detected, primary

ENGLISH = "The canal between the two seas was opened in November after ten years of digging through sand and rock. " * 3
GERMAN = "Der Kanal zwischen den beiden Meeren wurde im November nach zehn Jahren Bauzeit feierlich eröffnet. " * 3
DANISH = "Kanalen mellem de to have blev åbnet i november efter ti års gravearbejde gennem sand og klipper. " * 3


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "en"),
        ("EN-us", "en"),
        ("pt_BR.UTF-8", "pt"),
        ("zh-Hant-TW", "zh"),
        ("iw", "he"),
        ("ger", "de"),
        ("en, fr", "en"),
        ("und", None),
        ("", None),
        (None, None),
        ("english", None),
        ("{{lang}}", None),
    ],
)
def test_primary_subtag(tag: str | None, expected: str | None) -> None:
    assert primary(tag) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        ("スエズ運河は十年の工事を経て開通した。", "ja"),
        ("수에즈 운하는 십 년의 공사 끝에 개통되었다.", "ko"),
        ("苏伊士运河于一八六九年十一月十七日正式通航，" * 5, "zh"),
        ("Суэцкий канал был открыт после десяти лет работ под руководством инженера из Франции. " * 2, "ru"),
    ],
)
def test_detector_knows_the_language(text: str, expected: str) -> None:
    found = detected(text)
    assert found is not None
    assert found[0] == expected


def test_too_little_text_says_nothing() -> None:
    assert detected("Hello") is None
    assert detected("1234 " * 100) is None


def test_declaration_counts_unless_a_confident_detector_disagrees() -> None:
    assert decide("de-AT", GERMAN) == "de"
    assert decide("en", GERMAN) == "de"
    assert decide("fr", "Suez") == "fr"
    assert decide(None, ENGLISH) == "en"
    assert decide(None, "Suez") is None


def test_near_relatives_are_no_disagreement() -> None:
    assert decide("nb-NO", DANISH) == "nb"
