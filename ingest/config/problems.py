"""How a configuration's mistakes are told: every one at once, each with its place and what would be right."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.secret import mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT = "environment"
"""Stands for the file where a problem lies in an environment variable."""

MOST_TOLD = 100
"""Problems that are told; of more only the number."""
_SHOWN = 60
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake, or, among a configuration's warnings, one thing that is probably not meant."""

    source: str
    """The file as it was named, or `ENVIRONMENT`."""
    key: str
    """As in `feeds[3].url`; empty where the file as a whole is meant."""
    what: str
    right: str

    def __str__(self) -> str:
        place = f"{self.source}: {self.key}" if self.key else self.source
        return f"{place}: {self.what}; {self.right}"


class ConfigError(Exception):
    """The configuration cannot be used; `str` gives one line for each problem, of the first `MOST_TOLD`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        told = [*map(str, self.problems[:MOST_TOLD])]
        if more := self.problems[MOST_TOLD:]:
            told.append(f"{more[0].source}: {len(more)} problems more")
        super().__init__("\n".join(told))


class WrongError(Exception):
    """A value is not what its key takes. Raised by kinds, caught where the key is known."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(what, right)
        self.what = what
        self.right = right


def show(value: object) -> str:
    """Return a value as it may stand in an error: one short line, credentials of URLs masked.

    Of tables and arrays only the type is told, because a secret may lie in them.
    """
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _shortened(repr(mask_urls(value)))
    return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def dotted(table: str, key: str) -> str:
    """Return the path of a key in a table as TOML writes it: odd keys in quotes, all on one short line."""
    bare = _shortened(key if _BARE_KEY.fullmatch(key) else json.dumps(mask_urls(key)))
    return f"{table}.{bare}" if table else bare


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known word that an unknown one may have meant, if any is near."""
    return difflib.get_close_matches(word, sorted(known), n=1)


def suggestion(key: str, known: Iterable[str]) -> str:
    """Say what an unknown key may have meant: the nearest known one, or else all of them."""
    near = nearest(key, known)
    return f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(sorted(known))}"
