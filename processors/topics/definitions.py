"""Reads topic definitions, shipped and the user's own, and reports every problem of every file at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processors.topics.aboutness import WEIGHTS
from processors.topics.model import Kind, Phrase, Topic, Topics
from processors.topics.parsing import Report, extended, nearest, read_topic
from processors.topics.setting import SETTING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["Topics", "TopicsError", "load", "shipped"]

_HERE = Path(__file__).parent
_ENGINE = 2
"""Raised when the code comes to tag differently from the same data."""


class TopicsError(Exception):
    """Definitions cannot be used; `problems` has every reason, each `file: path: what; what would be right`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def shipped() -> tuple[str, ...]:
    """The names of the topics that come with the package, sorted."""
    return tuple(sorted(path.stem for path in _HERE.glob("[!_]*.toml")))


def load(enabled: Sequence[str] | None, paths: Sequence[Path] = ()) -> Topics:
    """The named topics (None: every one there is) from the package and from the user's files and folders.

    Raises:
        TopicsError: anything in any file, or any name, is wrong.
    """
    problems: list[str] = []
    found: dict[str, Topic] = {}
    for name in shipped():
        report = Report(f"{name}.toml (shipped)")
        _keep(read_topic(_shipped(name), report, _countries()), report, found)
        problems += report.problems
    for path in _files(paths, problems):
        report = Report(str(path))
        raw = _read(path, report)
        if raw is not None:
            _user_topic(raw, report, found)
        problems += report.problems
    for name in enabled or ():
        if name not in found and not problems:
            right = f"{nearest(name, found)}; a topic of your own needs its file in [topics] paths"
            problems.append(f"topics: enabled: unknown topic {name!r}; {right}")
    if problems:
        raise TopicsError(problems)
    chosen = tuple(found[name] for name in sorted(found if enabled is None else set(enabled)))
    return _topics(chosen, found.values())


def _user_topic(raw: dict[str, Any], report: Report, found: dict[str, Topic]) -> None:
    base = raw.get("extends")
    if base is None:
        _keep(read_topic(raw, report, _countries()), report, found)
    elif base not in shipped():
        report.unknown("extends", str(base), shipped(), "unknown shipped topic")
    elif base not in found or not found[base].source.endswith("(shipped)"):
        other = found[base].source if base in found else "a file that has problems"
        report.add("extends", f"{base!r} is already extended by {other}", "keep one file for each topic")
    else:
        found.pop(base)
        _keep(read_topic(extended(_shipped(base), raw, report), report, _countries()), report, found)


def _keep(topic: Topic | None, report: Report, found: dict[str, Topic]) -> None:
    if topic is None:
        return
    if topic.name in found:
        other = found[topic.name].source
        right = f'say extends = "{topic.name}" to change it, or' if other.endswith("(shipped)") else ""
        report.add("name", f"{topic.name!r} is defined in {other}", f"{right} choose another name".strip())
    else:
        found[topic.name] = topic


def _files(paths: Iterable[Path], problems: list[str]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.toml"))
            if not inside:
                problems.append(
                    f"{path}: no definition in this folder; put NAME.toml files there or take it off the paths"
                )
            files += inside
        else:
            files.append(path)
    return files


def _read(path: Path, report: Report) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        report.add("file", f"cannot be read ({error.strerror})", "name a readable .toml file or a folder of them")
    except UnicodeDecodeError as error:
        report.add("file", f"is not UTF-8 at byte {error.start}", "save it as UTF-8")
    except RecursionError:
        report.add("file", "is nested too deep", "a definition needs four levels")
    except ValueError as error:  # TOMLDecodeError is one; a date or a number out of Python's range is a bare one
        report.add("file", f"is not TOML: {error}", "mend the line")
    return None


@cache
def _shipped(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _countries() -> dict[str, list[str]]:
    tables: dict[str, list[str]] = tomllib.loads((_HERE / "_countries.toml").read_text(encoding="utf-8"))
    return tables


def _topics(chosen: tuple[Topic, ...], known: Collection[Topic]) -> Topics:
    """The chosen topics, and all other countries: a score does not depend on which topics are on beside its own."""
    names = {
        code: [Phrase(name.removesuffix("*"), Kind.PRIMARY, stem=name.endswith("*")) for name in written]
        for code, written in _countries().items()
    }
    names |= {topic.country: [] for topic in known if topic.country}
    for topic in known:
        if topic.country:
            names[topic.country] += [p for p in topic.phrases if p.kind in (Kind.PRIMARY, Kind.NOT)]
    for topic in chosen:
        names.pop(topic.country or "", None)
    countries = tuple((code, tuple(phrases)) for code, phrases in sorted(names.items()))
    return Topics(chosen, countries, digest_of(chosen, countries))


def digest_of(chosen: tuple[Topic, ...], countries: tuple[tuple[str, tuple[Phrase, ...]], ...]) -> str:
    """Return what records name definitions by: it changes with everything that changes a tag, the code included."""
    matter = [
        _ENGINE,
        WEIGHTS,
        SETTING,
        [[t.name, t.country, t.threshold, sorted(_phrase_key(p) for p in t.phrases)] for t in chosen],
        [[code, sorted(_phrase_key(p) for p in phrases)] for code, phrases in countries],
    ]
    return hashlib.sha256(json.dumps(matter, sort_keys=True, default=list).encode()).hexdigest()[:16]


def _phrase_key(phrase: Phrase) -> list[str | bool]:
    return [phrase.text, phrase.kind.value, phrase.stem, phrase.only or ""]
