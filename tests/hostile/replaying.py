"""Archives and records through `newstap replay`, each between two good lines of its own."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.commands import rows
from tests.hostile.verdict import JUDGED, Happened
from tests.hostile.watching import Watch
from tests.ingest.newsroom import begun, configured, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.hostile.kit import Input

_COUNTED = re.compile(
    r"(\d+) documents? read: (\d+) records?(?: \+ (\d+) skipped(?: \([^)]*\))?)?(?: \+ (\d+) dead letters?)?"
)
_LONGEST = 60.0
"""Seconds, after which a replay is killed."""
_FOLDERS = ("records", "skipped", "dead-letters")
_ONE_WORKER = "[extraction]\nworkers = 1\n"


class Replayed(NamedTuple):
    """What a replay left behind."""

    found: dict[str, list[tuple[str, dict[str, Any]]]]
    """Folder and row, by the name of the file that they came from."""
    faults: tuple[str, ...]
    seconds: float
    memory: float


def replay(inputs: Sequence[Input], folder: Path) -> list[Happened]:
    """Replay inputs together; return what each became. Time and memory are those of the whole run."""
    names = {one: f"{number:03}-{one.path.name}" for number, one in enumerate(inputs)}
    archive = folder / "in"
    archive.mkdir(parents=True)
    for one, name in names.items():
        (archive / name).write_bytes(one.path.read_bytes())
    for name, number in (("000-a-good.jsonl", 1), ("999-z-good.jsonl", 2)):
        (archive / name).write_text(line(number) + "\n")
    done = _run(folder)
    return [_of(done, name) for name in names.values()]


def _run(folder: Path) -> Replayed:
    config = configured(folder, _ONE_WORKER)
    command = ("replay", "--config", config, "in", "--to", "out")
    began = time.monotonic()
    with (folder / "log").open("w") as log:
        process = begun(*command, cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
        with process, Watch(process.pid) as watch:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LONGEST)
            seconds = time.monotonic() - began
            process.kill()
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for kind in _FOLDERS:
        for row in rows(folder / "out" / kind):
            found.setdefault(_file_of(row), []).append((kind, row))
    return Replayed(found, tuple(_faults(process.returncode, folder, found)), seconds, watch.memory)


def _file_of(row: dict[str, Any]) -> str:
    return str(row["origin"]["archive"]["file"]).rpartition("/")[2]


def _faults(code: int, folder: Path, found: dict[str, list[tuple[str, dict[str, Any]]]]) -> list[str]:
    said = (folder / "log").read_text("utf-8", "replace")
    faults = [] if code == 0 else [f"exit code {code}"]
    if "Traceback" in said:
        faults.append("a traceback")
    near = ("000-a-good.jsonl", "999-z-good.jsonl")
    faults += [f"{name} is no record" for name in near if [kind for kind, _ in found.get(name, [])] != ["records"]]
    counted = _COUNTED.search(said)
    told = [int(number or 0) for number in counted.groups()] if counted else []
    written = [sum(kind == each for all_of in found.values() for kind, _ in all_of) for each in _FOLDERS]
    if told != [sum(written), *written]:
        faults.append(f"told {told}, written {written}")
    return faults


def _of(done: Replayed, name: str) -> Happened:
    mine = done.found.get(name, [])
    faults = [*done.faults, *_strays(mine)]
    letters = [row for kind, row in mine if kind == "dead-letters"]
    faults += ["an error that does not name the file" for row in letters if name not in row["error"]]
    faults += ["an error that names no place" for row in letters if not re.search(r"byte \d+|line \d+", row["error"])]
    return Happened(_became(mine), _told(mine, name), done.seconds, done.memory, None, tuple(faults))


def _became(mine: list[tuple[str, dict[str, Any]]]) -> str:
    kinds = {kind for kind, _ in mine}
    if any("goes on at byte" in row.get("error", "") for _, row in mine):
        return "truncated"
    if "dead-letters" in kinds:
        return "truncated" if kinds != {"dead-letters"} else "rejected"
    if kinds == {"skipped"}:
        reasons = {row["reason"] for _, row in mine}
        return "rejected" if not reasons & {*JUDGED, "duplicate", "revisit", "not-html"} else "skipped"
    return "accepted"


def _strays(mine: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return what no record may hold: characters that stand for others that were there, or a key nobody gave."""
    records = [row for kind, row in mine if kind == "records"]
    bad = [row for row in records if "\ufffd" in f"{row['title']}{row['text']}" or any("\ufeff" in key for key in row)]
    return ["a record with U+FFFD or a byte order mark"] if bad else []


def _told(mine: list[tuple[str, dict[str, Any]]], name: str) -> str:
    said = [str(row.get("error") or row.get("reason") or "") for _, row in mine]
    told = "; ".join(dict.fromkeys(each.replace(f"in/{name}: ", "") for each in said if each))
    records = sum(kind == "records" for kind, _ in mine)
    return "; ".join(filter(None, (f"{records} records" if records else "", told))) or "no documents"
