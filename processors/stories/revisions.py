"""What a new state of an article changes: nothing, its looks, its wording, or what it says.

- none: the same characters but for white space, quotation marks and dashes;
- cosmetic: only lines that change by themselves (stamps, counters, buttons) differ;
- minor: wording, spelling, punctuation, a credit line;
- substantive: a sentence came or went, or a number, a negation, a name, a headline's words changed, or many words did,
  or a note says that it was corrected.

The rules look at sentences: those in both states are left out, the others are paired by their words. No language but
its function words and negations is known to them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING

from processors.records import Edit
from processors.stories.sentences import differing, plain, sentences
from processors.stories.tongues import function_words
from processors.stories.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processors.records import Article


class Class(StrEnum):
    """How much a revision changes."""

    NONE = "none"
    COSMETIC = "cosmetic"
    MINOR = "minor"
    SUBSTANTIVE = "substantive"


FIELDS = ("title", "text", "summary", "authors", "published", "modified", "section", "image")
"""What may be named as changed, in this order."""
ALIKE = 0.5
"""Of two sentences' words: so many are common where one is a new wording of the other."""
WORDS = 4
"""Words of a sentence that says something."""
MANY = 6
"""Changed words that count as much as another fact."""
HEADLINE = 2
"""The same of a headline."""
_PAIRED = 60
"""Changed sentences on each side that are paired; where there are more, the article is written anew."""
_SHOWN = 20
"""Changes that a diff shows."""
_LONGEST = 300
"""Characters of a sentence that it shows."""

_CORRECTION = re.compile(
    r"\b(?:correct(?:ion|s|ed|ing)|clarif(?:ication|ies|ied)|an earlier version|editor'?s note|erratum|"
    r"korrektur|berichtigung|anm\. d\. red|in einer früheren version|correction|rectificati(?:f|on)|erratum|"
    r"une version antérieure|corrección|rectificación|fe de errat|una versión anterior|correção|uma versão anterior|"
    r"correzione|errata corrige|sprostowanie|исправлен|уточнен|поправк|виправлен|düzeltme|更正|訂正|정정)",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"^\W*(?:(?:additional )?"
    r"(?:reporting|writing|editing|edited|written|compiled|research|translat\w+|photos?|graphics?)\b"
    r"|with (?:files|reporting)|(?:text|redaktion|mitarbeit|avec|con información|com informações)\s?[:\s])",
    re.IGNORECASE,
)
_NEGATIONS = frozenset(
    word
    for line in (
        "no not never none nor neither without cannot denies denied nicht kein keine keinen keiner nie ohne ne pas",
        "jamais aucun sans non ni nunca jamás sin não nem sem mai senza niet geen nooit zonder bez не нет ни без",
        "никогда ні немає ikke ingen aldri inte ingen aldrig ei değil yok hayır không tidak bukan لا لم لن ليس غير לא",
        "אין नहीं 不 没 無 无 未 非",
    )
    for word in line.split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """What a new state of an article changes."""

    kind: Class
    changed: tuple[str, ...] = ()
    """Names of fields, as in `FIELDS`."""
    numbers: tuple[tuple[str, str], ...] = ()
    """As they were and as they are; one of them empty where there was none."""
    correction: str | None = None
    """The sentence that says so."""
    edits: tuple[Edit, ...] = ()
    """The first of them, in the order of the new text, then what went."""


def revised(old: Article, new: Article) -> Revised:
    """Compare two states of an article."""
    changed = tuple(name for name in FIELDS if getattr(old, name) != getattr(new, name))
    before, after = differing(old.text, new.text)
    titles = [plain(old.title)], [plain(new.title)]
    if titles[0] == titles[1] and _solid(before) == _solid(after):
        return Revised(kind=Class.NONE, changed=changed)
    edits = [*_edits(*titles), *_edits(sentences(before), sentences(after))]
    if not edits:
        return Revised(kind=Class.COSMETIC, changed=changed)
    note = next((edit.new for edit in edits if _is_correction(edit)), None)
    return Revised(
        kind=Class.SUBSTANTIVE if note is not None or _says_more(old, new, edits) else Class.MINOR,
        changed=changed,
        numbers=tuple(number for edit in edits for number in _numbers(edit))[:_SHOWN],
        correction=note and note[:_LONGEST],
        edits=tuple(Edit(old=edit.old[:_LONGEST], new=edit.new[:_LONGEST]) for edit in edits[:_SHOWN]),
    )


def _solid(text: str) -> str:
    return "".join(plain(text).split())


def _edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    """Return what differs: rewordings and what came, in the order of the new sentences, then what went."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    left, added = _taken(old, gone), _taken(new, come)
    if len(left) > _PAIRED or len(added) > _PAIRED:
        return [Edit(old="", new=one) for one in added] + [Edit(old=one, new="") for one in left]
    edits = []
    for sentence in added:
        before = _nearest(sentence, left)
        if before is not None:
            left.remove(before)
        edits.append(Edit(old=before or "", new=sentence))
    return edits + [Edit(old=sentence, new="") for sentence in left]


def _taken(all_of: Iterable[str], some: Counter[str]) -> list[str]:
    rest = Counter(some)
    found = []
    for sentence in all_of:
        if rest[sentence] > 0:
            rest[sentence] -= 1
            found.append(sentence)
    return found


def _nearest(sentence: str, others: Sequence[str]) -> str | None:
    mine = words(sentence)
    best, found = ALIKE, None
    for other in others:
        theirs = words(other)
        common = (Counter(mine) & Counter(theirs)).total()
        ratio = 2 * common / (len(mine) + len(theirs)) if mine or theirs else 1.0
        if ratio >= best and (found is None or ratio > best):
            best, found = ratio, other
    return found


def _is_correction(edit: Edit) -> bool:
    return _CORRECTION.search(edit.new) is not None and _CORRECTION.search(edit.old) is None


def _says_more(old: Article, new: Article, edits: Sequence[Edit]) -> bool:
    """Say whether what the article says has changed."""
    title = len(_changed_words(Edit(old=plain(old.title), new=plain(new.title)), new.language))
    if title >= HEADLINE:
        return True
    total = 0
    for edit in edits:
        if _CREDIT.match(edit.new or edit.old):
            continue
        if _numbers(edit) or _is_other_fact(edit):
            return True
        total += len(_changed_words(edit, new.language))
    return total >= MANY


def _is_other_fact(edit: Edit) -> bool:
    if not edit.old or not edit.new:
        return len(words(edit.old or edit.new)) >= WORDS
    before, after = Counter(words(edit.old)), Counter(words(edit.new))
    differ = (before - after) + (after - before)
    if any(word in _NEGATIONS or word.endswith("n't") for word in differ):
        return True
    return bool(_names(edit.new, after - before) | _names(edit.old, before - after))


def _names(sentence: str, differ: Counter[str]) -> frozenset[str]:
    """Return the capitalised words inside a sentence, among those that differ."""
    inside = re.findall(r"[^\W\d_][\w'-]*", sentence)[1:]
    return frozenset(word for word in inside if word[0].isupper() and not word.isupper() and word.lower() in differ)


def _numbers(edit: Edit) -> list[tuple[str, str]]:
    """Return the numbers that changed, each with what stands in its place."""
    before = [word for word in words(edit.old) if word[0].isdigit()]
    after = [word for word in words(edit.new) if word[0].isdigit()]
    pairs: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            one, other = before[a:b], after[c:d]
            size = max(len(one), len(other))
            pairs += zip(one + [""] * (size - len(one)), other + [""] * (size - len(other)), strict=True)
    return pairs


def _changed_words(edit: Edit, language: str | None) -> list[str]:
    """Return the words of the new wording, or of the old where it has more, that the other has not."""
    empty = function_words().get(language or "en", frozenset())
    before, after = Counter(words(edit.old)), Counter(words(edit.new))
    gone, come = (before - after), (after - before)
    most = max(gone, come, key=lambda some: some.total())
    return [word for word in most.elements() if word not in empty]
