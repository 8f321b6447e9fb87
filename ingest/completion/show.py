"""The command."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

from ingest.completion.scripts import script
from ingest.completion.tree import tree
from ingest.feedcommands import known
from processors.topics import definitions

if TYPE_CHECKING:
    import argparse

    from ingest.config import Config


def show(config: Config, shell: str, parser: argparse.ArgumentParser, out: IO[str] = sys.stdout) -> int:
    """Print the script of a shell, or with `feeds` the addresses of all feeds, one a line.

    Raises:
        StoreError: there is a state, and it cannot be read.
        TopicsError: a definition of the configuration is wrong.
    """
    if shell == "feeds":
        out.writelines(f"{feed.feed.url}\n" for feed in known.feeds(config) if feed.feed.url.isprintable())
    else:
        out.write(script(shell, tree(parser), sorted(definitions.load(None, config.topics.paths).names)))
    return 0
