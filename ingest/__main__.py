"""`python -m ingest` and the command `newstap`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line and exit with its code."""
    from ingest.cli import main  # noqa: PLC0415 - the guard below must not import it in worker processes

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
