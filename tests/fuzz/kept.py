"""The inputs that are kept: `tests/fuzz/corpus/TARGET/NAME`, each for something that was found and mended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from tests.fuzz.target import Target

FOLDER = Path(__file__).with_name("corpus")
LARGEST = 16_384
"""Bytes of a kept input: a finding is made small before it is kept."""


def kept(target: Target) -> dict[str, bytes]:
    """Return the kept inputs of a target, by name."""
    folder = FOLDER / target.name
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: file.read_bytes() for file in files}


def every() -> list[tuple[str, str]]:
    """Return the target and the name of every kept input."""
    return [(target.name, name) for target in TARGETS.values() for name in kept(target)]
