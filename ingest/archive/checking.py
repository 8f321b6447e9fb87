"""Checks a whole archive: framing, digests, what belongs together, indexes, and what records were made with."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from ingest.archive import index
from ingest.archive.files import files_of
from ingest.archive.reading import Stored, stored
from ingest.knowledge import FOLDER, Fingerprint, Knowledge, KnowledgeError
from ingest.recipe import Recipe
from ingest.sources.http import checked_digest
from processors.profiles.snapshot import version_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.config import Config

_KINDS = frozenset({"page", "entry", "skipped", "feed", "retracted"})
_NO_DOCUMENTS = frozenset({"feed", "retracted"})
_WITH_RESPONSE = frozenset({"page", "feed"})


class Problem(NamedTuple):
    """Something that is not as it should be."""

    file: Path
    offset: int | None
    """None where it is about the whole file."""
    what: str


class Checked:
    """One look through an archive; `problems` yields what is wrong, and the numbers are right once that has ended.

    Args:
        path: the archive's folder.
        config: what a chain is built from, beside what the archive holds.
        end: bytes of the file being written that count; None where that is not known: all of them.
    """

    def __init__(self, path: Path, config: Config, end: int | None) -> None:
        self._path = path
        self._config = config
        self._end = end
        self._fingerprints: dict[str, tuple[Path, int]] = {}
        self.files = self.records = self.documents = 0

    def problems(self) -> Iterator[Problem]:
        """Yield every problem, file by file."""
        files = files_of(self._path)
        last = max(files, default=0)
        for number, file in files.items():
            self.files += 1
            yield from self._file(file, self._end if number == last else None)
            yield from _index(file, is_last=number == last)
        yield from self._knowledge()

    def _file(self, file: Path, end: int | None) -> Iterator[Problem]:
        expected: tuple[str, ...] = ("warcinfo",)
        together: str | None = None
        for record in stored(file, end=end):
            if not isinstance(record, Stored):
                yield Problem(file, record.place.in_file, record.error)
                continue
            self.records += 1
            yield from (Problem(file, record.offset, what) for what in _digests(record))
            if record.kind not in expected:
                wanted = " or ".join(expected)
                yield Problem(file, record.offset, f"a {record.kind} record where {wanted} should be")
            if record.kind == "metadata":
                yield from self._told(file, record)
                together = record.headers.get("warc-concurrent-to")
            if record.kind == "response" and record.headers.get("warc-record-id") != together:
                yield Problem(file, record.offset, "a response that the metadata before it does not name")
            expected = _next(record)

    def _told(self, file: Path, record: Stored) -> Iterator[Problem]:
        told = record.told
        kind = record.told_kind
        if told.get("schema") != 1 or kind not in _KINDS:
            yield Problem(file, record.offset, "metadata that is not as docs/archive-format.md says")
            return
        self.documents += kind not in _NO_DOCUMENTS
        if told.get("fingerprint"):
            self._fingerprints.setdefault(json.dumps(told["fingerprint"], sort_keys=True), (file, record.offset))

    def _knowledge(self) -> Iterator[Problem]:
        """Find again everything that entries name, and compare its digest."""
        knowledge = Knowledge(self._path / FOLDER)
        for text, (file, offset) in self._fingerprints.items():
            try:
                named = Fingerprint.of(json.loads(text))
                recipe = knowledge.recalled(named, Recipe(config=self._config))
            except KnowledgeError as error:
                yield Problem(file, offset, str(error))
                continue
            if recipe.rules is not None and recipe.rules.digest != named.rules:
                yield Problem(knowledge.folder, None, f"the rules {named.rules} have another digest")
            if version_of(recipe.profiles) != named.profiles:
                yield Problem(knowledge.folder, None, f"the profiles {named.profiles} have another digest")


def _next(record: Stored) -> tuple[str, ...]:
    """Return what may stand behind a record."""
    if record.kind == "metadata" and record.told_kind in _WITH_RESPONSE:
        return ("request",)
    return ("response",) if record.kind == "request" else ("metadata", "revisit")


def _digests(record: Stored) -> Iterator[str]:
    headers = record.headers
    if not _holds(headers.get("warc-block-digest"), record.block):
        yield "the block does not match its digest"
    if record.kind == "response" and not _holds(
        headers.get("warc-payload-digest"), record.block.partition(b"\r\n\r\n")[2]
    ):
        yield "the payload does not match its digest"


def _holds(labelled: str | None, body: bytes) -> bool:
    wanted = checked_digest(labelled)
    return wanted is not None and hashlib.new(wanted[0], body, usedforsecurity=False).digest() == wanted[1]


def _index(file: Path, *, is_last: bool) -> Iterator[Problem]:
    beside = index.index_of(file)
    if not beside.exists():
        if not is_last:  # made by the service at its next start
            yield Problem(beside, None, "missing; the service makes it at its next start")
        return
    if beside.read_text(encoding="utf-8").splitlines() != index.lines(file):
        yield Problem(beside, None, "not what the file holds; delete it, and the service makes it again")
