"""What is different between two states of an article, in lines for people."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from ingest.logs import visible
from processors.records import Failed, Record, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from processors.records import Article, Outcome, TopicTag
    from processors.topics.tag import Explanation, TagTopics

SHOWN = 12
"""Different phrases, or changed lines of a text, that are listed."""
AROUND = 40
"""Characters of context."""
_MOST = 4_000_000
"""Pairs of lines; comparing more would take seconds."""
_PLAIN = (
    *("title", "summary", "authors", "published", "modified", "language", "site", "section", "image"),
    *("url", "canonical_url", "text_source"),
)
"""Fields that are told by what they were and are."""
_Phrases = Counter[tuple[str, str]]
"""How often a phrase counts, by its field and itself."""


class Change(NamedTuple):
    """One thing that is different."""

    label: str
    """What it counts as: a field's name, or a topic's with `+`, `-` or `~`."""
    lines: list[str]


def changes(before: Article, outcome: Outcome, tagger: TagTopics) -> Iterator[Change]:
    """Yield what is different, topics last; nothing where an article stays as it was.

    Args:
        before: as it was published.
        outcome: what its document becomes now.
        tagger: of today's definitions, to tell what became of a phrase.
    """
    if not isinstance(outcome, Record):
        yield _lost(outcome)
        return
    after = outcome.article
    for name in _PLAIN:
        old, new = _plain(getattr(before, name)), _plain(getattr(after, name))
        if old != new:
            yield Change(name, [_scalar(name, old, new)])
    if before.text != after.text:
        yield Change("text", [*_text(before, after)])
    elif before.removed != after.removed:
        yield Change("removed", [*_removed(before, after)])
    yield from _topics(before, after, tagger)


def _lost(outcome: Skipped | Failed) -> Change:
    if isinstance(outcome, Skipped):
        return Change("skipped", [f"would be skipped ({outcome.reason}): {visible(outcome.detail or '')}"])
    return Change("dead letters", [f"would be a dead letter: {visible(outcome.error)}"])


def _plain(value: object) -> str | None:
    if isinstance(value, tuple):
        return ", ".join(value) or None
    isoformat = getattr(value, "isoformat", None)  # two times of one moment in two zones are not the same
    return isoformat() if isoformat is not None else value or None  # type: ignore[return-value] # a string or None


def _scalar(name: str, old: str | None, new: str | None) -> str:
    if new is None:
        return f"- {name} [{visible(old or '')}]"
    return f"+ {name} [{visible(new)}]" if old is None else f"~ {name} [{visible(old)}], now [{visible(new)}]"


def _text(before: Article, after: Article) -> Iterator[str]:
    """Yield the changed lines of a text, each stretch with the end of the line before and the begin of that behind."""
    old, new = before.text.split("\n"), after.text.split("\n")
    yield f"~ text of {len(before.text)} characters, now {len(after.text)}"
    if len(old) * len(new) > _MOST:
        return
    rules = {cut.text: f"removed by {cut.rule}" for cut in after.removed}
    rules_before = {cut.text: f"before removed by {cut.rule}" for cut in before.removed}
    shown = 0
    for kind, low, high, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        lines = [*_stretch(old[low:high], new[first:last], rules, rules_before)]
        if shown < SHOWN:
            yield from _context(old[:low], "  …", end=True)
            yield from lines[: SHOWN - shown]
            yield from _context(old[high:], "  …", end=False)
        shown += len(lines)
    if shown > SHOWN:
        yield f"  and {shown - SHOWN} other lines"


def _stretch(
    old: Sequence[str], new: Sequence[str], rules: Mapping[str, str], rules_before: Mapping[str, str]
) -> Iterator[str]:
    """Yield lines that went and lines that came; of a line that only changed, the part that did."""
    if len(old) == len(new) == 1:
        head = _alike(old[0], new[0])
        tail = _alike(old[0][head:][::-1], new[0][head:][::-1])
        yield f"  - [{_part(old[0], head, tail)}]"
        yield f"  + [{_part(new[0], head, tail)}]"
        return
    yield from (f"  - [{_clipped(line)}]{_because(rules.get(line))}" for line in old)
    yield from (f"  + [{_clipped(line)}]{_because(rules_before.get(line))}" for line in new)


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _part(line: str, head: int, tail: int) -> str:
    low, high = max(head - AROUND, 0), min(len(line) - tail + AROUND, len(line))
    middle = line[low:high]
    if len(middle) > 6 * AROUND:
        middle = f"{middle[: 3 * AROUND]} … {middle[-3 * AROUND :]}"
    return f"{'…' if low else ''}{visible(middle)}{'…' if high < len(line) else ''}"


def _clipped(line: str) -> str:
    return visible(line if len(line) <= 4 * AROUND else f"{line[: 4 * AROUND - 1]}…")


def _because(reason: str | None) -> str:
    return f" {reason}" if reason else ""


def _context(lines: Sequence[str], sign: str, *, end: bool) -> Iterator[str]:
    """Yield the end of the last line, or the begin of the first one, if there is any."""
    if lines:
        line = lines[-1][-AROUND:] if end else lines[0][:AROUND]
        yield f"{sign} {visible(line)}" if end else f"  {visible(line)} …"


def _removed(before: Article, after: Article) -> Iterator[str]:
    old, new = ([(cut.rule, cut.text) for cut in one.removed] for one in (before, after))
    yield "~ removed, by other rules or with other receipts"
    for sign, cuts in (("-", [cut for cut in old if cut not in new]), ("+", [cut for cut in new if cut not in old])):
        yield from (f"  {sign} {rule}: [{_clipped(text)}]" for rule, text in cuts[:SHOWN])


def _topics(before: Article, after: Article, tagger: TagTopics) -> Iterator[Change]:
    """Yield each topic that would come, go, or have another score or other phrases."""
    was = {tag.topic: tag for tag in before.topics}
    now = {tag.topic: tag for tag in after.topics}
    differing = sorted(name for name in was.keys() | now if _is_other(was.get(name), now.get(name)))
    explained = {made.topic: made for made in tagger.explain(after)} if differing else {}
    for name in differing:
        old, new, made = was.get(name), now.get(name), explained.get(name)
        if new is None and old is not None:
            yield Change(f"-{name}", [*_gone(old, made, tagger)])
        elif new is not None:
            yield Change(f"{'~' if old else '+'}{name}", [*_kept(old, new, made)])


def _is_other(old: TopicTag | None, new: TopicTag | None) -> bool:
    """Say whether a tag changed; that its phrases stand elsewhere in a changed text is no change of it."""
    if old is None or new is None:
        return old is not new
    return (old.score, _phrases(old)) != (new.score, _phrases(new))


def _kept(old: TopicTag | None, new: TopicTag, made: Explanation | None) -> Iterator[str]:
    if old is None:
        yield f"+ {new.topic} {new.score:.4f}"
        yield from _listed("", _phrases(new))
        return
    yield f"~ {new.topic} {old.score:.4f}, now {new.score:.4f}"
    yield from _listed("+ ", _phrases(new) - _phrases(old))
    yield from _listed("- ", _phrases(old) - _phrases(new), made)


def _gone(old: TopicTag, made: Explanation | None, tagger: TagTopics) -> Iterator[str]:
    if old.topic not in tagger.topics.names:
        yield f"- {old.topic} {old.score:.4f}, not among the topics looked for"
    elif made is None:
        yield f"- {old.topic} {old.score:.4f}, now no phrase of it"
    else:
        yield f"- {old.topic} {old.score:.4f}, now {made.score:.4f} under the threshold {made.threshold:g}"
    yield from _listed("", _phrases(old), made)


def _phrases(tag: TopicTag) -> _Phrases:
    return Counter((evidence.field, evidence.phrase) for evidence in tag.evidence)


def _listed(sign: str, phrases: _Phrases, made: Explanation | None = None) -> Iterator[str]:
    """Yield a line for each phrase, with what has become of it where that is known."""
    now = {(f.evidence.field, f.evidence.phrase): f.ignored for f in made.findings} if made else {}
    for (where, phrase), n in list(phrases.items())[:SHOWN]:
        times = f", {n} times" if n > 1 else ""
        ignored = f", ignored: {reason}" if (reason := now.get((where, phrase))) else ""
        yield f"  {sign}[{visible(phrase)}] in {where}{times}{ignored}"
    if len(phrases) > SHOWN:
        yield f"  {sign}and {len(phrases) - SHOWN} other phrases"
