"""What the lock files pin."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    """Return the version of each library of a lock, by its canonical name."""
    lines = ROOT.joinpath(lock).read_text("utf-8").splitlines()
    return {str(canonicalize_name(pin[1])): pin[2] for line in lines if (pin := re.match(r"([\w.-]+)==(\S+)", line))}
