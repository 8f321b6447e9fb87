from __future__ import annotations

import pytest

from processors.extract.people import names, unprefixed


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("By Ada Hartley", ("Ada Hartley",)),
        ("By ADA HARTLEY and Tom Brook, Staff Writers", ("ADA HARTLEY", "Tom Brook")),
        ("Ada Hartley & Tom Brook", ("Ada Hartley", "Tom Brook")),
        ("Von Anna Berg und Jan Meer", ("Anna Berg", "Jan Meer")),
        ("Text: Von Anna Berg", ("Anna Berg",)),
        ("Par Jean Dupont, correspondant à Berlin", ("Jean Dupont",)),
        ("Ana López y Pedro Gómez", ("Ana López", "Pedro Gómez")),
        ("Hartley, Ada", ("Ada Hartley",)),
        ("Ada Hartley | The Harbour Gazette", ("Ada Hartley",)),
        ("Ada Hartley (Berlin)", ("Ada Hartley",)),
        ("Ada Hartley, ada@gazette.example, @ada", ("Ada Hartley",)),
        ("記者王小明／台北報導", ("王小明",)),
        ("김철수 기자", ("김철수",)),
        ("Von der Leyen", ("Von der Leyen",)),
        ("Da Silva", ("Da Silva",)),
        ("Ada Hartley, Ada Hartley", ("Ada Hartley",)),
        ("von APA", ("APA",)),
        ("Anna Berg | Wirtschaftsredakteurin", ("Anna Berg",)),
        ("Ada Hartley / GAZETTE.EXAMPLE.COM", ("Ada Hartley",)),
        ("Hafenverlag Berg GmbH", ()),
    ],
)
def test_byline_gives_the_people_it_names(byline: str, expected: tuple[str, ...]) -> None:
    assert names([byline]) == expected


@pytest.mark.parametrize(
    "byline", ["", "by", "https://gazette.example/ada", "ada@gazette.example", "12 May 2020", "x" * 500]
)
def test_what_names_nobody_gives_nobody(byline: str) -> None:
    assert names([byline]) == ()


def test_agency_counts_only_alone() -> None:
    assert names(["Reuters"]) == ("Reuters",)
    assert names(["Ada Hartley", "Reuters"]) == ("Ada Hartley",)
    assert names(["By Ada Hartley, Reuters"]) == ("Ada Hartley",)


def test_names_are_told_apart_without_case() -> None:
    assert names(["Ada Hartley", "ADA HARTLEY", None]) == ("Ada Hartley",)


def test_prefix_goes_in_any_language_but_not_from_a_name() -> None:
    assert unprefixed("Por: Ana López") == "Ana López"
    assert unprefixed("Byron Hartley") == "Byron Hartley"
