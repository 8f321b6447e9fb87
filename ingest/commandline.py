"""The commands, their arguments and what `--help` says of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import examples, replayarguments
from ingest.argumenttypes import count, name, rate
from ingest.completion import arguments as completionarguments
from ingest.feedcommands import arguments
from ingest.status import arguments as statusarguments
from ingest.tail import arguments as tailarguments

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line; `command` is None where none was given."""
    whole = argparse.ArgumentParser(
        prog="newstap",
        description="Articles in, clean records with topics out: to files and to Kafka, each exactly once.",
        epilog="Exit codes: 0 all accounted for, 1 stopped before all was delivered, 2 usage or configuration.",
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="a TOML file; every key has a default")
    commands.add_parser(
        "run",
        parents=[common],
        help="the service: polls feeds, fetches pages, delivers records, until it is told to end",
        description="Polls the feeds of the configuration and of the store (`newstap feeds`), fetches their articles, "
        "and delivers records. SIGTERM or Ctrl-C ends it in an orderly way; SIGHUP reads the configuration again.",
        epilog="Example: newstap run --config news.toml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _scaled_parsers(commands, common)
    replayarguments.add_parser(commands, common)
    commands.add_parser(
        "check",
        parents=[common],
        help="every configuration problem at once, then whether sinks and feeds can be reached",
    )
    _demo_parser(commands, common)
    _reading_parsers(commands, common)
    examples.add(whole)
    return whole


class _Version(argparse.Action):
    """Prints the version, which is looked for only where it is asked for: that takes longer than all of `--help`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """See `argparse.Action`."""
        from importlib.metadata import version  # noqa: PLC0415 - see above

        del namespace, values, option_string
        print(f"newstap {version('newstap')}")  # noqa: T201 - the answer
        parser.exit()


def _scaled_parsers(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    fetch = commands.add_parser(
        "fetch",
        parents=[common],
        help="the first half of a service for more machines: polls feeds and fetches pages, into Kafka",
        description="Polls feeds and fetches their articles as `newstap run` does, and puts the pages into Kafka, "
        "where `newstap work` makes records of them. Needs [sinks.kafka]. Signals as of `newstap run`.",
        epilog="Example: newstap fetch --config news.toml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fetch.add_argument(
        "--group",
        type=name,
        metavar="NAME",
        help="share out the feeds in Kafka with every fetcher of this group (default: [fetch] group, if any)",
    )
    fetch.add_argument(
        "--instance", type=name, metavar="NAME", help="its name in the group (default: this machine's, and a number)"
    )

    work = commands.add_parser(
        "work",
        parents=[common],
        help="the second half: a worker of a group that makes records of the pages, Kafka to Kafka",
        description="Takes its share of the pages in Kafka, and puts their records into Kafka, in one transaction with "
        "how far it has read. Start as many as you like, anywhere; the share of one that ends or is killed goes to the "
        "others. Needs [sinks.kafka], and newstap link behind it, unless [stories] enabled is false; newstap export "
        "keeps files.",
        epilog="Example: newstap work --config news.toml --workers 2",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _in_group(work, "newstap-work-PREFIX")
    work.add_argument("--workers", type=count, default=0, metavar="N", help="processes (default: one per core)")

    _link_parser(commands, common)
    export = commands.add_parser(
        "export",
        parents=[common],
        help="keeps files of the records and dead letters in Kafka, each exactly once",
        description="Follows the records and dead letters in Kafka and keeps them in files, as the service without "
        "Kafka does, with its offsets: killed at any moment, the same command goes on where it stopped. "
        "Needs [sinks.kafka]; [sinks.files] says how files are compressed and when they are finished.",
        epilog="Example: newstap export --config news.toml --to out",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder, for this export alone")
    export.add_argument("--exit-when-idle", action="store_true", help="end when everything is in the files")


def _link_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    link = commands.add_parser(
        "link",
        parents=[common],
        help="the one that publishes what workers make: copies, stories and revisions, in one order",
        description="Takes the records of all workers in their one order, finds out what they are copies and new "
        "states of and which story they belong to, and publishes them, in one transaction with how far it has read. "
        "One of those that run is at work; the others stand by, and one takes over when it ends or is killed. "
        "Needs [sinks.kafka].",
        epilog="Example: newstap link --config news.toml",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _in_group(link, "newstap-link-PREFIX")


def _in_group(parser: argparse.ArgumentParser, group: str) -> None:
    """Add what a member of a consumer group is told."""
    parser.add_argument("--group", type=name, metavar="NAME", help=f"the consumer group (default: {group})")
    parser.add_argument(
        "--instance", type=name, metavar="NAME", help="its name in the group (default: this machine's, and a number)"
    )


def _demo_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    demo = commands.add_parser(
        "demo",
        parents=[common],
        help="a newsroom of invented outlets on loopback, and the service reading it",
        description="Starts ten invented outlets on loopback, which publish some sixty articles, one a second, and the "
        "service reading their feeds; prints each record as it arrives, with its topics and what was stripped.",
    )
    demo.add_argument("--to", type=Path, default=Path("var/demo"), metavar="DIR", help="where (default: %(default)s)")
    demo.add_argument("--exit-when-idle", action="store_true", help="end when everything is published and delivered")
    demo.add_argument("--pace", type=rate, default=1.0, metavar="SECONDS", help="between two articles (default: 1)")
    demo.add_argument("--archive", action="store_true", help="replay a bundled archive of such articles instead")


def _reading_parsers(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    # Given behind the action too; SUPPRESS, or its absence there would undo what stands before the action.
    late = argparse.ArgumentParser(add_help=False)
    late.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="as before the action")
    arguments.add_parser(commands, common, late)
    topics = commands.add_parser("topics", parents=[common], help="the topic definitions, and tests of them")
    actions = topics.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", parents=[late], help="each definition, whether it is on, its threshold")
    test = actions.add_parser(
        "test", parents=[late], help="run the examples of every definition; exit with 1 if one fails"
    )
    test.add_argument("paths", nargs="*", type=Path, metavar="FILE", help="definitions beside the configured ones")
    audit = commands.add_parser(
        "audit",
        parents=[common],
        help="whether what was discovered was delivered, by the books and by what the sinks really hold",
        description="Holds the books of the service's state, or of a replay job, against files and Kafka topics; works "
        "beside them too. Exit code 1 where something is wrong.",
    )
    audit.add_argument(
        "--to", type=Path, metavar="DIR", help="the folder of a replay job (default: the service's state)"
    )
    schema = commands.add_parser(
        "schema", parents=[common], help="JSON Schemas of the output, AsyncAPI of the Kafka topics"
    )
    schema.add_argument("name", nargs="?", metavar="NAME", help="the one to print (default: list their names)")
    why = commands.add_parser("why", parents=[common], help="what happened to a document, and what gave its topics")
    why.add_argument("wanted", metavar="ID-or-URL", help="a record id, a document id or a URL")
    why.add_argument("--to", type=Path, metavar="DIR", help="the folder it went to (default: as configured)")
    _retract_parser(commands, common)
    statusarguments.add_parser(commands, common)
    tailarguments.add_parser(commands, common)
    _site_parser(commands, common, late)
    _archive_parser(commands, common, late)
    completionarguments.add_parser(commands, common)


def _retract_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    retract = commands.add_parser(
        "retract",
        parents=[common],
        help="take articles down: out of archive and files, a tombstone in Kafka, and no replay brings them back",
        description="Takes articles down for good. The service must not run meanwhile; it sends the tombstone at its "
        "next start. Killed at any moment, the same command does the rest.",
    )
    retract.add_argument("wanted", nargs="*", metavar="ID-or-URL", help="record ids and URLs")
    retract.add_argument("--reason", default="", metavar="TEXT", help="why, for --list and newstap why")
    retract.add_argument("--dry-run", action="store_true", help="say which articles it would be, change nothing")
    retract.add_argument("--list", action="store_true", help="what was taken down, when and why")


def _archive_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    late: argparse.ArgumentParser,
) -> None:
    archive = commands.add_parser("archive", parents=[common], help="what the service archived: a page, or all of it")
    actions = archive.add_subparsers(dest="action", metavar="ACTION", required=True)
    get = actions.add_parser("get", parents=[late], help="a page as it was, on standard output")
    get.add_argument("wanted", metavar="ID-or-URL", help="a record id, or a URL")
    get.add_argument("--raw", action="store_true", help="the whole answer as it was received, head and coding")
    verify = actions.add_parser(
        "verify", parents=[late], help="whether it is whole: framing, digests, indexes, knowledge; else exit with 1"
    )
    for action in (get, verify):
        action.add_argument("--archive", type=Path, metavar="DIR", help="another archive than the configured one")


def _site_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    late: argparse.ArgumentParser,
) -> None:
    site = commands.add_parser("site", parents=[common], help="what was learned about a site, and how to forget it")
    actions = site.add_subparsers(dest="action", metavar="ACTION", required=True)
    for verb, about in (
        ("show", "its recurring lines: which go and which stay, how often seen, since when, and why"),
        ("export", "the lines that go, as a file for [extraction] rules"),
        ("forget", "forget all of it"),
    ):
        action = actions.add_parser(verb, parents=[late], help=about)
        action.add_argument("host", metavar="HOST", help="the site, as in gazette.example")
        action.add_argument("--to", type=Path, metavar="DIR", help="what a replay without --config learned in DIR")
