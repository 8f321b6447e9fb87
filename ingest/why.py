"""`newstap why`: what happened to a document, by the files of a sink, which may be written meanwhile."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from ingest import jobs, retracted, state
from ingest.logs import visible
from ingest.takedowns import line_of
from ingest.wiring import MIGRATIONS
from processors.identity import normalised
from processors.records import Article, Reason
from processors.topics import definitions
from processors.topics.tag import TagTopics
from sinks.codec import CodecError, decode_record
from sinks.files_reading import Line, read_lines
from sinks.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ingest.config import Config
    from ingest.retracted import Retracted
    from processors.records import Evidence
    from processors.topics.tag import Explanation

_METADATA = (
    *("url", "canonical_url", "authors", "published", "modified", "language", "site", "section", "summary", "image"),
    *("image_caption", "paywalled", "text_source"),
)
KINDS = ("records", "skipped", "dead-letters")
_AROUND = 40
"""Characters of context on each side of a phrase."""


def why(config: Config, wanted: str, folder: Path, out: IO[str] = sys.stdout) -> int:
    """Print all that is known of a document; return 0, or 1 where nothing is.

    Args:
        config: for the topics that are explained.
        wanted: a record id, a document id or a URL.
        folder: of a files sink.
        out: where to print.
    """
    found = list(_found(wanted, folder))
    taken = _taken(config, wanted, folder)
    out.writelines(f"{line_of(one)}\n" for one in taken)
    for kind, line, row in found:
        _tell(kind, line, row, out)
        if kind == "records":
            _explain(config, line, out)
        out.write("\n")
    if not found and not taken:
        print(f"{folder}: nothing with the id or URL {wanted!r}", file=sys.stderr)  # noqa: T201 - the command's answer
    return 0 if found or taken else 1


def _taken(config: Config, wanted: str, folder: Path) -> list[Retracted]:
    """Return what was taken down under this name, by the state of the folder's job, else of the service."""
    job = folder / jobs.STATE_FOLDER / "job.sqlite"
    if not job.exists() and not (config.state.path / state.FILE).exists():
        return []
    opened = Store(job, MIGRATIONS, beside=True) if job.exists() else state.beside(config.state.path)
    with closing(opened) as store, store.reading() as connection:
        return [one for one in retracted.every(connection) if one.id in {wanted, retracted.key_of(wanted)}]


def _found(wanted: str, folder: Path) -> Iterator[tuple[str, Line, dict[str, Any]]]:
    names = {wanted, normalised(wanted) or wanted}
    # A line that holds none of the names as text need not be parsed: most of a large folder is passed over at once.
    needles = [json.dumps(name, ensure_ascii=False)[1:-1].encode() for name in names]
    for kind in KINDS:
        for line in read_lines(folder / kind):
            if any(needle in line.body for needle in needles):
                row = json.loads(line.body)
                if names & _names(row):
                    yield kind, line, row


def _names(row: dict[str, Any]) -> set[str]:
    origin = row.get("origin") or {}
    gone = row.get("detail") if row.get("reason") == Reason.GONE else None
    values = [row.get("id"), row.get("url"), row.get("canonical_url"), origin.get("document_id"), gone]
    return {value for value in values if isinstance(value, str)}


def _tell(kind: str, line: Line, row: dict[str, Any], out: IO[str]) -> None:
    archive = (row.get("origin") or {}).get("archive") or {}
    came = f"{archive['file']}, byte {archive['offset']}" if archive else "not from an archive"
    if kind == "records":
        out.write(f"record {row['id']}, revision {row['revision']['n']}: {visible(row['title'])}\n")
        out.writelines(f"  {line}\n" for line in _values(row))
    elif kind == "skipped":
        out.write(f"skipped: {row['reason']}{': ' + visible(row['detail']) if row.get('detail') else ''}\n")
        if row["reason"] == Reason.GONE:
            out.write(f"  gone since {visible(str(row['origin']['fetched']))}, when that was confirmed\n")
    else:
        out.write(f"dead letter, attempt {row['attempt']}: {row['step']}: {visible(row['error'])}\n")
    out.write(f"  came from: {visible(came)}\n  stands in: {line.path}, line {line.number}\n")
    for cut in row.get("removed") or ():
        out.write(f"  removed by {cut['rule']}{_receipt(cut)}: {visible(cut['text'])}\n")


def _values(row: dict[str, Any]) -> Iterator[str]:
    """Give the metadata, each with where it comes from where that is known: records of earlier versions do not say."""
    sources = row.get("provenance") or {}
    for name in _METADATA:
        if row.get(name):
            value = ", ".join(row[name]) if isinstance(row[name], list) else str(row[name])
            yield visible(f"{name}: {value}{f' (from {sources[name]})' if name in sources else ''}")
    if "title" in sources:
        yield visible(f"title: from {sources['title']}")


def _receipt(cut: dict[str, Any]) -> str:
    """Say how often its site had shown a learned line by then."""
    if not cut.get("seen"):
        return ""
    return f" (on {cut['seen']} articles{' since ' + cut['since'][:10] if cut.get('since') else ''})"


def _explain(config: Config, line: Line, out: IO[str]) -> None:
    """Print what counted for each topic, by today's definitions."""
    try:
        record = decode_record(line.body)
    except CodecError as error:
        out.write(f"  topics cannot be explained: {error}\n")
        return
    known = definitions.load(None, config.topics.paths).names
    had = {tag.topic for tag in record.article.topics}
    topics = definitions.load([*config.topics.enabled, *had.intersection(known)], config.topics.paths)
    if record.fingerprint.get("topics") != topics.digest:
        out.write("  the topic definitions are not those it was tagged with; this is what today's say\n")
    out.writelines(f"  topic {name}: there is no such definition today\n" for name in sorted(had.difference(known)))
    tagger = TagTopics(topics)
    removed = _removed(tagger, record.article)
    for made in tagger.explain(record.article):
        sign = "topic" if made.tagged else "no topic"
        out.write(f"  {sign} {made.topic}: score {made.score:.2f}, threshold {made.threshold:.2f}\n")
        _write(chain(_findings(made, record.article), removed.pop(made.topic, ())), out)
    for topic, lines in removed.items():
        out.write(f"  no topic {topic}: no phrase in what was kept\n")
        _write(lines, out)


def _write(lines: Iterable[str], out: IO[str]) -> None:
    out.writelines(f"    {line}\n" for line in lines)


def _removed(tagger: TagTopics, article: Article) -> dict[str, list[str]]:
    """Return by topic the phrases in what boilerplate rules took out."""
    found: dict[str, list[str]] = {}
    for cut in article.removed:
        held = Article(title="", text=cut.text, language=article.language)
        for made in tagger.explain(held):
            for finding in made.findings:
                around = _context(held, finding.evidence)
                line = f"{finding.kind} in removed text, ignored: boilerplate, rule {cut.rule}: {around}"
                found.setdefault(made.topic, []).append(line)
    return found


def _findings(made: Explanation, article: Article) -> Iterator[str]:
    for finding in made.findings:
        ignored = f", ignored: {finding.ignored}" if finding.ignored else ""
        yield f"{finding.kind} in {finding.evidence.field}{ignored}: {_context(article, finding.evidence)}"


def _context(article: Article, e: Evidence) -> str:
    text = getattr(article, e.field) or ""
    return visible(f"…{text[max(0, e.start - _AROUND) : e.start]}[{e.phrase}]{text[e.end : e.end + _AROUND]}…")
