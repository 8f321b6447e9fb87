"""Reads rule files and checks them; every problem of every file is reported at once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from processors.boilerplate.lines import UNSPACED, core, fold, keys, start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class RulesError(Exception):
    """Rule files that cannot be used; `problems` has each as `file: rule: what; what would be right`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Where(StrEnum):
    """Where in a text a rule applies."""

    LINE = "line"
    """A whole line, anywhere."""
    HEAD = "head"
    """A whole line before the first paragraph of prose."""
    TAIL = "tail"
    """A whole line after the last paragraph of prose."""
    REST = "rest"
    """A heading in the second half of a text, with all that stands below it."""
    END = "end"
    """A remark in brackets, or a last sentence, at the end of a paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One `[[rule]]` table."""

    name: str
    where: Where
    pattern: str
    """Patterns are compiled when a line first needs them: a worker that sees no Chinese compiles no Chinese rule."""
    besides: str
    max_length: int
    keys: frozenset[str]
    parts: tuple[str, ...]
    languages: frozenset[str]
    hosts: frozenset[str]
    follow: int
    unless: str
    starts: frozenset[str]
    """What its lines can begin with, where that is known: a shortcut past the patterns."""

    def takes(self, folded: str) -> bool:
        """Whether the rule takes a whole folded line, position aside."""
        return self.hit(folded, keys(folded)) and self.fits(folded, core(folded))

    def hit(self, folded: str, found: Iterable[str]) -> bool:
        """Whether a folded line, whose keys are `found`, holds a trigger."""
        return not self.keys.isdisjoint(found) or any(part in folded for part in self.parts)

    def fits(self, folded: str, inner: str) -> bool:
        """Whether the patterns take a folded line, whose core is `inner`."""
        if len(folded) > self.max_length or _compiled(self.pattern).fullmatch(inner) is None:
            return False
        return not self.unless or _compiled(self.unless).search(inner) is None

    def spreads(self, folded: str) -> bool:
        """Whether a folded line goes with a taken one that it touches."""
        if not self.besides or len(folded) > self.max_length:
            return False
        return _compiled(self.besides).fullmatch(core(folded)) is not None

    def covers(self, language: str | None, host: str | None) -> bool:
        """Whether the rule is for this page; a rule that names no language or no host is for all of them."""
        if self.hosts and not (host and any(host == h or host.endswith("." + h) for h in self.hosts)):
            return False
        return not (self.languages and language) or language.split("-")[0] in self.languages


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_KINDS: Final[dict[str, type]] = {
    "name": str, "where": str, "patterns": list, "words": list, "unless": list, "beside": list, "max_length": int,
    "triggers": list,
    "languages": list, "hosts": list, "follow": int, "least": int, "takes": list, "keeps": list,
}  # fmt: skip
_NEEDED: Final = ("name", "takes")
_PATTERNS: Final = ("patterns", "unless", "beside")
_MOST_WORDS: Final = 100
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NESTED: Final = re.compile(r"(?:[*+]|\{\d*,\d*\})\)(?:[*+]|\{\d*,\d*\})")


def parse(file: str, text: str, *, check: bool = True) -> tuple[list[Rule], list[str]]:
    """Return the rules of one file and its problems; without `check` only what is no TOML is one."""
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        return [], [f"{file}: not TOML: nested too deep; a rule needs three levels"]
    except ValueError as error:  # TOMLDecodeError is one; a date or a number out of Python's range is a bare one
        return [], [f"{file}: not TOML: {error}"]
    problems = [f"{file}: {key!r} is unknown; rules are [[rule]] tables" for key in tables if key != "rule"]
    given = tables.get("rule", [])
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        return [], [*problems, f"{file}: 'rule' is no array of tables; write [[rule]] above each"]
    rules: list[Rule] = []
    for number, table in enumerate(given, 1):
        found = (
            [f"{file}: rule {table.get('name', number)}: {problem}" for problem in _problems(table)] if check else []
        )
        problems += found
        if not found:
            rules.append(_rule(table))
        if check and not found:
            problems += [f"{file}: rule {table['name']}: {problem}" for problem in _examples(rules[-1], table)]
    return rules, problems


def _problems(table: dict[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if key not in _KINDS:
            near = get_close_matches(key, _KINDS, 1)
            yield f"{key!r} is unknown; {f'did you mean {near[0]!r}?' if near else 'known: ' + ', '.join(_KINDS)}"
        elif not _is_of(value, _KINDS[key]):
            wanted = "a list of strings" if _KINDS[key] is list else _KINDS[key].__name__
            yield f"{key!r} is {value!r}; it must be {wanted}"
    for key in _NEEDED:
        if not table.get(key):
            yield f"{key!r} is missing; every rule needs {' and '.join(_NEEDED)}"
    if not table.get("words") and not (table.get("patterns") and table.get("triggers")):
        yield "nothing to match; give 'patterns' with their 'triggers', or 'words'"
    yield from _values(table)


def _is_of(value: object, kind: type) -> bool:
    if isinstance(value, list):
        return kind is list and all(isinstance(v, str) for v in value)
    return isinstance(value, kind) and not isinstance(value, bool)


def _values(table: dict[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(str(table.get("name", "x"))):
        yield f"name {table['name']!r} is not a rule name; lower-case words joined by hyphens are"
    if table.get("where", "line") not in list(Where):
        yield f"where {table['where']!r} is unknown; one of {', '.join(Where)}"
    least = table.get("least", 1)
    if _is_of(least, int) and not 1 <= least <= _MOST_WORDS:
        yield f"least is {least}; it must be from 1 to {_MOST_WORDS}"
    for key in _PATTERNS:
        yield from _wrong_patterns(_strings(table, key))
    for pattern in (p for key in _PATTERNS for p in _strings(table, key)):
        if _NESTED.search(pattern):
            yield f"pattern {pattern!r} nests repetitions, which can take for ever; bound them, as in [^.]{{0,60}}"
        if fold(re.sub(r"\\.", "", pattern)) != " ".join(re.sub(r"\\.", "", pattern).split()):
            yield f"pattern {pattern!r} cannot match; lines are lower case with ' \" - for quotes and dashes, i for ı"
    for trigger in _strings(table, "triggers"):
        if not UNSPACED.search(trigger) and len(keys(trigger)) != 1:
            yield f"trigger {trigger!r} is not one word; a trigger is a word that every line taken contains"


def _wrong_patterns(patterns: list[str]) -> Iterator[str]:
    """Tell each pattern that cannot be used as it will be: within a group, and beside the others."""
    wrong = [(pattern, why) for pattern in patterns if (why := _uncompiled([pattern]))]
    for pattern, why in wrong:
        yield f"pattern {pattern!r} is no regular expression: {why}"
    if not wrong and (why := _uncompiled(patterns)):
        yield f"patterns {patterns!r} cannot stand beside each other: {why}"


def _uncompiled(patterns: Sequence[str]) -> str:
    """Return why patterns, joined, are no regular expression; "" where they are one."""
    try:
        re.compile(_joined(patterns))
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def _strings(table: dict[str, Any], key: str) -> list[str]:
    value = table.get(key, [])
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _rule(table: dict[str, Any]) -> Rule:
    words = sorted(map(fold, table.get("words", ())), key=len, reverse=True)
    triggers = [fold(t) for t in table.get("triggers", ())] + ([] if "triggers" in table else words)
    return Rule(
        name=table["name"],
        where=Where(table.get("where", "line")),
        pattern=_joined([*table.get("patterns", ()), *_list_of(words, table.get("least", 1))]),
        unless=_joined(table.get("unless", ())),
        besides=_joined(table.get("beside", ())),
        max_length=table.get("max_length", 160),
        keys=frozenset().union(*(keys(t) for t in triggers if not UNSPACED.search(t))),
        parts=tuple(t for t in triggers if UNSPACED.search(t)),
        languages=frozenset(table.get("languages", ())),
        hosts=frozenset(table.get("hosts", ())),
        follow=table.get("follow", 0),
        starts=frozenset() if table.get("patterns") else frozenset(map(start, words)),
    )


def _list_of(words: Sequence[str], least: int) -> list[str]:
    """Return a pattern for a line of nothing but these words; atomic: `copy` and `copy link` would multiply paths."""
    word = f"(?>{'|'.join(map(re.escape, words))})"
    return [rf"{word}(?:[\s,|/&·•:;+()-]+{word}){{{least - 1},}}+"] if words else []


def _joined(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{p})" for p in patterns)


def _examples(rule: Rule, table: dict[str, Any]) -> Iterator[str]:
    """A rule that misses its own examples has a wrong trigger, length or pattern."""
    for line in table["takes"]:
        if not rule.takes(fold(line)):
            yield f"does not take its example {line!r}; look at its triggers, max_length and patterns"
    for line in table.get("keeps", ()):
        if rule.takes(fold(line)):
            yield f"takes {line!r}, which it says it keeps"
