"""From the tables of a definition file to a `Topic`, collecting every problem on the way."""

from __future__ import annotations

import copy
import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from processors.topics.aboutness import THRESHOLD
from processors.topics.model import Example, Kind, Phrase, Topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"(any|[a-z]{2,3})(-only)?")
_KINDS = tuple(kind.value for kind in Kind)
_TOP = ("name", "extends", "about", "country", "threshold", "policies", "examples", *_KINDS)
_POLICY = ("about", "counts", "examples", *_KINDS)
_NAME_LIMIT = 80
_PHRASE_LIMIT = 100


@dataclass(slots=True)
class Report:
    """Problems of one file, each `file: path: what; what would be right`."""

    file: str
    problems: list[str] = field(default_factory=list)

    def add(self, path: str, what: str, right: str) -> None:
        """Note one problem."""
        self.problems.append(f"{self.file}: {path}: {what}; {right}")

    def unknown(self, path: str, name: str, known: Iterable[str], what: str = "unknown key") -> None:
        """Note a name that is not among the known ones, with the nearest of them."""
        self.add(path, f"{what} {name!r}", nearest(name, known))


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean ...` where something is near, else all there is."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"


def read_topic(raw: dict[str, Any], report: Report, countries: Iterable[str]) -> Topic | None:
    """The topic of a file's tables, or None where there were problems, which `report` then holds."""
    before = len(report.problems)
    for key in raw:
        if key not in _TOP:
            report.unknown(key, key, _TOP)
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _NAME_LIMIT:
        what = "is missing" if name is None else f"{name!r} is no topic name"
        report.add("name", what, 'write lower-case words with hyphens, such as "arctic-shipping"')
    _check_plain(raw, report, countries)
    phrases = [*_phrases(raw, report, "")]
    examples = [*_examples(raw.get("examples", {}), report, "examples")]
    for policy, table in _policies(raw, report):
        found = [*_phrases(table, report, f"policies.{policy}.")]
        shown = [*_examples(table.get("examples", {}), report, f"policies.{policy}.examples")]
        if table.get("counts") is True:
            phrases += found
            examples += shown
    _check_phrases(phrases, report)
    if len(report.problems) > before:
        return None
    return Topic(
        name=str(name),
        about=raw.get("about", ""),
        country=raw.get("country"),
        threshold=float(raw.get("threshold", THRESHOLD)),
        phrases=tuple(phrases),
        examples=tuple(examples),
        source=report.file,
    )


def extended(base: dict[str, Any], raw: dict[str, Any], report: Report) -> dict[str, Any]:
    """The base's tables changed by a file that says `extends`.

    Single values and examples replace, phrases add, policies switch. A phrase that the extension lists leaves the
    classes that the base had it in, so that `not` can take one away.
    """
    merged = copy.deepcopy(base)
    named = {text for kind in _KINDS for _, text, _ in _strings(raw.get(kind))}
    for kind in _KINDS:
        for language, phrases in (merged.get(kind) or {}).items():
            merged[kind][language] = [text for text in phrases if text not in named]
        if isinstance(raw.get(kind), dict):
            table = merged.setdefault(kind, {})
            for language, phrases in raw[kind].items():
                table[language] = [*table.get(language, []), *phrases] if isinstance(phrases, list) else phrases
        elif kind in raw:
            merged[kind] = raw[kind]
    for key in ("about", "threshold", "country"):
        if key in raw:
            merged[key] = raw[key]
    merged["examples"] = raw.get("examples", {})
    for key in raw:
        if key not in _TOP or key == "name":
            report.unknown(key, key, set(_TOP) - {"name"})
    _switch(merged, raw.get("policies", {}), report)
    return merged


def _switch(merged: dict[str, Any], switches: object, report: Report) -> None:
    policies: dict[str, Any] = merged.setdefault("policies", {})
    if not isinstance(switches, dict):
        report.add("policies", "is no table", "write [policies] and a line such as hong-kong = true")
        return
    for name, value in switches.items():
        if name not in policies:
            report.unknown(f"policies.{name}", name, policies, "unknown policy")
        elif not isinstance(value, bool):
            report.add(f"policies.{name}", f"{value!r} is no switch", "write true or false")
        else:
            policies[name]["counts"] = value


def _check_plain(raw: dict[str, Any], report: Report, countries: Iterable[str]) -> None:
    threshold = raw.get("threshold", THRESHOLD)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
        report.add("threshold", f"{threshold!r} is out of range", "give a number between 0 and 1, such as 0.5")
    country = raw.get("country")
    if country is not None and not (isinstance(country, str) and country in countries):
        report.add(
            "country", f"{country!r} is no country code", 'give the ISO 3166 code, such as "CN", or leave it out'
        )
    if not isinstance(raw.get("about", ""), str):
        report.add("about", "is no text", "say in one line what the topic is")


def _policies(raw: dict[str, Any], report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    policies = raw.get("policies", {})
    if not isinstance(policies, dict):
        report.add("policies", "is no table", "write [policies.NAME] tables")
        return
    for name, table in policies.items():
        path = f"policies.{name}"
        if not isinstance(table, dict):
            report.add(path, f"{table!r} is no table", "a switch belongs in a file that says extends = ...")
            continue
        for key in table:
            if key not in _POLICY:
                report.unknown(f"{path}.{key}", key, _POLICY)
        if not isinstance(table.get("counts"), bool):
            report.add(f"{path}.counts", "is no switch", "say counts = true or counts = false")
        yield name, table


def _strings(table: object) -> Iterator[tuple[str, str, int]]:
    """Language, phrase and place of every well-formed entry."""
    if isinstance(table, dict):
        for language, phrases in table.items():
            if isinstance(phrases, list):
                yield from ((language, text, n) for n, text in enumerate(phrases) if isinstance(text, str))


def _phrases(raw: dict[str, Any], report: Report, path: str) -> Iterator[Phrase]:
    for kind in Kind:
        table = raw.get(kind.value, {})
        if not isinstance(table, dict):
            report.add(f"{path}{kind}", "is no table", f'write [{path}{kind}] and a line such as any = ["..."]')
            continue
        for language, phrases in table.items():
            if not _LANGUAGE.fullmatch(language):
                report.add(f"{path}{kind}.{language}", "is no language", 'use "any", a code such as "en", or "en-only"')
            elif not isinstance(phrases, list) or not all(isinstance(text, str) for text in phrases):
                report.add(f"{path}{kind}.{language}", "is no list of phrases", 'write ["...", "..."]')
        for language, text, n in _strings(table):
            problem = _phrase_problem(text)
            if problem:
                report.add(f"{path}{kind}.{language}[{n}]", f"{text!r} {problem[0]}", problem[1])
                continue
            only = language.removesuffix("-only") if language.endswith("-only") else None
            yield Phrase(text.removesuffix("*"), kind, stem=text.endswith("*"), only=only)


def _phrase_problem(text: str) -> tuple[str, str] | None:
    bare = text.removesuffix("*")
    if bare != " ".join(bare.split()) or not bare:
        return "is empty or has white space at an end or twice in a row", "write words with one space between"
    if "*" in bare:
        return "has a * that is not its last character", "only a word's ending can be left open"
    if len(bare) > _PHRASE_LIMIT:
        return "is too long", f"at most {_PHRASE_LIMIT} characters"
    if len(bare) == 1 and bare < "\u2e80":
        return "is a single letter", "write at least two"
    if not any(char.isalnum() for char in bare):
        return "has no letter", "write a word"
    return None


def _check_phrases(phrases: list[Phrase], report: Report) -> None:
    if not any(phrase.kind in (Kind.PRIMARY, Kind.SECONDARY) for phrase in phrases):
        report.add("primary", "no phrase", 'give at least one: [primary] any = ["..."]')
    seen: dict[tuple[str, str | None], Kind] = {}
    for phrase in phrases:
        kind = seen.setdefault((phrase.text, phrase.only), phrase.kind)
        if kind is not phrase.kind:
            report.add(phrase.kind, f"{phrase.text!r} is also in {kind}", "keep it in one class")


def _examples(table: object, report: Report, path: str) -> Iterator[Example]:
    if not isinstance(table, dict):
        report.add(path, "is no table", f'write [{path}] and must = ["..."], must_not = ["..."]')
        return
    for key, entries in table.items():
        if key not in ("must", "must_not"):
            report.unknown(f"{path}.{key}", key, ("must", "must_not"))
            continue
        for n, entry in enumerate(entries if isinstance(entries, list) else [None]):
            fields = {"text": entry} if isinstance(entry, str) else entry
            if isinstance(fields, dict) and _is_example(fields):
                yield Example(
                    text=fields.get("text", ""),
                    must=key == "must",
                    title=fields.get("title", ""),
                    language=fields.get("language"),
                )
            else:
                report.add(f"{path}.{key}[{n}]", "is no example", 'write "text" or {title = "...", text = "..."}')


def _is_example(fields: dict[str, Any]) -> bool:
    known = fields.keys() <= {"title", "text", "language"}
    return known and bool(fields) and all(isinstance(value, str) for value in fields.values())
