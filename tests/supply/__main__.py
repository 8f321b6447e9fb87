"""`python -m tests.supply`: the locks against our own advisories, and, by pip-audit, against the public ones.

Exit code 0 where neither knows of anything, 1 where one does, 2 where the public ones could not be asked.
"""

from __future__ import annotations

import subprocess
import sys

from tests.supply.advisories import known, listed
from tests.supply.locks import LOCKS, ROOT, pins


def main() -> int:
    """Print what is known to be vulnerable."""
    advisories = listed()
    found = {str(one): lock for lock in LOCKS for one in known(pins(lock), advisories)}
    for line, lock in found.items():
        _say(f"{lock}: {line}")
    _say(f"{len(advisories)} advisories of our own: {len(found) or 'none'} of the locks")
    codes = [_asked(lock) for lock in LOCKS]
    return 1 if found or 1 in codes else max(codes)


def _asked(lock: str) -> int:
    """Ask the service that pip-audit asks; return 0, 1 as it does, or 2 where there is no answer."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--requirement",
        str(ROOT / lock),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = (done.stdout + done.stderr).strip()
    if done.returncode == 0 or "known vulnerabilit" in told:
        _say(f"{lock}: {told}")
        return done.returncode
    _say(f"{lock}: the public advisories could not be asked: {(told.splitlines() or ['no word'])[-1]}")
    return 2


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    raise SystemExit(main())
