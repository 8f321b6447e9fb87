"""The command line: arguments, signals and exit codes. Heavy modules are imported by the commands that need them.

Exit codes: 0 everything accounted for; 1 stopped before all was delivered; 2 usage or configuration.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ingest.feedcommands import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from ingest.config import Config, Sinks

log = logging.getLogger(__name__)

DONE, STOPPED, USAGE = 0, 1, 2
DRAIN_SECONDS = 30.0


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    from ingest.config import ConfigError, load  # noqa: PLC0415 - `--help` and `--version` answer without it
    from ingest.logs import setup  # noqa: PLC0415 - as above

    try:
        config = load(options.config, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before logging is set up
        return USAGE
    setup(config.logging.level, config.logging.format, secrets=config.secrets())
    for problem in config.warnings:
        log.warning("%s", problem)
    return _run(options, config)


def _run(options: argparse.Namespace, config: Config) -> int:
    from ingest.config import ConfigError  # noqa: PLC0415 - see main
    from ingest.feedcommands.errors import FeedsError  # noqa: PLC0415 - see main
    from ingest.jobs import JobError  # noqa: PLC0415 - see main
    from ingest.pool import PoolError  # noqa: PLC0415 - see main
    from ingest.sources.opening import InputError  # noqa: PLC0415 - see main
    from processors.boilerplate.rules import RulesError  # noqa: PLC0415 - see main
    from processors.topics.definitions import TopicsError  # noqa: PLC0415 - see main
    from sinks.store import StoreError, StoreFullError  # noqa: PLC0415 - see main

    commands = {
        "run": _serve,
        "replay": _replay,
        "audit": _audit,
        "check": _check,
        "demo": _demo,
        "feeds": _feeds,
        "schema": _schema,
        "site": _site,
        "topics": _topic_definitions,
        "why": _why,
    }
    try:
        return commands[options.command](options, config)
    except StoreFullError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as below
        return STOPPED  # not the configuration's fault: a service manager may try again
    except (ConfigError, FeedsError, InputError, JobError, PoolError, RulesError, TopicsError, StoreError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the user's own mistake: no time stamp, no logger's name
        return USAGE
    except BrokenPipeError:
        # The reader of our standard output has gone, as with `| head`; nothing more can be told to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED
    except KeyboardInterrupt:  # in a command that has nothing to bring to an orderly end
        return STOPPED


def _serve(options: argparse.Namespace, config: Config) -> int:
    stop, reload = _stop_on_signals("what was accepted waits, and goes out after the next start"), threading.Event()
    signal.signal(signal.SIGHUP, lambda number, frame: reload.set())  # noqa: ARG005 - a handler's two arguments
    from ingest.listener import ListenError  # noqa: PLC0415 - see main
    from ingest.live.service import serve  # noqa: PLC0415 - see main

    del options
    try:
        return serve(config, stop, reload=reload)
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as in _run
        return USAGE


def _replay(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals()
    if options.diff:
        from ingest.diff import diff  # noqa: PLC0415 - see main

        return diff(config, options.inputs, options.topics, stop)
    from ingest.replay import Options, replay  # noqa: PLC0415 - see main

    wanted = Options(
        inputs=tuple(options.inputs),
        dry_run=options.dry_run,
        restart=options.restart,
        strict=options.strict,
        workers=options.workers,
        rate=options.rate,
        topics=options.topics,
    )
    return replay(config, _sinks(options, config), wanted, stop)


def _sinks(options: argparse.Namespace, config: Config) -> Sinks:
    """Return where a replay writes: `--to` and `--kafka` replace what the configuration names."""
    from ingest.config import FilesSink, KafkaSink, Sinks  # noqa: PLC0415 - see main

    if options.to is None and options.kafka is None:
        return config.sinks
    files = replace(config.sinks.files or FilesSink(), path=options.to) if options.to is not None else None
    kafka = None
    if options.kafka is not None:
        kafka = replace(config.sinks.kafka or KafkaSink(), bootstrap=options.kafka)
    return Sinks(files=files, kafka=kafka)


def _check(options: argparse.Namespace, config: Config) -> int:
    from ingest.check import check  # noqa: PLC0415 - see main

    del options
    return check(config)


def _demo(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals("what was accepted is in the folder; the next demo begins anew")
    if options.archive:
        from ingest.demo.show import demo  # noqa: PLC0415 - see main

        return demo(config, options.to, os.environ, stop)
    from ingest.demo.live import demo_live  # noqa: PLC0415 - see main

    ends = options.exit_when_idle
    return demo_live(config, options.to, os.environ, stop, exit_when_idle=ends, pace_seconds=options.pace)


def _feeds(options: argparse.Namespace, config: Config) -> int:
    from ingest.feedcommands import dispatch  # noqa: PLC0415 - see main

    return dispatch.run(options, config)


def _topic_definitions(options: argparse.Namespace, config: Config) -> int:
    from ingest import topics  # noqa: PLC0415 - see main

    return topics.show(config) if options.action == "list" else topics.try_examples(config, options.paths)


def _schema(options: argparse.Namespace, config: Config) -> int:
    from ingest.schema import show  # noqa: PLC0415 - see main

    del config
    return show(options.name)


def _why(options: argparse.Namespace, config: Config) -> int:
    from ingest.config import FilesSink  # noqa: PLC0415 - see main
    from ingest.why import why  # noqa: PLC0415 - see main

    return why(config, options.wanted, options.to or (config.sinks.files or FilesSink()).path)


def _audit(options: argparse.Namespace, config: Config) -> int:
    from ingest.audit import audit  # noqa: PLC0415 - see main

    return audit(config, options.to)


def _site(options: argparse.Namespace, config: Config) -> int:
    from ingest.sites import site  # noqa: PLC0415 - see main

    return site(config, options.action, options.host, options.to)


def _stop_on_signals(then: str = "the same command resumes where it stopped") -> threading.Event:
    """Return an event that SIGINT and SIGTERM set; a second one, or half a minute, ends the process at once.

    Args:
        then: what becomes of the work, for the message.
    """
    stop = threading.Event()
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        del frame
        name = signal.Signals(number).name
        if asked:
            _end_at_once(f"ended by a second {name}; {then}")
        asked = True
        stop.set()
        # Whatever it waits for (standard input, a disk), the end comes in time.
        late = threading.Timer(
            DRAIN_SECONDS, _end_at_once, [f"not done {DRAIN_SECONDS:g} s after {name}, ended; {then}"]
        )
        late.daemon = True
        late.start()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return stop


def _end_at_once(why: str) -> NoReturn:
    # Nothing acknowledged is lost: what counts is committed, and the next run begins from there.
    os.write(2, f"{why}\n".encode("ascii"))
    os._exit(STOPPED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="newstap",
        description="Articles in, clean records with topics out: to files and to Kafka, each exactly once.",
        epilog="Exit codes: 0 all accounted for, 1 stopped before all was delivered, 2 usage or configuration.",
    )
    parser.add_argument("--version", action="version", version=f"newstap {version('newstap')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
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
    _replay_parser(commands, common)
    commands.add_parser(
        "check",
        parents=[common],
        help="every configuration problem at once, then whether sinks and feeds can be reached",
    )
    _demo_parser(commands, common)
    _reading_parsers(commands, common)
    return parser


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
    demo.add_argument("--pace", type=_rate, default=1.0, metavar="SECONDS", help="between two articles (default: 1)")
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
    _site_parser(commands, common, late)


def _site_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    late: argparse.ArgumentParser,
) -> None:
    site = commands.add_parser("site", parents=[common], help="what was learned about a site, and how to forget it")
    actions = site.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, about in (
        ("show", "its recurring lines: which go and which stay, how often seen, since when, and why"),
        ("export", "the lines that go, as a file for [extraction] rules"),
        ("forget", "forget all of it"),
    ):
        action = actions.add_parser(name, parents=[late], help=about)
        action.add_argument("host", metavar="HOST", help="the site, as in gazette.example")
        action.add_argument("--to", type=Path, metavar="DIR", help="what a replay without --config learned in DIR")


def _replay_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    replay = commands.add_parser(
        "replay",
        parents=[common],
        help="archived documents through the chain, into files and Kafka; resumable",
        description="Replays archived documents: .txt .html .json .jsonl .warc .arc, each also .gz; directories; "
        "- for standard input. Killed or interrupted, the same command goes on where it stopped.",
        epilog="Examples: newstap replay archive/ --to out | newstap replay CC-NEWS.warc.gz --kafka 127.0.0.1:9092",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    replay.add_argument("inputs", nargs="+", metavar="PATH", help="a file, a directory, or - for standard input")
    replay.add_argument("--to", type=Path, metavar="DIR", help="write files here, and keep the job's progress here")
    replay.add_argument("--kafka", type=_address, metavar="HOST:PORT", help="publish to this Kafka")
    replay.add_argument("--topics", type=_topics, metavar="A,B", help="the topics to look for, or all")
    trials = replay.add_mutually_exclusive_group()
    trials.add_argument("--dry-run", action="store_true", help="print the records, deliver and remember nothing")
    trials.add_argument(
        "--diff", action="store_true", help="print what new topic definitions would change in records; deliver nothing"
    )
    replay.add_argument("--restart", action="store_true", help="begin anew: replace the files, publish again")
    replay.add_argument("--strict", action="store_true", help="exit with 1 if there are dead letters")
    replay.add_argument("--workers", type=_count, default=0, metavar="N", help="processes (default: one per core)")
    replay.add_argument("--rate", type=_rate, default=0.0, metavar="N", help="documents per second at most")


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, as in 127.0.0.1:9092")
    return text


def _topics(text: str) -> tuple[str, ...]:
    if text == "all":
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("give topic names, as in north-korea,russia, or all")
    return names


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1024")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return rate
