"""What a line looks like to the rules: folded for patterns, cut into keys for the prefilter, told apart as prose."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PLAIN: Final = {
    "’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...",
    "：": ":", "（": "(", "）": ")", "！": "!", "？": "?", "，": ",", "＝": "=", "／": "/", "｜": "|", "＠": "@",
    "ı": "i", "\u0307": "", "\u200b": "", "\ufeff": "", "\u200e": "", "\u200f": "",
}  # fmt: skip
_FANCY: Final = frozenset(_PLAIN)
UNSPACED: Final = re.compile(r"[@©ⓒ\u0900-\u097f\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""What is looked for anywhere in a line, for want of word boundaries that Python sees: Hindi has none, either."""
_SENTENCE: Final = re.compile(r"(?<=[!?。।؟])\s*(?=[^\s!?。।؟\"')\]])|(?<=[^\W\d]\.)\s+")
_KEY: Final = re.compile(r"(\w{1,6})\w*")
_EDGE: Final = " -*|:;!.,?>#~_=+[](){}\"'•·●▪■◆→›‹←▶►▼👉✔✅📱📲📩📧🔔⬇➡\ufe0f&/。！、「」【】『』《》〈〉▽△▲▼◇◆◎○☆★※・"
_DENSE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ENDS: Final = re.compile(r"[.!?…。！？।؟۔]['\"”’»)\]]*$")


def fold(line: str) -> str:
    """Return the line as patterns see it: lower case, single spaces, plain quotes, dashes and colons, i for ı."""
    line = line.lower()
    if not line.isascii():
        line = unicodedata.normalize("NFC", line)
        for mark in _FANCY.intersection(line):  # str.translate takes six times as long
            line = line.replace(mark, _PLAIN[mark])
        return " ".join(line.split())
    return " ".join(line.split()) if "  " in line or not line.isprintable() else line.strip(" ")


def core(folded: str) -> str:
    """Return a folded line without the marks at its edges: bullets, arrows, brackets, final punctuation."""
    return folded.strip(_EDGE)


def keys(folded: str) -> list[str]:
    """Return the first six letters of every word: what triggers are compared by, so that endings need no list."""
    found: list[str] = _KEY.findall(folded)
    return found


def start(inner: str) -> str:
    """Return what a core begins with, as `keys` has it; a single character in a script without spaces."""
    match = _KEY.match(inner)
    return "" if match is None else inner[0] if UNSPACED.match(inner) else match[1]


def sentences(folded: str) -> list[str]:
    """Return the sentences of a folded line: one for most of the lines that rules take."""
    return [part for part in _SENTENCE.split(folded) if part]


def is_prose(line: str) -> bool:
    """Whether a line is a paragraph of running text: long, and ending as a sentence does."""
    long = len(line) >= 80 or (len(line) >= 30 and len(_DENSE.findall(line)) >= 25)
    return long and (len(line) >= 200 or _ENDS.search(line) is not None)


def is_headline(line: str) -> bool:
    """Whether a line may be the title of another article: short, and no sentence."""
    return 0 < len(line) <= 140 and _ENDS.search(line) is None
