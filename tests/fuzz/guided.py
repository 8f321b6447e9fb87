"""One target under atheris, guided by coverage of our code: `python -m tests.fuzz.guided TARGET LIBFUZZER-ARGUMENTS`.

A process of its own for each target: libFuzzer ends it, and a target may take it down.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ingest", "processors", "sinks"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer's limits are reached, or a promise is broken."""
    program, name, *arguments = sys.argv
    atheris.Setup([program, *arguments], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
