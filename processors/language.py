"""Which language a text is in: what the publisher declares, checked against a detector.

Declarations are wrong often enough (a template's `lang="en"` on a Turkish page) that a confident detector overrules
them; the detector errs on short texts and near relatives (Norwegian and Danish, Croatian and Serbian, Malay and
Indonesian), where a declaration wins. py3langid ships its model in its package.
"""

from __future__ import annotations

import re
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

SAMPLE = 1000
"""Characters the detector looks at; with 2,000 it takes twice as long and decides 1 of 474 pages of news otherwise."""
MIN_SAMPLE = 60
CONFIDENT = 0.95

_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][\w.@-]*)?\s*(?:[,;].*)?")
# ISO 639 codes that are no BCP 47 primary subtag in use: retired, or bibliographic three-letter ones.
_PREFERRED = {
    "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "eng": "en", "deu": "de", "ger": "de", "fra": "fr",
    "fre": "fr", "spa": "es", "por": "pt", "ita": "it", "rus": "ru", "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko",
    "ara": "ar", "nld": "nl", "dut": "nl", "pol": "pl", "tur": "tr", "ukr": "uk", "nob": "nb", "cn": "zh", "jp": "ja",
    "kr": "ko", "cz": "cs", "dk": "da", "gr": "el", "ua": "uk",
}  # fmt: skip
# What the detector calls by the name of a spoken form is written in the standard language.
_WRITTEN = {"wuu": "zh", "yue": "zh", "lzh": "zh", "pcm": "en"}
_NONE = frozenset(("und", "xx", "mul", "mis", "zxx"))
# A difference inside one of these groups is no disagreement: the detector cannot tell them apart well enough.
_RELATIVES = (
    frozenset(("no", "nb", "nn", "da")),
    frozenset(("hr", "sr", "bs", "sh", "sl", "cnr")),
    frozenset(("id", "ms", "jv", "su")),
    frozenset(("cs", "sk")),
    frozenset(("gl", "pt", "es", "ca", "an", "oc")),
    frozenset(("nl", "af", "fy", "lb")),
    frozenset(("zh", "yue", "wuu")),
    frozenset(("hi", "mr", "ne")),
    frozenset(("bg", "mk")),
    frozenset(("az", "tr")),
    frozenset(("fa", "ps", "ur", "ckb")),
    frozenset(("be", "uk", "ru")),
    frozenset(("xh", "zu", "st", "tn", "ss", "nr", "ts", "ve", "rw", "rn", "sw")),
    frozenset(("tl", "fil")),
)
# Letters that decide without a model: one script, one language of news.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u10a0-\u10ff]"), "ka"),
    (re.compile("[\u0530-\u058f]"), "hy"),
)


def primary(tag: str | None) -> str | None:
    """Return the primary subtag of a tag or locale (`en_GB.UTF-8`, `zh-Hant`), lower case; None where it is none."""
    match = _TAG.fullmatch(tag or "")
    if match is None:
        return None
    code = match[1].lower()
    code = _PREFERRED.get(code, code)
    return None if code in _NONE else code


def detected(text: str) -> tuple[str, float] | None:
    """Return the language and how sure the detector is (0 to 1), or None where there is too little text."""
    sample = _sample(text)
    letters = sum(1 for character in sample if character.isalpha())
    for script, code in _SCRIPTS:
        if letters and len(script.findall(sample)) > 0.1 * letters:
            return code, 1.0
    if letters < MIN_SAMPLE:
        return None
    code, sure = _identifier().classify(sample)
    return None if code in _NONE else (_WRITTEN.get(code, code), float(sure))


def decide(declared: str | None, text: str) -> str | None:
    """Return the language: as declared, unless the detector is confident that it is another, not merely a relative."""
    code = primary(declared)
    found = detected(text)
    if found is None:
        return code
    guess, sure = found
    if code is None:
        return guess if sure >= 0.5 else None
    if sure < CONFIDENT or any(code in group and guess in group for group in _RELATIVES):
        return code
    return guess


def _sample(text: str) -> str:
    """Take the middle of a long text: first lines hold names and datelines."""
    start = max(0, min(200, len(text) - SAMPLE))
    return text[start : start + SAMPLE]


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
