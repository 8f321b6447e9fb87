"""From the arguments of `newstap feeds` to the function that does it; each imports what it needs, and no more."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from ingest.feedcommands.arguments import path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ingest.config import Config
    from ingest.feedcommands.shared import Shared


def run(options: argparse.Namespace, config: Config) -> int:
    """Carry out an action; return the exit code.

    Raises:
        FeedsError: it cannot be done as given.
        StoreError: the state cannot be used.
    """
    return _ACTIONS[options.action](options, config)


def _list(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import known, listing  # noqa: PLC0415 - see the module

    shared = _shared(config)
    rows = known.feeds(config) if shared is None else shared.known()
    if options.json:
        listing.write_json(rows, sys.stdout)
    else:
        listing.write_table(rows, sys.stdout, now=time.time())
    if not rows:
        print("no feeds yet; add one with newstap feeds add URL", file=sys.stderr)  # noqa: T201 - for people
    return 0


def _add(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import changes  # noqa: PLC0415 - see the module

    wanted = changes.described(
        options.urls,
        name=options.name,
        interval_seconds=options.interval,
        pages=options.pages,
        language=options.language,
        zone=options.zone,
        tags=options.tag,
    )
    if options.discover:
        from ingest.feedcommands import trial  # noqa: PLC0415 - fetching takes a third of a second to load

        found = asyncio.run(trial.discovered(config, wanted))
        if found is None:
            return 1
        wanted = found
    if (shared := _shared(config)) is not None:
        for url, new in shared.add(wanted).items():
            print("added" if new else "known", url)  # noqa: T201 - the command's output
        return 0
    return changes.add(config, wanted, now=time.time())


def _remove(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import changes  # noqa: PLC0415 - see the module

    if (shared := _shared(config)) is not None:
        shared.remove(options.urls)
        return _said("removed", options.urls)
    return changes.remove(config, options.urls, now=time.time())


def _pause(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import changes  # noqa: PLC0415 - see the module

    if (shared := _shared(config)) is not None:
        shared.pause(options.urls, paused=options.action == "pause")
        return _said(f"{options.action}d", options.urls)
    return changes.pause(config, options.urls, paused=options.action == "pause")


def _import(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import opml  # noqa: PLC0415 - see the module

    return opml.take_in(config, path(options.file), now=time.time(), shared=_shared(config))


def _export(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import opml  # noqa: PLC0415 - see the module

    return opml.give_out(config, path(options.file), shared=_shared(config))


def _test(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import trial  # noqa: PLC0415 - fetching takes a third of a second to load

    return asyncio.run(trial.try_out(config, options.url, sys.stdout))


def _shared(config: Config) -> Shared | None:
    """Return the feeds that fetchers share out; None where this machine has its own."""
    if config.fetch.group is None:
        return None
    from ingest.feedcommands.shared import Shared  # noqa: PLC0415 - Kafka takes a third of a second to load

    return Shared(config)


def _said(what: str, urls: Sequence[str]) -> int:
    for url in urls:
        print(what, url)  # noqa: T201 - the command's output
    return 0


_ACTIONS = {
    "list": _list,
    "add": _add,
    "remove": _remove,
    "pause": _pause,
    "resume": _pause,
    "import": _import,
    "export": _export,
    "test": _test,
}
