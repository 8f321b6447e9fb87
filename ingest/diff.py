"""`newstap replay … --diff`: what today's topic definitions would change in records, before anything is published."""

from __future__ import annotations

import io
import logging
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ingest.config.plugins import load_processors
from ingest.documents import DocumentError, document_of
from ingest.logs import visible
from ingest.recipe import Recipe, topics_of
from ingest.sources import archive
from ingest.sources.opening import InputError, discovered
from processors.chain import Chain
from processors.records import Failed, Form, Page, Record, Skipped
from processors.topics.tag import TagTopics
from sinks.codec import CodecError, decode_failed
from sinks.store import Store

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.config import Config
    from processors.records import Outcome, TopicTag
    from processors.topics.tag import Explanation

log = logging.getLogger(__name__)

SHOWN = 12
"""Different phrases that are listed with a topic."""
_Phrases = Counter[tuple[str, str]]
"""How often a phrase counts, by its field and itself."""
_Change = tuple[str, list[str]]
"""What it counts as in the summary, and the lines about it."""


def diff(
    config: Config,
    inputs: Sequence[str],
    topics: tuple[str, ...] | None,
    stop: threading.Event,
    out: IO[str] = sys.stdout,
) -> int:
    """Print the records that a replay would give other topics; return 0, or 1 if stopped before the end.

    Nothing is extracted, delivered or remembered. Skipped documents and dead letters are passed over.

    Args:
        config: for topics and processors.
        inputs: files, directories or `-`, of newstap's own records.
        topics: as in `Recipe`.
        stop: ends it early.
        out: where to print.

    Raises:
        InputError: an input cannot be used, or holds something else than records.
        TopicsError: topics are wrong.
        ConfigError: a processor cannot be built.
    """
    files, _ = discovered(inputs)
    tagger = TagTopics(topics_of(Recipe(config=config, topics=topics)))
    chain = Chain(readers={}, steps=(*load_processors(config), tagger), fingerprint={})
    told = _Told()
    for record, page in _records(files, config.fetch.max_page_bytes):
        if stop.is_set():
            log.warning("stopped after %d records", told.records)
            return 1
        changes = _changes(record, chain.again(record, page), tagger)
        out.writelines(f"{line}\n" for line in told.lines(record, changes))
    told.summary()
    return 0


def _records(files: Sequence[str], limit: int) -> Iterator[tuple[Record, Page]]:
    stdin = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="newstap-diff-"))
        store = stack.enter_context(closing(Store(Path(folder, "diff.sqlite"), (archive.SCHEMA,))))
        for entry in archive.ArchiveSource(files, store, max_page_bytes=limit, stdin=stdin).entries():
            if isinstance(entry.content, Failed):
                raise InputError(entry.content.error)
            if isinstance(entry.content, Page) and (record := _record_of(entry.content)):
                yield record, entry.content


def _record_of(page: Page) -> Record | None:
    """Return the record that a page holds; None for another line of newstap's own."""
    held, why = None, ""
    try:
        held = document_of(page) if page.form is Form.LINE else page
    except DocumentError as error:
        why = f" ({error})"
    if isinstance(held, Record):
        return held
    if isinstance(held, Skipped) or _is_dead_letter(page):
        return None
    where = page.origin.archive
    place = f"{where.file}: at byte {where.offset}" if where else "standard input"
    raise InputError(f"{place}: no record{why}; --diff compares newstap's own records, as in records/ of a files sink")


def _is_dead_letter(page: Page) -> bool:
    try:
        decode_failed(page.body)
    except CodecError:
        return False
    return True


@dataclass(slots=True)
class _Told:
    """Counts of what would change."""

    records: int = 0
    changed: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def lines(self, record: Record, changes: Iterable[_Change]) -> Iterator[str]:
        """Yield the lines about one record; none where it would stay as it is."""
        self.records += 1
        for number, (label, lines) in enumerate(changes):
            self.counts[label] += 1
            if number == 0:
                self.changed += 1
                yield f"record {record.id}, revision {record.revision.n}: {visible(record.article.title)}"
            yield from (f"  {line}" for line in lines)

    def summary(self) -> None:
        """Log the counts."""
        each = ", ".join(f"{label} {n}" for label, n in sorted(self.counts.items()))
        log.info("%d records compared, %d would change%s", self.records, self.changed, f": {each}" if each else "")
        log.info("nothing was delivered or remembered")


def _changes(record: Record, outcome: Outcome, tagger: TagTopics) -> Iterator[_Change]:
    """Yield each topic that would come, go, or have another score or other phrases."""
    if not isinstance(outcome, Record):
        yield _lost(outcome)
        return
    before = {tag.topic: tag for tag in record.article.topics}
    after = {tag.topic: tag for tag in outcome.article.topics}
    differing = sorted(name for name in before.keys() | after if before.get(name) != after.get(name))
    explained = {made.topic: made for made in tagger.explain(outcome.article)} if differing else {}
    for name in differing:
        old, new, made = before.get(name), after.get(name), explained.get(name)
        if new is None and old is not None:
            yield f"-{name}", [*_gone(old, made, tagger)]
        elif new is not None:
            yield f"{'~' if old else '+'}{name}", [*_kept(old, new, made)]


def _lost(outcome: Skipped | Failed) -> _Change:
    if isinstance(outcome, Skipped):
        return "skipped", [f"would be skipped ({outcome.reason}): {visible(outcome.detail or '')}"]
    return "dead letters", [f"would be a dead letter: {visible(outcome.error)}"]


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
