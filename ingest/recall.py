"""`newstap replay --as-of`: what was in force at a time, or when each page was read before, as an archive keeps it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.knowledge import FOLDER, Fingerprint, Knowledge, KnowledgeError
from ingest.sources.base import SourceError
from processors.records import Page

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ingest.config import Config
    from ingest.recipe import Recipe
    from ingest.sources.base import Entry, Source

log = logging.getLogger(__name__)

M = TypeVar("M")


def knowledge_of(inputs: Sequence[str], config: Config, given: Path | None) -> Knowledge:
    """Return where it is kept: in the folder that is given, else in the archive that the first input of ours lies in.

    Args:
        inputs: of the replay.
        config: names an archive, where no input lies in one.
        given: on the command line.

    Raises:
        KnowledgeError: there is no such folder.
    """
    above = (place for name in inputs for path in [Path(name).resolve()] for place in (path, *path.parents))
    configured = [] if config.archive is None else [config.archive.path / FOLDER]
    looked = [given] if given is not None else [*(place / FOLDER for place in above), *configured]
    found = next((place for place in looked if (place / "journal.log").is_file()), None)
    if found is None:
        where = f"{given}: " if given is not None else ""
        raise KnowledgeError(f"{where}no {FOLDER}/ with a journal there; --knowledge DIR names that of an archive")
    return Knowledge(found)


def recalled(recipe: Recipe, knowledge: Knowledge, moment: datetime) -> Recipe:
    """Return a recipe with what was in force at a time.

    Raises:
        KnowledgeError: that is not known, or not kept.
    """
    fingerprint = knowledge.at(moment)
    _tell_differences(fingerprint)
    return knowledge.recalled(fingerprint, recipe)


class Recalled(Generic[M]):
    """A source whose pages are to be read as they were before.

    Args:
        source: what to read.
        knowledge: what they were read with.
    """

    def __init__(self, source: Source[M], knowledge: Knowledge) -> None:
        self._source = source
        self._knowledge = knowledge
        self._proved: set[str] = set()

    @property
    def name(self) -> str:
        """See `Source`."""
        return self._source.name

    def entries(self) -> Iterator[Entry[M] | None]:
        """See `Source`.

        Raises:
            SourceError: a page does not tell what it was read with, or that is not kept.
        """
        for entry in self._source.entries():
            if entry is not None and isinstance(entry.content, Page):
                self._prove(entry.content)
            yield entry

    def commit(self, connection: sqlite3.Connection, marks: Sequence[M]) -> None:
        """See `Source`."""
        self._source.commit(connection, marks)

    def done(self, marks: Sequence[M]) -> None:
        """See `Source`."""
        self._source.done(marks)

    def _prove(self, page: Page) -> None:
        if page.as_of is None:
            where = page.origin.archive
            place = f"{where.file}, byte {where.offset}: " if where else ""
            raise SourceError(
                f"{place}nothing tells what it was read with; --as-of recorded is for archives of newstap run"
            )
        if page.as_of in self._proved:
            return
        try:
            fingerprint = Fingerprint.of(json.loads(page.as_of))
            missing = self._knowledge.lacks(fingerprint)
        except KnowledgeError as error:
            raise SourceError(str(error)) from error
        if missing:
            raise SourceError(f"{self._knowledge.folder}: lacks {', '.join(missing)}, by which pages were read")
        if not any(_code(json.loads(known)) == _code(json.loads(page.as_of)) for known in self._proved):
            _tell_differences(fingerprint)
        self._proved.add(page.as_of)


def _code(fingerprint: dict[str, object]) -> tuple[object, object]:
    return fingerprint.get("newstap"), fingerprint.get("extractor")


def _tell_differences(fingerprint: Fingerprint) -> None:
    if differing := fingerprint.differs():
        log.warning(
            "read before by other code (%s): records may differ, and their fingerprint says so", "; ".join(differing)
        )
