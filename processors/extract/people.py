"""Author names out of bylines: no "By", no roles, no addresses, each name once.

An agency or a desk ("Reuters", "Staff") is kept only where it is the whole byline.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAMES = 12
MAX_BYLINE = 400
MAX_NAME = 60
MAX_WORDS = 6

_BY = re.compile(
    r"^\W*(?:(?:written|words|story|report(?:ed|ing)?|posted|published|texte?|texto|testo|analysis|opinion|foto)\s*"
    r"(?:by|von|par|por|di|:)|by|von|par|por|di|da|de la redacción|door|af|av|przez|autore?|author|автор|"
    r"кореспондент|yazan|oleh|bởi|γράφει(?: ο| η)?|"
    r"(?:文|撰文|記者|记者|作者|責任編輯|责任编辑|编辑|글|기자)\s*[:/／：])(?=[\s:：/／]|$)\s*[:：]?\s*|"
    r"^(?:記者|记者)(?=\S)",
    re.IGNORECASE,
)
_PARTICLE = re.compile(r"(?:von|di|da|de|af|av)\s", re.IGNORECASE)
_SPLIT = re.compile(r"\s*(?:;|\||/|、|，|•|·|\s&\s|\b(?:and|und|et|og|och|и|ve|dan)\b|\b[ey]\b(?=\s+[A-ZÀ-Þ]))\s*")
_ROLE = re.compile(
    r"\b(?:staff|senior|chief|correspondent|reporter|editor|writer|columnist|journalist|contributor|contributing|producer|"
    r"photographer|freelance|bureau|desk|team|special to|for the|redak\w*|redac\w*|journalistin?|korrespondent\w*|"
    r"journaliste|correspondante?|periodista|corresponsal|giornalista|inviato|repórter|jornalista|журналист|корреспондент|"
    r"muhabir|wartawan|director|analyst|professor|guest|ph\.?d|m\.?d|updated|published|gmbh|inc|llc|ltd|plc|corp)\b|"
    r"\w+(?:redakteur|redaktør)(?:in)?\b|기자$|特派员|特約",
    re.IGNORECASE,
)
_AGENCIES = re.compile(
    r"(?:the )?(?:associated press|ap|reuters|afp|agence france-presse|dpa|efe|ansa|xinhua|yonhap|kyodo|tass|"
    r"bloomberg(?: news)?|press association|pa media|upi|cnn|bbc(?: news)?|tt|ntb|apa|ritzau|pap|pti|ani|ians|"
    r"lusa|sda|admin|staff|newsroom|"
    r".*\b(?:news|staff|editors?|team|redaktion|redaction|rédaction|redacción|redazione|redação|desk|agency|media|online)"
    r"\b.*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+|@\w+|https?://\S+|www\.\S+")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,4}")
# What follows is no name: a site after a bar, the Korean and Chinese words for reporter or report.
_AFTER = re.compile(r"\s+\|\s.*$|\s*(?:기자|특파원|앵커)$|[／/]?\s*\w{0,4}(?:報導|报道)$")
_COMMA = re.compile(r"\s*,\s*")
_SURNAME_FIRST = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)?, [^\W\d_]+(?: [^\W\d_]\.?)?")


def names(bylines: Iterable[str | None]) -> tuple[str, ...]:
    """Return the people that the bylines name, in order."""
    found: dict[str, str] = {}
    for byline in bylines:
        for name in _people(byline or ""):
            found.setdefault(name.casefold(), name)
    agencies = [name for name in found if _AGENCIES.fullmatch(name)]
    people = [name for folded, name in found.items() if folded not in agencies]
    return tuple(people or found.values())[:MAX_NAMES]


def unprefixed(byline: str) -> str:
    """Return a byline without the "By" before it, in whatever language, once or twice ("Text: Von ...")."""
    while (shorter := _BY.sub("", byline, count=1).strip()) != byline:
        alone = " " not in shorter and not shorter.isupper()  # Di Maio is a name, "von APA" an agency
        if shorter[:1].islower() or (alone and _PARTICLE.match(byline)):  # von der Leyen
            break
        byline = shorter
    return byline


def _people(byline: str) -> list[str]:
    if len(byline) > MAX_BYLINE:
        return []
    byline = unprefixed(" ".join(_ADDRESS.sub(" ", byline).split()))
    byline = _AFTER.sub("", byline)
    if _SURNAME_FIRST.fullmatch(byline) and not _ROLE.search(byline):
        surname, _, first = byline.partition(", ")
        return [f"{first} {surname}"] if " " not in first and " " not in surname else _split(byline)
    return _split(byline)


def _split(byline: str) -> list[str]:
    parts = [part for chunk in _SPLIT.split(byline) for part in _COMMA.split(chunk)]
    named = [cleaned for part in parts if (cleaned := _name(part)) and not _ROLE.search(cleaned)]
    whole = _name(byline)
    return named or ([whole] if whole and _AGENCIES.fullmatch(whole) else [])


def _name(part: str) -> str:
    """Return a part as a name, or "" where it cannot be one."""
    name = re.sub(r"\s*[\(\[（].*$", "", unprefixed(part)).strip(" \t,.;:-–—|*\"'")
    words = name.split()
    if not words or len(name) > MAX_NAME or len(words) > MAX_WORDS or any(character.isdigit() for character in name):
        return ""
    if not any(character.isalpha() for character in name) or name.islower() or _HOST.fullmatch(name):
        return ""
    return name
