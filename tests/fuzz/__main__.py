"""`python -m tests.fuzz [--seconds 60] [--target NAME …]`: coverage-guided fuzzing, target by target, and a table.

What libFuzzer finds interesting stays in the working folder and is begun with the next time. An input that breaks a
promise is written there too, and named in the table: mend the product, make the input small, and keep it in
`tests/fuzz/corpus/TARGET/`. Exit code 1 where something was found, 2 where atheris is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.fuzz.kept import LARGEST, kept
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from tests.fuzz.target import Target

MEMORY_MB = 2_000
SLOW_SECONDS = 20
"""For one input, with the instrumentation, on a busy machine."""


class Outcome(NamedTuple):
    """What came of fuzzing one target."""

    target: str
    executions: int
    edges: int
    inputs: int
    """That libFuzzer keeps."""
    found: str
    """What was broken, and by which file."""


def main() -> int:
    """Fuzz the targets one after another, and print what came of it."""
    options = _options()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: `make fuzz` does that", file=sys.stderr)  # noqa: T201 - a command
        return 2
    print(f"{'target':12} {'executions':>11} {'edges':>6} {'inputs':>6}  found")  # noqa: T201 - as above
    found = 0
    for name in options.target or TARGETS:
        outcome = _fuzzed(TARGETS[name], options.work, options.seconds)
        print("{:12} {:>11,} {:>6} {:>6}  {}".format(*outcome), flush=True)  # noqa: T201 - as above
        found += bool(outcome.found)
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="this one; by default all")
    work = Path(tempfile.gettempdir()) / "newstap-fuzz"
    parser.add_argument("--work", type=Path, default=work, help=f"where inputs and findings lie (default: {work})")
    return parser.parse_args()


def _fuzzed(target: Target, work: Path, seconds: int) -> Outcome:
    inputs, findings = work / target.name / "inputs", work / target.name / "findings"
    for folder in (inputs, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate((*target.seeds, *kept(target).values())):
        (inputs / f"seed-{number:03}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SLOW_SECONDS}"]
    sizes = [f"-max_len={LARGEST}", *_dictionary(target, work / target.name / "words")]
    files = [f"-artifact_prefix={findings}/", "-print_final_stats=1", str(inputs)]
    command = [sys.executable, "-m", "tests.fuzz.guided", target.name, *limits, *sizes, *files]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    told = done.stderr + done.stdout
    (work / target.name / "log").write_text(told, "utf-8")
    return outcome_of(target.name, told, inputs, done.returncode)


def _dictionary(target: Target, file: Path) -> list[str]:
    """Write the target's words as libFuzzer reads them, and return the argument that names them."""
    if not target.words:
        return []
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    file.write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")
    return [f"-dict={file}"]


def outcome_of(name: str, told: str, inputs: Path, code: int) -> Outcome:
    executions = re.search(r"number_of_executed_units: (\d+)", told)
    edges = re.findall(r"\bcov: (\d+)", told)
    return Outcome(
        target=name,
        executions=int(executions[1]) if executions else 0,
        edges=int(edges[-1]) if edges else 0,
        inputs=len(list(inputs.iterdir())),
        found=_found(told) if code else "",
    )


def _found(told: str) -> str:
    """Return what went wrong in a line: the exception and its place, or libFuzzer's word, and the input's file."""
    raised = re.search(r"=== Uncaught Python exception: ===\n(.*)", told)
    places = re.findall(r'File ".*/((?:ingest|processors|sinks|tests)/[^"]+)", line (\d+)', told)
    what = raised[1] if raised else (re.findall(r"libFuzzer: (.*)", told) or told.strip().splitlines()[-1:] or ["?"])[0]
    file = re.search(r"Test unit written to (\S+)", told)
    where = f" at {places[-1][0]}:{places[-1][1]}" if raised and places else ""
    return f"{what[:100]}{where} {file[1] if file else ''}".strip()


if __name__ == "__main__":
    raise SystemExit(main())
