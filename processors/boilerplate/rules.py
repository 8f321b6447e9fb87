"""Takes boilerplate lines out of a text by rules that are data (`*.toml` beside this file and the user's own)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors.boilerplate.files import RuleFiles
from processors.boilerplate.lines import core, fold, is_headline, is_prose, keys, sentences, start
from processors.boilerplate.load import Rule, RulesError, Where, parse
from processors.records import Removal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_TITLE_WITHIN = 6
"""Lines at the start of a text in which a repeated title is looked for."""
_BESIDE_WITHIN = 12
"""Lines above and below a taken one that its rule's `beside` patterns may take: the longest install steps have 6."""
_SENTENCES_WITHIN = 200
"""Characters of a line that is tried sentence by sentence."""
_REST_SHARE = 0.45
"""Of a text, by characters: what a heading may take with it at most."""
_REMARKS = 4
"""Remarks cut off the end of one paragraph at most."""
_MARKS = (". ", "! ", "? ", '." ', ".” ", "。", "！", "？", "؟ ", "। ")
__all__ = ["LineRules", "RulesError"]


class _Index:
    """Finds the rules that may take a line of up to `length` characters by the words in it."""

    def __init__(self, rules: Sequence[Rule], length: int) -> None:
        self._by_key: dict[str, tuple[int, ...]] = {}
        self._by_part: dict[str, dict[str, tuple[int, ...]]] = {}
        for number, rule in enumerate(rules):
            if rule.max_length < length:
                continue
            for key in rule.keys:
                self._by_key[key] = (*self._by_key.get(key, ()), number)
            for part in rule.parts:
                alike = self._by_part.setdefault(part[0], {})
                alike[part] = (*alike.get(part, ()), number)
        self._keys = frozenset(self._by_key)
        self._firsts = frozenset(self._by_part)

    def hits(self, folded: str) -> set[int]:
        """Return the numbers of those rules."""
        hits = [self._by_key[key] for key in self._keys.intersection(keys(folded))]
        if not folded.isascii() or "@" in folded:
            for first in self._firsts.intersection(folded):
                hits += [numbers for part, numbers in self._by_part[first].items() if part in folded]
        return {n for numbers in hits for n in numbers}


class LineRules:
    """A set of rules, compiled; build it once per process with `load`."""

    def __init__(self, rules: Iterable[Rule], digest: str) -> None:
        self.digest = digest
        self._whole = tuple(r for r in rules if r.where is not Where.END)
        self._end = tuple(r for r in rules if r.where is Where.END)
        self._longest = max((r.max_length for r in self._whole), default=0)
        self._longest_end = max((r.max_length for r in self._end), default=0)
        limits = sorted({r.max_length for r in self._whole})
        self._indexes = tuple((limit, _Index(self._whole, limit)) for limit in limits)
        self._spreading = frozenset(number for number, rule in enumerate(self._whole) if rule.besides)
        self._end_triggers = frozenset(trigger for rule in self._end for trigger in (*rule.keys, *rule.parts))

    @classmethod
    def load(cls, paths: Sequence[Path] = ()) -> LineRules:
        """Read the package's rules and the user's files, which are tried first.

        Raises:
            RulesError: with every problem of every file.
        """
        return cls.of(RuleFiles.read(paths))

    @classmethod
    def of(cls, files: RuleFiles) -> LineRules:
        """Build rules from files that were read before.

        Only the user's files are checked against themselves here: ours are by a test, which saves every worker 60 ms.

        Raises:
            RulesError: with every problem of every file.
        """
        rules: list[Rule] = []
        problems = list(files.problems)
        for number, (name, text) in enumerate(files.texts):
            found, wrong = parse(name, text, check=number < files.own)
            rules += found
            problems += wrong
        if problems:
            raise RulesError(problems)
        return cls(rules, files.digest)

    def match(self, line: str, *, language: str | None = None, host: str | None = None) -> str | None:
        """Return the name of the rule that takes the whole line, wherever it stands; None where none does."""
        rule = self._find(line, language, host)
        return rule.name if rule else None

    def apply(
        self, text: str, *, title: str | None = None, language: str | None = None, host: str | None = None
    ) -> tuple[str, tuple[Removal, ...]]:
        """Return the text (paragraphs joined by newlines) without boilerplate, and what was taken, in order, verbatim.

        With a title, a line among the first that repeats it goes too, by the rule `title`.
        """
        lines = text.split("\n")
        found = [self._find(line, language, host) for line in lines]
        taken = self._taken(lines, found)
        if title:
            _repeats(lines, title, taken)
        kept: list[str] = []
        removed: list[Removal] = []
        for line, rule in zip(lines, taken, strict=True):
            if rule is not None:
                removed.append(Removal(rule=rule, text=line))
                continue
            rest, cut = self._cut(line, language, host)
            kept += [rest] if rest or not cut else []
            removed += cut
        return "\n".join(kept), tuple(removed)

    def _find(self, line: str, language: str | None, host: str | None) -> Rule | None:
        """Return the first rule that takes the line, position aside.

        A line of several sentences goes where each is taken: `Get the news faster. Tap to install our app.`
        """
        if len(line) > 2 * self._longest:
            return None
        folded = fold(line)
        if not folded or len(folded) > self._longest or not (hits := self._hits(folded)):
            return None
        rule = self._first(folded, hits, language, host)
        return rule or self._of_sentences(folded, hits, language, host)

    def _of_sentences(self, folded: str, hits: set[int], language: str | None, host: str | None) -> Rule | None:
        if len(folded) > _SENTENCES_WITHIN:
            return None
        beside = [self._whole[number] for number in hits & self._spreading]
        found: list[Rule] = []
        if len(parts := sentences(folded)) < 2:
            return None
        for part in parts:
            rule = self._first(part, self._hits(part), language, host)
            if rule is None and not any(r.covers(language, host) and r.spreads(part) for r in beside):
                return None
            found += [rule] if rule and rule.where is Where.LINE else []
        return found[0] if found else None

    def _hits(self, folded: str) -> set[int]:
        """Return the numbers of the rules that a word of the line points to."""
        length = len(folded)
        index = next((index for limit, index in self._indexes if length <= limit), None)
        return index.hits(folded) if index else set()

    def _first(self, folded: str, hits: set[int], language: str | None, host: str | None) -> Rule | None:
        if not hits:
            return None
        inner = core(folded)
        first = start(inner)
        for number in sorted(hits):
            rule = self._whole[number]
            if rule.starts and first not in rule.starts:
                continue
            if rule.covers(language, host) and rule.fits(folded, inner):
                return rule
        return None

    def _taken(self, lines: Sequence[str], found: Sequence[Rule | None]) -> list[str | None]:
        """Return the name of the rule that takes each line where it stands."""
        prose = [i for i, line in enumerate(lines) if found[i] is None and is_prose(line)]
        first, last = (prose[0], prose[-1]) if prose else (0, len(lines))
        taken: list[str | None] = [None] * len(lines)
        for i, rule in enumerate(found):
            if rule and rule.where is Where.REST and _is_rest(lines, i):
                taken[i:] = [rule.name] * (len(lines) - i)
                break
            if rule and _is_there(rule.where, i, first, last):
                taken[i] = rule.name
        for i, rule in enumerate(found):
            if rule and taken[i] == rule.name:
                if rule.besides:
                    _spread(lines, i, rule, taken)
                if rule.follow and i > last:
                    _follow(lines, i, rule, taken)
        return taken

    def _cut(self, line: str, language: str | None, host: str | None) -> tuple[str, list[Removal]]:
        """Return a paragraph without the remarks at its end, and those."""
        cut: list[Removal] = []
        while len(cut) < _REMARKS and (place := _remark(line)):
            if len(line) - place > 2 * self._longest_end:
                break
            rule = self._at_end(line[place:], language, host)
            if rule is None:
                break
            cut.insert(0, Removal(rule=rule.name, text=line[place:].rstrip()))
            line = line[:place].rstrip()
        return line, cut

    def _at_end(self, remark: str, language: str | None, host: str | None) -> Rule | None:
        lowered = remark.lower()
        if not any(trigger in lowered for trigger in self._end_triggers):
            return None
        folded = fold(remark)
        found, inner = keys(folded), core(folded)
        ends = (r for r in self._end if r.hit(folded, found) and r.covers(language, host))
        return next((r for r in ends if r.fits(folded, inner)), None)


def _spread(lines: Sequence[str], start: int, rule: Rule, taken: list[str | None]) -> None:
    """Take the lines that touch a taken one, up and down, as far as the rule's `beside` patterns go."""
    below = range(start + 1, min(start + 1 + _BESIDE_WITHIN, len(lines)))
    above = range(start - 1, max(start - 1 - _BESIDE_WITHIN, -1), -1)
    for places in (above, below):
        for i in places:
            if lines[i].strip() and taken[i] is None:
                if len(lines[i]) > 2 * rule.max_length or not _goes_with(rule, fold(lines[i])):
                    break
                taken[i] = rule.name


def _is_there(where: Where, place: int, first: int, last: int) -> bool:
    """Tell whether a rule applies at a line, given the first and the last paragraph of prose."""
    if where is Where.LINE:
        return True
    return place < first if where is Where.HEAD else where is Where.TAIL and place > last


def _is_rest(lines: Sequence[str], place: int) -> bool:
    """Tell whether a line stands in the second half of a text, and what follows is the smaller part of it."""
    sizes = [len(line) for line in lines]
    return 2 * place >= len(lines) and sum(sizes[place:]) <= _REST_SHARE * sum(sizes)


def _goes_with(rule: Rule, folded: str) -> bool:
    return rule.spreads(folded) or all(map(rule.spreads, sentences(folded)))


def _follow(lines: Sequence[str], start: int, rule: Rule, taken: list[str | None]) -> None:
    """Take the headlines that stand below a heading such as `Related stories`."""
    for i in range(start + 1, min(start + 1 + rule.follow, len(lines))):
        if taken[i] is None:
            if not is_headline(lines[i].strip()):
                break
            taken[i] = rule.name


def _remark(line: str) -> int:
    """Return where a remark in brackets, or else the last sentence, at the end of a paragraph begins; 0 for none."""
    tail = line.rstrip()
    if tail.endswith((")", "]", "）", "】")):
        return max(tail.rfind(mark, 1) for mark in ("(", "[", "（", "【")) if len(tail) > 1 else 0
    start = max(tail.rfind(mark, 1, -1) for mark in _MARKS) if len(tail) > 2 else -1
    return start + 1 if start > 0 else 0


def _repeats(lines: Sequence[str], title: str, taken: list[str | None]) -> None:
    """Mark the line among the first that is the title again."""
    wanted = core(fold(title))
    for i in range(min(_TITLE_WITHIN, len(lines))):
        if wanted and taken[i] is None and core(fold(lines[i])) == wanted:
            taken[i] = "title"
