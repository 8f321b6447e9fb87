"""One automaton over every phrase of every topic, blocked phrase, other country and credit cue.

The scan is leftmost-longest over all of them, so a longer phrase of one topic may cover a shorter one of another
("China tariffs" of a user's trade topic over "China"). Each pattern therefore carries a plan, made once: its own
meanings and those of the patterns inside it. Patterns that begin inside a found one and go on beyond it are looked for
again. So the rule is leftmost-longest *for each owner*, among what passes its checks.
"""

from __future__ import annotations

from enum import IntEnum
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick_rs

from processors.topics.language import guess, primary_subtag
from processors.topics.model import STRENGTH, Kind, Phrase, Topics
from processors.topics.setting import CREDIT_CUES
from processors.topics.writing import WORD_CHARS, Edge, begins, left_edge, right_edge, variants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DFA_LIMIT = 250_000
"""Characters of patterns above which the automaton is not unrolled into a DFA: slower (2 to 3 times), but small."""


_WORD = int(Edge.WORD)
_START = itemgetter(0)


class Case(IntEnum):
    """How a phrase's capitals bind: one in lower case matches any case."""

    ANY = 0
    FIRST = 1
    """Written with a capital first letter: so must the match be."""
    UPPER = 2
    """Written in capitals: all cased letters must be."""
    INNER = 3
    """Capitals after a small first letter: those must be."""


_FIRST = int(Case.FIRST)


class Meaning(NamedTuple):
    """What a pattern stands for, with the checks that a match must pass. A tuple: one is unpacked for every hit."""

    first: int
    """Where it begins inside the pattern; above 0 for a shorter phrase that the pattern contains."""
    last: int
    owner: int
    left: int
    """An `Edge`, as a plain number."""
    right: int
    stem: bool
    case: int
    """A `Case`."""
    only: str | None
    kind: Kind
    weight: float
    text: str
    """The phrase as the definition has it."""


Hit = tuple[int, int, Meaning]
"""A phrase found: start and end in the scanned text, and its meaning. Plain: a class would double the time of a hit."""


class Matcher:
    """Finds the phrases; `owner` numbers the topics in order, then the other countries, then the credit cues."""

    def __init__(self, topics: Topics) -> None:
        self.topics = len(topics.topics)
        self.countries = len(topics.countries)
        self.credits = self.topics + self.countries
        self.codes = [*(topic.country for topic in topics.topics), *(code for code, _ in topics.countries)]
        entries = _entries([*(t.phrases for t in topics.topics), *(p for _, p in topics.countries), CREDIT_CUES])
        planned = _planned(entries)
        planned.sort(key=lambda pair: not _alive(pair[1], self.topics))
        self._live = sum(_alive(plan, self.topics) for _, plan in planned)
        self._plans = [plan for _, plan in planned]
        self._automaton = _automaton([pattern for pattern, _ in planned])
        self._overlaps = _overlaps([pattern for pattern, _ in planned])
        self._reach = max((len(pattern) for pattern, _ in planned), default=0)

    def find(self, original: str, folded: str, language: str | None) -> list[Hit]:
        """Every phrase that stands in the text and passes its checks, in order of position.

        Empty unless a phrase of a topic may be among them. The text begins and ends with a character of no word.
        """
        raw = self._automaton.find_matches_as_indexes(folded)
        if not raw:
            return []
        if self._overlaps:
            raw = self._with_overlapping(folded, raw)
        if min(raw)[0] >= self._live:
            return []
        hits: list[Hit] = []
        taken: dict[int, int] = {}
        gate = _Gate(folded, language)
        plans = self._plans
        for index, start, _ in raw:
            for meaning in plans[index]:
                owner = meaning.owner
                at = start + meaning.first
                if owner in taken and taken[owner] > at:
                    continue
                end = _end(original, folded, meaning, at, start + meaning.last)
                if end and (meaning.only is None or gate.opens(meaning.only)):
                    taken[owner] = end
                    hits.append((at, end, meaning))
        hits.sort(key=_START)
        return hits

    def _with_overlapping(self, folded: str, raw: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """Add the patterns that begin inside a found one and end after it: "the South" hides "South China Sea"."""
        overlaps = self._overlaps
        more = []
        for index, start, end in raw:
            for offset in overlaps.get(index, ()):
                at = start + offset
                found = self._automaton.find_matches_as_indexes(folded[at : at + self._reach])
                if found and found[0][1] == 0 and at + found[0][2] > end:
                    more.append((found[0][0], at, at + found[0][2]))
        return sorted(raw + more, key=_position) if more else raw


def _position(found: tuple[int, int, int]) -> tuple[int, int]:
    return found[1], -found[2]


class _Gate:
    """The text's language, guessed when first asked for."""

    __slots__ = ("_declared", "_folded", "_language")

    def __init__(self, folded: str, declared: str | None) -> None:
        self._folded = folded
        self._declared = declared
        self._language: str | None = None

    def opens(self, only: str) -> bool:
        """Whether a phrase of this language counts: the words decide, what was declared only where they are too few."""
        if self._language is None:
            self._language = guess(self._folded) or primary_subtag(self._declared) or "und"
        return self._language == only


def _end(original: str, folded: str, meaning: Meaning, start: int, end: int) -> int:
    """Where the match ends, its word included for a stem; 0 where a check fails."""
    left = meaning.left
    if left == _WORD:
        if WORD_CHARS[folded[start - 1]]:
            return 0
    elif left and not begins(folded, start, left):
        return 0
    if meaning.right and WORD_CHARS[folded[end]]:
        if not meaning.stem:
            return 0
        while WORD_CHARS[folded[end]]:
            end += 1
    case = meaning.case
    if case == _FIRST:
        return end if original[start].isupper() else 0
    return end if not case or _cased(original[start:end], meaning) else 0


def _cased(found: str, meaning: Meaning) -> bool:
    if meaning.case == Case.UPPER:
        return found[: len(meaning.text)].isupper()
    capitals = zip(found, meaning.text, strict=False)
    return all(char.isupper() for char, wanted in capitals if wanted.isupper())


def _case(phrase: str) -> Case:
    if phrase == phrase.lower():
        return Case.ANY
    letters = [char for char in phrase if char.isalpha()]
    if len(letters) > 1 and all(char.isupper() for char in letters):
        return Case.UPPER
    return Case.FIRST if phrase[0].isupper() else Case.INNER


def _alive(meanings: Sequence[Meaning], topics: int) -> bool:
    return any(meaning.owner < topics and meaning.kind is not Kind.NOT for meaning in meanings)


def _entries(owners: Sequence[Sequence[Phrase]]) -> dict[str, list[Meaning]]:
    entries: dict[str, list[Meaning]] = {}
    for owner, phrases in enumerate(owners):
        for phrase in phrases:
            for pattern in variants(phrase.text):
                meaning = _meaning(pattern, phrase, owner)
                known = entries.setdefault(pattern, [])
                if meaning not in known:
                    known.append(meaning)
    return entries


def _meaning(pattern: str, phrase: Phrase, owner: int) -> Meaning:
    return Meaning(
        first=0,
        last=len(pattern),
        owner=owner,
        left=int(left_edge(pattern)),
        right=int(right_edge(pattern)),
        stem=phrase.stem,
        case=int(_case(phrase.text)),
        only=phrase.only if phrase.text[0] < "\u0370" else None,
        kind=phrase.kind,
        weight=STRENGTH[phrase.kind],
        text=phrase.text,
    )


def _planned(entries: dict[str, list[Meaning]]) -> list[tuple[str, tuple[Meaning, ...]]]:
    """Each pattern with what it and the patterns inside it mean, in the order leftmost, longest."""
    patterns = sorted(entries)
    inner = ahocorasick_rs.AhoCorasick(patterns, implementation=ahocorasick_rs.Implementation.ContiguousNFA)
    plans = []
    for pattern in patterns:
        found = inner.find_matches_as_indexes(pattern, overlapping=True)
        inside = (m for index, start, end in found for m in _placed(pattern, entries[patterns[index]], start, end))
        plans.append(
            (pattern, tuple(sorted(inside, key=lambda m: (m.first, -m.last, m.owner, m.stem, m.kind is not Kind.NOT))))
        )
    return plans


def _placed(pattern: str, meanings: Sequence[Meaning], start: int, end: int) -> Iterator[Meaning]:
    """The meanings as they stand inside the pattern, without those that a boundary inside it rules out."""
    bounded = f"\n{pattern}\n"
    for meaning in meanings:
        if start and not begins(bounded, start + 1, meaning.left):
            continue
        if end < len(pattern) and meaning.right and not meaning.stem and WORD_CHARS[pattern[end]]:
            continue
        yield meaning._replace(first=start, last=end)


def _overlaps(patterns: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """By pattern, where inside it another may begin that goes on beyond it."""
    starts = {pattern[:length] for pattern in patterns for length in range(1, len(pattern))}
    found = {}
    for index, pattern in enumerate(patterns):
        bounded = f"\n{pattern}"
        offsets = tuple(
            offset
            for offset in range(1, len(pattern))
            if pattern[offset:] in starts and begins(bounded, offset + 1, left_edge(pattern[offset:]))
        )
        if offsets:
            found[index] = offsets
    return found


def _automaton(patterns: Sequence[str]) -> ahocorasick_rs.AhoCorasick:
    kinds = ahocorasick_rs.Implementation
    small = sum(map(len, patterns)) <= _DFA_LIMIT
    return ahocorasick_rs.AhoCorasick(
        patterns,
        matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
        store_patterns=False,
        implementation=kinds.DFA if small else kinds.ContiguousNFA,
    )
