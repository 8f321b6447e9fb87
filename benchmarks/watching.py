"""What the soaks look at: a running service from outside, its memory, descriptors, threads, figures; and their bars."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Bars:
    """What was asked for, and whether it was met."""

    def __init__(self) -> None:
        self.missed = 0

    def hold(self, *, good: bool, told: str) -> None:
        self.missed += not good
        print(f"{'ok    ' if good else 'MISSED'}  {told}")


def untroubled(bars: Bars, log: str) -> None:
    """Hold that nothing went wrong unforeseen, by what the service has said."""
    levels = Counter(re.findall(r"^\S+Z ([A-Z]+) ", log, re.MULTILINE))
    bars.hold(good="Traceback" not in log, told=f"no traceback among the messages {dict(levels)}")


class Usage(NamedTuple):
    """What the service took at one moment. Memory in MiB, of the main process and of the whole tree."""

    main_pss: float
    main_uss: float
    tree_pss: float
    tree_uss: float
    fds: float
    tree_fds: float
    threads: float
    processes: float


def usage(pid: int) -> Usage:
    """Return what a service takes whose main process, the leader of its session, is this."""
    pids = tree(pid)
    held = {one: memory(one) for one in pids}
    fds = {one: count(one, "fd") for one in pids}
    return Usage(
        main_pss=held[pid][0],
        main_uss=held[pid][1],
        tree_pss=sum(pss for pss, _ in held.values()),
        tree_uss=sum(uss for _, uss in held.values()),
        fds=fds[pid],
        tree_fds=sum(fds.values()),
        threads=count(pid, "task"),
        processes=len(pids),
    )


def tree(pid: int) -> list[int]:
    """Return the processes of the service's session: those whose parent was killed too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z" and int(fields[3]) == pid:
                found.append(int(entry.name))
    return found


def memory(pid: int) -> tuple[float, float]:
    """Return the shared-out and the private memory of a process in MiB; nothing of one that has just ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0, 0.0
    sizes = {name: int(kilobytes) for name, kilobytes in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
    return sizes.get("Pss", 0) / 1024, (sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)) / 1024


def count(pid: int, of: str) -> int:
    """Return how many descriptors (`fd`) or threads (`task`) a process has."""
    try:
        return len(os.listdir(f"/proc/{pid}/{of}"))  # noqa: PTH208 - a kernel folder
    except OSError:
        return 0


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:  # it has just ended
        return


def scraped(url: str) -> dict[str, float]:
    """Return the metrics at an address, by name with labels."""
    with urllib.request.urlopen(url, timeout=10) as got:
        lines = got.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def listening(log: Path, service: subprocess.Popen[str]) -> str:
    """Return the address of the service's listener, once its log names it."""
    while service.poll() is None:
        if found := re.search(r"listening on (http://\S+)", log.read_text("utf-8")):
            return found[1]
        time.sleep(0.1)
    raise SystemExit(f"the service did not start: {log.read_text('utf-8')}")


def ended(service: subprocess.Popen[str]) -> tuple[int, float]:
    """End the service in good order; return its exit code and the seconds that it took."""
    began = time.monotonic()
    service.terminate()
    return service.wait(60), time.monotonic() - began


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return how much y grows with each x, by least squares."""
    return statistics.linear_regression(x, y).slope


def tell(process: subprocess.Popen[str], line: str) -> None:
    if process.stdin is None:
        raise SystemExit("no way to tell it")
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def line_of(stream: IO[str] | None) -> str:
    line = stream.readline() if stream is not None else ""
    if not line:
        raise SystemExit("the newsroom ended")
    return line


def told_by(stream: IO[str] | None) -> Any:
    """Return what a newsroom says in one line of JSON."""
    return json.loads(line_of(stream))
