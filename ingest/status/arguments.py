"""The arguments of `newstap status`. Nothing is imported here that `--help` would have to wait for."""

from __future__ import annotations

import argparse

_EPILOG = """\
Examples:
  newstap status --config news.toml
  newstap status --json | jq '.sinks[] | select(.waiting > 0)'
  newstap status > /dev/null || echo "newstap needs somebody"

Exit codes: 0 nothing to do, 1 something needs attention (the lines that begin with it say what), 2 usage or
configuration.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command."""
    status = commands.add_parser(
        "status",
        parents=[common],
        help="feeds, queues, sinks and workers at a glance",
        description="Tells how the service is, by its state, whether it runs or not; it needs no lock.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    status.add_argument("--json", action="store_true", help="one JSON object")
