"""The arguments of `newstap feeds`. Nothing is imported here that `--help` would have to wait for."""

from __future__ import annotations

import argparse
from pathlib import Path

_EPILOG = """\
Feeds stand in the configuration file ([[feeds]]) or in the store, which these commands change. They work while
`newstap run` lives, which takes a change up within about a second.

Examples:
  newstap feeds add https://example.org/feed.xml --name "The Example" --tag local
  newstap feeds import subscriptions.opml
  newstap feeds list --json | jq -r 'select(.error) | [.url, .error, .failing_since] | @tsv'
  newstap feeds test https://example.org/
  newstap feeds export | ssh elsewhere newstap feeds import -

Exit codes: 0 done; 1 the address gave no feed (test, add --discover); 2 usage, or a feed that is not in the store.
"""


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    late: argparse.ArgumentParser,
) -> None:
    """Add the command.

    Args:
        commands: where to.
        common: what stands before the action.
        late: the same for behind the action.
    """
    feeds = commands.add_parser(
        "feeds",
        parents=[common],
        help="the feeds: list, add, remove, pause, resume, import, export, test",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = feeds.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", parents=[late], help="every feed, with its state and its next poll")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_parser(actions, late)
    for name, told in (
        ("remove", "take feeds out of the store"),
        ("pause", "stop polling feeds; what is known of them stays"),
        ("resume", "poll paused feeds again"),
    ):
        _with_urls(actions.add_parser(name, parents=[late], help=told))
    reading = actions.add_parser("import", parents=[late], help="add the feeds of an OPML file; doing it again is safe")
    reading.add_argument("file", metavar="FILE", help="an OPML file, or - for standard input")
    writing = actions.add_parser("export", parents=[late], help="write every feed as OPML, paused or not")
    writing.add_argument("file", nargs="?", default="-", metavar="FILE", help="where to (default: standard output)")
    test = actions.add_parser("test", parents=[late], help="fetch an address once and tell what came; store nothing")
    test.add_argument("url", metavar="URL", help="of a feed, or of a page that names feeds")


def _add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser], late: argparse.ArgumentParser) -> None:
    add = actions.add_parser(
        "add",
        parents=[late],
        help="add feeds to the store",
        description="Adds feeds to the store. For known ones, what is given is taken over; tags come in addition.",
    )
    _with_urls(add)
    add.add_argument("--discover", action="store_true", help="ask the address: of a page, add the feed that it names")
    add.add_argument("--name", help="what to call it; for one URL")
    add.add_argument("--interval", type=float, metavar="SECONDS", help="first guess of the time between two polls")
    add.add_argument(
        "--pages",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="fetch article pages, or take the feed's text",
    )
    add.add_argument("--language", metavar="TAG", help="of its articles where they do not tell, as in pt-BR")
    add.add_argument("--zone", help="time zone of dates without one, as in Europe/Lisbon or +01:00")
    add.add_argument("--tag", action="append", default=[], metavar="WORD", help="a word of your own; can be repeated")


def _with_urls(action: argparse.ArgumentParser) -> None:
    action.add_argument("urls", nargs="+", metavar="URL", help="the address of a feed")


def path(text: str) -> Path | None:
    """Return the file that an argument names; None for the standard stream."""
    return None if text == "-" else Path(text)
