"""Running the command line as a user does: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def newstap(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run `newstap` with these arguments to its end; both streams are captured as text."""
    done = subprocess.run(
        [sys.executable, "-m", "ingest", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=stdin,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a folder of JSON Lines, in the order they were written: the active file is the last."""
    files = sorted(folder.glob("*.jsonl"), key=lambda path: (path.name == "active.jsonl", path.name))
    return [json.loads(line) for file in files for line in file.read_bytes().split(b"\n") if line]
