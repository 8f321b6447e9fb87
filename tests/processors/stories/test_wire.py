from __future__ import annotations

import pytest

from processors.records import Article, Removal
from processors.stories.wire import AGENCIES, NameWire, wire_of


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("LONDON (Reuters) - The ferry sails again.", "Reuters"),
        ("HALVIK, March 3 (Reuters) – The ferry sails again.", "Reuters"),
        ("(Updates with quote) OSLO, June 17 (Reuters) - The ferry sails.", "Reuters"),
        ("WASHINGTON (AP) — The ferry sails again.", "AP"),
        ("Halvik (dpa) - Die Fähre fährt wieder.", "dpa"),
        ("Halvik (dpa/lni) - Die Fähre fährt wieder.", "dpa"),
        ("МОСКВА, 5 марта. /ТАСС/. Паром снова ходит.", "TASS"),
        ("МОСКВА, 3 мар - РИА Новости. Паром снова ходит.", "RIA Novosti"),
        ("新华社北京3月5日电 渡轮复航。", "Xinhua"),
        ("(서울=연합뉴스) 페리가 다시 운항한다.", None),
        ("(연합뉴스) 페리가 다시 운항한다.", "Yonhap"),
        ("The ferry sails again.\n(With inputs from PTI)", "PTI"),
        ("The ferry sails again.\nSource: AFP", "AFP"),
        ("The ferry sails again. (ANSA)", "ANSA"),
        ("The ferry sails again.\nAFP", "AFP"),
        ("The ferry sails again, Reuters reported on Monday.", None),
        ("The gallery was curated by AP photo editors.", None),
        ("The PA system failed. AP English is taught here.", None),
        ("", None),
    ],
)
def test_an_agency_is_named_where_it_is_credited(text, agency) -> None:
    assert wire_of(Article(title="Ferry", text=text)) == agency


@pytest.mark.parametrize(
    ("author", "agency"),
    [
        ("Reuters", "Reuters"),
        ("The Associated Press", "AP"),
        ("Ada Quill, Associated Press", "AP"),
        ("dpa/Ben Inkwell", "dpa"),
        ("Staff and AFP", "AFP"),
        ("Ada Reuters", None),
        ("Ada Quill", None),
    ],
)
def test_an_agency_is_named_by_the_byline(author, agency) -> None:
    assert wire_of(Article(title="Ferry", text="The ferry sails.", authors=(author,))) == agency


def test_what_was_taken_out_of_the_text_is_looked_at() -> None:
    removed = (Removal(rule="copyright", text="Copyright 2026 The Associated Press. All rights reserved."),)

    assert wire_of(Article(title="Ferry", text="The ferry sails.", removed=removed)) == "AP"


def test_the_step_names_it() -> None:
    article = NameWire()(Article(title="Ferry", text="HALVIK (AFP) - The ferry sails."))

    assert article.wire == "AFP"


def test_no_two_agencies_sign_alike() -> None:
    names = [name for signatures in AGENCIES.values() for name in signatures]

    assert len(names) == len(set(names))
