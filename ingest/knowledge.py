"""What records depend on beside their page, kept by digest: rules, topic definitions, snapshots of site profiles.

A folder of files that are written once and never change, each named by what it holds and the digest that a record's
`fingerprint` has of it, and a journal of when which of them came into force. Code cannot be kept: a fingerprint names
the version, and another one is told.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from processors.boilerplate.files import RuleFiles
from processors.extract.version import VERSION as EXTRACTOR
from processors.profiles.snapshot import version_of
from processors.topics.stored import topics_from_json, topics_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.recipe import Recipe
    from processors.topics.definitions import Topics

FOLDER = "knowledge"
"""Of an archive, and of a job's state. Its files have suffixes that a replay of the folder passes over."""
_JOURNAL = "journal.log"
_SUFFIX = ".blob"
_LONGEST_DIGEST = 64


class KnowledgeError(Exception):
    """What was in force is not kept, or not readable; the text names it and the folder."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What of a record's `fingerprint` can be found again."""

    newstap: str
    rules: str
    topics: str
    profiles: str | None
    extractor: str | None = None
    """Not known of a document that no record came of."""

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Fingerprint:
        """Read one from a record's `fingerprint`, or a line of the journal.

        Raises:
            KnowledgeError: it lacks something, or is no object.
        """
        if not isinstance(row, Mapping):
            raise KnowledgeError(f"a fingerprint that is no object but {type(row).__name__}")
        try:
            return cls(
                newstap=str(row["newstap"]),
                rules=str(row["rules"]),
                topics=str(row["topics"]),
                profiles=_text_or_none(row["profiles"]),
                extractor=_text_or_none(row.get("extractor")),
            )
        except KeyError as error:
            raise KnowledgeError(f"a fingerprint without {error}") from error

    def differs(self) -> list[str]:
        """Say which code that was at work then is another one now, so that the same may not come out."""
        ours = {"newstap": version("newstap"), "extractor": EXTRACTOR}
        then = {"newstap": self.newstap, "extractor": self.extractor}
        return [f"{name} {then[name]}, now {now}" for name, now in ours.items() if then[name] not in {None, now}]


class Knowledge:
    """One such folder. Nothing is created before there is something to keep.

    Args:
        folder: where it lies, or will.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, recipe: Recipe, since: datetime | None = None) -> Fingerprint:
        """Keep what a chain is built from, and note that it is in force; return what names it.

        Args:
            recipe: with rules and definitions as they were loaded.
            since: when it came into force; now, where not given. Nothing is noted where the same was in force before.

        Raises:
            KnowledgeError: it cannot be written.
        """
        if recipe.rules is None or recipe.definitions is None:
            raise ValueError("a recipe whose rules and definitions are not loaded yet")
        profiles = version_of(recipe.profiles)
        made = Fingerprint(
            newstap=version("newstap"),
            rules=recipe.rules.digest,
            topics=recipe.definitions.digest,
            profiles=profiles,
            extractor=EXTRACTOR,
        )
        try:
            self._keep(made, recipe.rules, recipe.definitions, recipe.profiles)
            lines = list(self._lines())
            if not lines or lines[-1][1] != made:
                self._note(made, since or datetime.now(UTC))
        except OSError as error:
            raise KnowledgeError(f"{error.filename or self.folder}: cannot be written: {error.strerror}") from error
        return made

    def _keep(self, made: Fingerprint, rules: RuleFiles, definitions: Topics, profiles: str) -> None:
        self._put("rules", made.rules, rules.to_json)
        self._put("topics", made.topics, lambda: topics_to_json(definitions))
        if made.profiles is not None:
            self._put("profiles", made.profiles, lambda: profiles)

    def lacks(self, fingerprint: Fingerprint) -> list[str]:
        """Return what of a fingerprint is not kept here."""
        return [path.name for path in self._paths(fingerprint).values() if not path.exists()]

    def recalled(self, fingerprint: Fingerprint, recipe: Recipe) -> Recipe:
        """Return a recipe with what a fingerprint names in the place of what is in force now.

        Raises:
            KnowledgeError: something is not kept, or damaged.
        """
        if missing := self.lacks(fingerprint):
            raise KnowledgeError(f"{self.folder}: lacks {', '.join(missing)}, so that what was in force is not known")
        texts = {name: _text(path) for name, path in self._paths(fingerprint).items()}
        try:
            rules, topics = RuleFiles.from_json(texts["rules"]), topics_from_json(texts["topics"])
        except (KeyError, TypeError, ValueError) as error:
            raise KnowledgeError(f"{self.folder}: what {fingerprint} names cannot be read: {error}") from error
        return replace(recipe, rules=rules, definitions=topics, profiles=texts.get("profiles", ""))

    def at(self, moment: datetime) -> Fingerprint:
        """Return what was in force at a time.

        Raises:
            KnowledgeError: nothing was yet, or the journal cannot be read.
        """
        lines = list(self._lines())
        found = [fingerprint for since, fingerprint in lines if since <= moment]
        if not found:
            begin = f"begins at {lines[0][0].isoformat()}" if lines else "is empty, or not there"
            raise KnowledgeError(f"{self.folder}: nothing is known of {moment.isoformat()}: the journal {begin}")
        return found[-1]

    def topic_names(self) -> tuple[str, ...]:
        """Return the names of all topics that were ever looked for."""
        texts = (_text(path) for path in sorted(self.folder.glob(f"topics-*{_SUFFIX}")))
        return tuple(sorted({topic["name"] for text in texts for topic in json.loads(text)["topics"]}))

    def _paths(self, fingerprint: Fingerprint) -> dict[str, Path]:
        names = {"rules": fingerprint.rules, "topics": fingerprint.topics, "profiles": fingerprint.profiles}
        return {name: self._path(name, digest) for name, digest in names.items() if digest is not None}

    def _path(self, name: str, digest: str) -> Path:
        if not digest.isalnum() or len(digest) > _LONGEST_DIGEST:
            raise KnowledgeError(f"{self.folder}: {digest[:40]!r} is no digest")
        return self.folder / f"{name}-{digest}{_SUFFIX}"

    def _put(self, name: str, digest: str, text: Callable[[], str]) -> None:
        path = self._path(name, digest)
        if path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as stream:
            stream.write(gzip.compress(text().encode("utf-8", "replace"), 6, mtime=0))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)

    def _note(self, fingerprint: Fingerprint, since: datetime) -> None:
        line = json.dumps({"since": since.isoformat(), **asdict(fingerprint)})
        with (self.folder / _JOURNAL).open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")
            stream.flush()
            os.fsync(stream.fileno())

    def _lines(self) -> Iterator[tuple[datetime, Fingerprint]]:
        try:
            lines = (self.folder / _JOURNAL).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise KnowledgeError(f"{self.folder / _JOURNAL}: cannot be read: {error}") from error
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                yield datetime.fromisoformat(row["since"]), Fingerprint.of(row)
            except (KeyError, TypeError, ValueError) as error:
                if number < len(lines):  # the last may be torn: it came into force with nothing that is left of it
                    raise KnowledgeError(f"{self.folder / _JOURNAL}, line {number}: cannot be read: {error}") from error


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _text(path: Path) -> str:
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError, ValueError) as error:
        raise KnowledgeError(f"{path}: cannot be read: {error}") from error
