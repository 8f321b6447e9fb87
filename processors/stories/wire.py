"""Which news agency an article is from, as its credit or its dateline says.

Only where an agency is credited: "Reuters reported" in the text is no credit. Short names count in their own letters
only, and only between brackets, slashes or dashes, as agencies set them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from processors.records import Article

AGENCIES: Mapping[str, tuple[str, ...]] = {
    "AAP": ("AAP", "Australian Associated Press"),
    "AFP": ("AFP", "Agence France-Presse", "Agence France Presse", "أ ف ب", "АФП", "法新社"),
    "ANI": ("ANI", "Asian News International"),
    "ANP": ("ANP",),
    "ANSA": ("ANSA",),
    "AP": ("AP", "The Associated Press", "Associated Press", "美联社", "美聯社"),
    "APA": ("APA", "Austria Presse Agentur"),
    "Anadolu": ("AA", "Anadolu", "Anadolu Agency", "Anadolu Ajansı"),
    "Belga": ("Belga", "BELGA"),
    "Bernama": ("Bernama", "BERNAMA"),
    "Bloomberg": ("Bloomberg", "Bloomberg News"),
    "CNA": ("中央社",),
    "CTK": ("ČTK", "CTK"),
    "Canadian Press": ("The Canadian Press", "Canadian Press"),
    "EFE": ("EFE", "Agencia EFE"),
    "Europa Press": ("Europa Press", "EUROPA PRESS"),
    "IANS": ("IANS", "Indo-Asian News Service"),
    "Interfax": ("Interfax", "Интерфакс", "ИНТЕРФАКС", "Интерфакс-Украина"),
    "Jiji": ("Jiji Press", "JIJI", "時事通信", "時事"),
    "KCNA": ("KCNA", "조선중앙통신", "朝中社"),
    "Keystone-SDA": ("Keystone-SDA", "sda", "SDA", "ATS", "Keystone-ATS"),
    "Kyodo": ("Kyodo", "Kyodo News", "KYODO", "共同社", "共同通信", "共同"),
    "Lusa": ("Lusa", "Agência Lusa", "LUSA"),
    "MTI": ("MTI",),
    "NTB": ("NTB",),
    "PA": ("PA", "PA Media", "Press Association"),
    "PAP": ("PAP", "Polska Agencja Prasowa"),
    "PTI": ("PTI", "Press Trust of India"),
    "RIA Novosti": ("РИА Новости", "RIA Novosti"),
    "Reuters": ("Reuters", "REUTERS", "Thomson Reuters", "Рейтер", "رويترز", "路透社", "路透", "ロイター", "로이터"),
    "Ritzau": ("Ritzau", "/ritzau/"),
    "STT": ("STT",),
    "TASS": ("TASS", "ТАСС"),
    "TT": ("TT",),
    "UPI": ("UPI", "United Press International"),
    "Ukrinform": ("Укрінформ", "Ukrinform", "Укринформ"),
    "Xinhua": ("Xinhua", "XINHUA", "新华社", "新華社", "新华网"),
    "Yonhap": ("Yonhap", "Yonhap News Agency", "연합뉴스", "韩联社", "韓聯社", "聯合ニュース"),
    "dpa": ("dpa", "DPA", "Deutsche Presse-Agentur", "dpa-infocom"),
}
"""What we call an agency, and how it signs."""
_FRONT = 160
"""Characters of a text in which its dateline ends."""
_CREDIT = 160
"""Characters of a line that is a credit."""


class NameWire:
    """The step that does it."""

    name = "wire"

    def __call__(self, article: Article) -> Article:
        """Return the article with its agency, if it names one."""
        return replace(article, wire=wire_of(article))


def wire_of(article: Article) -> str | None:
    """Return the agency that an article credits: in its byline, else its dateline, else a line below or taken out."""
    places = _places()
    for author in article.authors:
        if found := places.byline.search(author):
            return places.agency(found)
    for pattern, text in _candidates(article):
        if found := pattern.search(text):
            return places.agency(found)
    return None


def _candidates(article: Article) -> Iterator[tuple[re.Pattern[str], str]]:
    places = _places()
    yield places.dateline, article.text[:_FRONT].partition("\n")[0]
    last = article.text.rstrip().rpartition("\n")[2]
    yield places.tail, last[-_CREDIT:]
    for line in (last, *(removal.text for removal in article.removed)):
        if len(line) <= _CREDIT:
            yield places.dateline, line
            yield places.credit, line


class _Places:
    """Where agencies are named, as patterns."""

    def __init__(self) -> None:
        self._agencies = {name: agency for agency, names in AGENCIES.items() for name in names}
        names = "|".join(sorted(map(re.escape, self._agencies), key=lambda name: (-len(name), name)))
        name = f"({names})"
        others = r"(?:\s?[/,&+]\s?[\w .'-]{2,40})?"
        self.byline = re.compile(rf"(?:^|[/,(|–—-]\s*|\b(?:with|and|und|et|y|e|via|for) ){name}(?:$|\s*[/,)|])")
        self.dateline = re.compile(
            rf"[(/\[（【]\s*{name}{others}\s*[)/\]）】]|[-–—]\s*{name}\s?[.:。]|^{name}\s?[-–—:]|^[（【]?{name}[^\s\w]?.{{0,16}}电"
        )
        self.tail = re.compile(rf"[(\[（]\s*{name}{others}\s*[)\]）]\W*$|\s[-–—]\s?{name}\W*$")
        self.credit = re.compile(
            rf"^\W*{name}{others}\W*$|(?i:©|\(c\)|\b(?:copyright|sources?|quelle|fonte|fuente|источник|via|with|from|by|von|"
            rf"mit|avec|con|com)\b)[^\n.]{{0,40}}?(?<!\w){name}(?=\W*$|[.,;] )",
        )

    def agency(self, found: re.Match[str]) -> str:
        """Return what we call the agency that was found."""
        return self._agencies[next(name for name in found.groups() if name)]


@cache
def _places() -> _Places:
    return _Places()
