"""The arguments of `newstap completion`. Nothing is imported here that `--help` would have to wait for."""

from __future__ import annotations

import argparse

_EPILOG = """\
Examples:
  eval "$(newstap completion bash)"                                    # in ~/.bashrc
  newstap completion zsh > ~/.zfunc/_newstap                           # a folder of $fpath
  newstap completion fish > ~/.config/fish/completions/newstap.fish
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command."""
    completion = commands.add_parser(
        "completion",
        parents=[common],
        help="what bash, zsh or fish need to complete commands, options, topics and feeds",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.add_argument(
        "shell",
        choices=("bash", "zsh", "fish", "feeds"),
        metavar="SHELL",
        help="bash, zsh or fish; feeds: the addresses of the feeds, which the scripts ask for",
    )
