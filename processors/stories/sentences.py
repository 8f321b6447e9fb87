"""A text as sentences that can be compared: without what changes by itself, and with one spelling of each character."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SAME = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ‛`´′", "'"),
        **dict.fromkeys("“”„‟«»″「」『』", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "\xad": None,
        "\u200b": None,
        "\u200c": None,
        "\u200d": None,
        "\ufeff": None,
    }
)
_SPACE_BEFORE = re.compile(r"\s+(?=[,;:.!?)\]}%]|'s\b)|(?<=[(\[{])\s+")
_TITLES = "".join(
    rf"(?<!\b{title}\.)"
    for title in ("Mr", "Mrs", "Ms", "Dr", "St", "Prof", "Gen", "Sen", "Rep", "Gov", "Lt", "Col", "Mme")
)
"""What stands before a name and ends in a full stop, as initials do."""
# A small letter goes on: "of the U.S. mission".
_END = re.compile(
    rf"""(?<=[.!?…]){_TITLES}(?<!\b[A-Z]\.)["')\]]*\s+(?=["'(\[]?[^\W_a-z])"""
    r"""|(?<=[。！？])["')\]]*""",
)
# Lines that change without anybody writing: stamps, counters, bars of buttons, what is offered beside the article.
_VOLATILE = re.compile(
    r"^\W*(?:"
    r"(?:(?:last |first )?(?:updated|published|modified|posted)|aktualisiert|veröffentlicht|publié|mis à jour|"
    r"actualizado|publicado|atualizado|aggiornato|обновлено|опубликовано|更新|发布)\b.{0,60}"
    r"|\d+ (?:minutes?|hours?|days?|mins?|hrs?) ago"
    r"|\d[\d,.]* (?:comments?|shares?|views?|likes?|reads?|kommentare|commentaires|comentarios|комментари\w+)"
    r"|\d+ min(?:ute)?s? read"
    r"|(?:(?:share|tweet|email|print|save|copy link|facebook|twitter|whatsapp|linkedin|reddit|comment|follow|like)\W*)+"
    r"|(?:related|read more|read also|more on this|see also|recommended|most read|most popular|trending|"
    r"mehr zum thema|lire aussi|lea también|leia também|leggi anche|читайте также)\b.{0,120}"
    r"|(?:sign up|subscribe|get our)\b.{0,120}"
    r"|.{0,60}\b(?:newsletter|daily email|inbox)\b.{0,60}"
    r"|(?:copyright|©|\(c\)).{0,120}|all rights reserved.{0,40}"
    r"|(?:photo|image|advertisement|continue reading the main story|video|slideshow|loading|supported by|"
    r"story continues below(?: advertisement)?|\s)+"
    r")\W*$",
    re.IGNORECASE,
)
_LONGEST = 200
"""Characters of such a line."""
_ASIDE = re.compile(r"\b(?:advertisement |photo )*continue reading the main story\b", re.IGNORECASE)


def plain(text: str) -> str:
    """Return a text in one line: compatible characters, quotes and dashes alike, single spaces, none before a comma."""
    text = unicodedata.normalize("NFKC", text).translate(_SAME)
    return _SPACE_BEFORE.sub("", " ".join(text.split()))


def lasting(text: str) -> str:
    """Return the lines of a text that somebody wrote."""
    return "\n".join(line for line in text.split("\n") if not _is_volatile(line)) if text else ""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text's lasting lines, plain; lines of a paragraph may be broken anywhere."""
    whole = _ASIDE.sub("", plain(lasting(text)))
    return [sentence for part in _END.split(whole) if (sentence := part.strip(" \"'")) and not _is_volatile(sentence)]


def differing(old: str, new: str) -> tuple[str, str]:
    """Return two texts without the sentences that both begin with, and without those that both end with."""
    most = min(len(old), len(new))
    begin = _longest(most, lambda size: old[:size] == new[:size])
    begin = max((end for end in _ends(old, begin - _NEAR, begin)), default=0)
    end = _longest(most - begin, lambda size: old[len(old) - size :] == new[len(new) - size :])
    first = _ends(old, len(old) - end, len(old) - end + _NEAR)
    kept = len(old) - first[0] if first else 0
    return old[begin : len(old) - kept], new[begin : len(new) - kept]


_NEAR = 1_000
"""Characters in which a sentence ends."""


def _ends(text: str, low: int, high: int) -> list[int]:
    """Return where sentences end in a part of a text."""
    low = max(0, low)
    return [low + found.end() for found in _END.finditer(text[low:high]) if found.end() > 0]


def _longest(most: int, fits: Callable[[int], bool]) -> int:
    """Return the largest size that fits, where all smaller ones do."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _is_volatile(line: str) -> bool:
    return len(line) <= _LONGEST and _VOLATILE.match(line) is not None
