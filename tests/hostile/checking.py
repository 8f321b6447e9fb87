"""Configurations and URLs through `newstap check`, and the books of a service through `newstap audit`."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.hostile.configs import CONFIGS, SECRET
from tests.hostile.kit import Input
from tests.hostile.verdict import Happened
from tests.hostile.watching import Watch
from tests.ingest.newsroom import begun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_PUBLIC = "example.com"
"""In the URLs of a kit that lead to no address of this machine."""
_LONGEST = 60.0
"""Seconds, after which a command fails the run."""


def checked(inputs: Iterable[Input], folder: Path) -> Iterator[tuple[Input, Happened]]:
    """Check the kit's configurations and URLs; yield what each became."""
    for number, one in enumerate(inputs):
        here = folder / f"{number}"
        if one.kind == "urls":
            yield one, _urls(here, one)
        else:  # what is YAML is no configuration of ours, whatever it says
            right = one if one.path.suffix == ".toml" else replace(one, either_ok=True)
            yield right, _checked(here, one.path.stem, one.path.read_bytes())


def our_own(folder: Path, names: Iterable[str] = CONFIGS) -> Iterator[tuple[Input, Happened]]:
    """Check our own configurations; yield what each became."""
    for name in names:
        hostile = CONFIGS[name]
        here = folder / name
        here.mkdir(parents=True)
        for beside, content in hostile.files:
            (here / beside).write_text(content)
        expected = "accepted" if hostile.accepted else "rejected-with-error"
        one = Input(f"own/{name}.toml", "config", expected, "", either_ok=False, path=here / f"{name}.toml")
        body = hostile.text if isinstance(hostile.text, bytes) else hostile.text.encode()
        yield one, _checked(here, name, body)


def audited(folder: Path) -> tuple[Input, Happened]:
    """Hold the books of the service that ran in a folder: everything discovered has one outcome."""
    code, said, seconds, memory = _ran("audit", "--config", folder / "newstap.toml", folder=folder)
    one = Input("newstap audit", "books", "accepted", "", either_ok=False, path=folder)
    told = " ".join(said.split())[-160:]
    return one, Happened("accepted" if code == 0 else "rejected", told, seconds, memory, None, _tracebacks(said))


def _urls(folder: Path, one: Input) -> Happened:
    """Check a configuration with each URL as a feed; ask for those that may stand in one, but for public names."""
    text = one.path.read_text("utf-8", "surrogateescape")
    urls = [json.loads(line) for line in text.split("\n") if line] if one.path.suffix == ".jsonl" else [text]
    first = _checked(folder / "all", "all", _feeds(urls))
    said = (folder / "all" / "said").read_text("utf-8")
    unfit = {int(number) for number in re.findall(r"feeds\[(\d+)\]", said)}
    left = [url for number, url in enumerate(urls) if number not in unfit and _PUBLIC not in url]
    if not left:
        return first
    second = _checked(folder / "left", "left", _feeds(left))
    reached = f"ok: feeds, 0 of {len(left)}" not in (folder / "left" / "said").read_text("utf-8")
    faults = (*first.faults, *second.faults, *(("something was reached",) if reached else ()))
    told = f"{len(unfit)} of {len(urls)} are no URLs of feeds; of {len(left)} others none was reached"
    seconds, memory = max(first.seconds, second.seconds), max(first.memory, second.memory)
    return Happened(second.became, told, seconds, memory, None, faults)


def _feeds(urls: list[str]) -> bytes:
    return "".join(f"[[feeds]]\nurl = {json.dumps(url)}\n" for url in urls).encode()


def _checked(folder: Path, name: str, body: bytes) -> Happened:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / f"{name}.toml"
    config.write_bytes(body)
    code, said, seconds, memory = _ran("check", "--config", config, folder=folder)
    (folder / "said").write_text(said, "utf-8")
    faults = [*_tracebacks(said)]
    if code not in {0, 1, 2}:
        faults.append(f"exit code {code}")
    if code == 2 and config.name not in said:
        faults.append("an error that does not name the file")
    if code == 2 and not re.search(r"line \d+|byte \d+|\b[a-z_]+(\.[a-z_]+)+|\[[a-z.\[\]]+|: [a-z_]+\b", said):
        faults.append("an error that names no place")
    if SECRET in said:
        faults.append("a secret is shown")
    if len(said) > 100_000:
        faults.append(f"{len(said)} characters of output")
    return Happened(
        {0: "accepted", 1: "rejected", 2: "rejected"}.get(code, "failed"),
        _first(said),
        seconds,
        memory,
        None,
        tuple(faults),
    )


def _ran(*command: object, folder: Path) -> tuple[int, str, float, float]:
    """Run a command to its end; return its exit code, what it said, its seconds and its MiB at the peak."""
    began = time.monotonic()
    with begun(*command, cwd=folder) as process, Watch(process.pid) as watch:
        out, err = process.communicate(timeout=_LONGEST)
    return process.returncode, out + err, time.monotonic() - began, watch.memory


def _tracebacks(said: str) -> tuple[str, ...]:
    return ("a traceback",) if "Traceback" in said else ()


def _first(said: str) -> str:
    return next((line for line in said.splitlines() if not line.startswith("ok: ")), said)[:300]
