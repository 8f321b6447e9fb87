"""Small archives of our own text to try commands on, the commands as processes, and what they left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.commands import rows

QUICK = "[topics]\nenabled = []\n"
"""A configuration whose workers are ready soon: topics take the longest to load."""


def html(n: int) -> str:
    """Return a page that is extracted as one record of its own."""
    paragraphs = "".join(
        f"<p>The council of Little Wickham met for the {n}th time on the question of the bridge, point {part} of its "
        f"list. The mayor said that {n * part} stones were counted, and that the work would begin in spring.</p>"
        for part in range(1, 5)
    )
    title = f"Bridge report {n}"
    return (
        f"<html lang='en'><head><title>{title}</title></head><body><article>"
        f"<h1>{title}</h1>{paragraphs}</article></body></html>"
    )


def line(n: int, **fields: Any) -> str:
    """Return a line of JSON that becomes a record."""
    return json.dumps({"id": f"line-{n}", "title": f"Notice {n}", "text": f"The ferry left {n} times.", **fields})


def archive(folder: Path, pages: int, lines: int) -> Path:
    """Make an archive; of its lines every tenth is broken, every tenth empty, and every tenth there twice."""
    folder.mkdir(parents=True)
    for n in range(pages):
        (folder / f"page-{n:04}.html").write_text(html(n))
    kinds = {7: lambda n: f'{{"id": "broken-{n}", "text": ', 8: lambda n: json.dumps({"id": n, "text": ""})}
    rows = [line(n - 3) if n % 10 == 9 else kinds.get(n % 10, line)(n) for n in range(lines)]
    (folder / "lines.jsonl").write_text("".join(f"{row}\n" for row in rows))
    return folder


def configured(folder: Path, text: str = "") -> Path:
    """Write a configuration (`QUICK`, and more) and return its path."""
    path = folder / "newstap.toml"
    path.write_text(QUICK + text)
    return path


def begun(*arguments: object, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """Start `newstap` with these arguments."""
    command = [sys.executable, "-m", "ingest", *map(str, arguments)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=cwd, text=True, **(pipes | options))


def asked_to_end(process: subprocess.Popen[str]) -> None:
    """Send SIGTERM, as soon as the command has come so far as to hear it: before that, it would only die of it."""
    deadline = time.monotonic() + 60
    while not _hears(process.pid, signal.SIGTERM):
        assert process.poll() is None, f"it ended by itself with {process.returncode}"
        assert time.monotonic() < deadline, "it never listened to signals"
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)


def newstap(*arguments: object, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run `newstap` to its end; no outcome of it may be a traceback."""
    fed: str | None = options.pop("input", None)
    if fed is not None:
        options["stdin"] = subprocess.PIPE
    with begun(*arguments, cwd=cwd, **options) as process:
        out, err = process.communicate(fed, timeout=120)
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def counts(out: Path) -> tuple[int, int, int]:
    """Return how many records, skipped documents and dead letters a folder holds."""
    records, skipped, letters = (len(rows(out / name)) for name in ("records", "skipped", "dead-letters"))
    return records, skipped, letters


def keys(records: list[dict[str, Any]]) -> Counter[tuple[str, int]]:
    """Count each key and revision."""
    return Counter((record["id"], record["revision"]["n"]) for record in records)


def descendants(pid: int) -> set[int]:
    """Return the processes below one, by asking the kernel."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _state(int(entry.name))):
            parents[int(entry.name)] = int(found[1])
    below, last = {pid}, 0
    while len(below) != last:
        last = len(below)
        below |= {child for child, parent in parents.items() if parent in below}
    return below - {pid}


def workers(pid: int) -> set[int]:
    """Return the worker processes of a newstap process: the children of its fork server."""
    children = descendants(pid)
    return {child for child in children if (found := _state(child)) and int(found[1]) in children}


def gone(pids: set[int], within: float) -> set[int]:
    """Return those of the processes that still run after so many seconds."""
    deadline = time.monotonic() + within
    while (left := {pid for pid in pids if _state(pid)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def settings(**variables: str) -> dict[str, str]:
    """Return the environment with these variables."""
    return {**os.environ, **variables}


def _hears(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a handler of its own for a signal: proc(5), SigCgt."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next((row.split()[1] for row in status.splitlines() if row.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def _state(pid: int) -> list[str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields
