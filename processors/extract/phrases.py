"""Asks whether a text has the words of a page that is no article; the words themselves are in `phrases.toml`.

They are evidence only: `gate` asks for the structure that goes with them. All texts are folded, as
`processors.boilerplate.lines.fold` does it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

LONGEST_LABEL = 60


def is_missing(part: str) -> bool:
    """Tell whether a title, or a part of it, says that there is no such page."""
    return _one_of("missing").fullmatch(part) is not None


def is_challenge(part: str) -> bool:
    """Tell whether a title, or a part of it, is that of a test for browsers."""
    return _one_of("challenge").fullmatch(part) is not None


def tests_browsers(text: str) -> bool:
    """Tell whether a text asks for JavaScript, or for a proof that no robot reads it."""
    return _one_of("tested").search(text) is not None


def asks_consent(paragraph: str) -> bool:
    """Tell whether a paragraph is about cookies and consent: two of their words at least."""
    return sum(1 for words in _each("consent") if words.search(paragraph)) >= 2


def accepts(label: str) -> bool:
    """Tell whether the label of a button or link accepts cookies, refuses them or asks which."""
    return len(label) <= LONGEST_LABEL and _one_of("accept").fullmatch(label) is not None


def asks_for_money(text: str) -> bool:
    """Tell whether a text says that the rest is for those who have paid, or are known."""
    return _one_of("pay").search(text) is not None


@cache
def _lists() -> dict[str, list[str]]:
    return tomllib.loads(resources.files(__package__).joinpath("phrases.toml").read_text("utf-8"))


@cache
def _each(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, _lists()[name]))


@cache
def _one_of(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _lists()[name]))
