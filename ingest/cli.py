"""The command line: what each command runs, signals and exit codes. Heavy modules are imported where they are needed.

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
from typing import TYPE_CHECKING, NoReturn

from ingest import replayarguments
from ingest.commandline import parser

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from ingest.config import Config, Sinks
    from ingest.selection import Selection

log = logging.getLogger(__name__)

DONE, STOPPED, USAGE = 0, 1, 2
DRAIN_SECONDS = 30.0


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    reader = parser()
    options = reader.parse_args(arguments)
    if options.command is None:
        reader.print_help(sys.stderr)
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
    from ingest.archived import ArchiveError  # noqa: PLC0415 - see main
    from sinks.store import StoreFullError  # noqa: PLC0415 - see main

    commands = {
        "run": _serve,
        "fetch": _serve,
        "work": _work,
        "link": _link,
        "export": _export,
        "replay": _replay,
        "archive": _archive,
        "audit": _audit,
        "check": _check,
        "completion": _completion,
        "demo": _demo,
        "feeds": _feeds,
        "retract": _retract,
        "schema": _schema,
        "site": _site,
        "status": _status,
        "tail": _tail,
        "topics": _topic_definitions,
        "why": _why,
    }
    try:
        return commands[options.command](options, config)
    except (ArchiveError, StoreFullError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - as below
        return STOPPED  # not the configuration's fault: a service manager may try again
    except _mistakes() as error:
        print(error, file=sys.stderr)  # noqa: T201 - the user's own mistake: no time stamp, no logger's name
        return USAGE
    except BrokenPipeError:
        # The reader of our standard output has gone, as with `| head`; nothing more can be told to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED
    except KeyboardInterrupt:  # in a command that has nothing to bring to an orderly end
        return STOPPED


def _mistakes() -> tuple[type[Exception], ...]:
    """Return what the user's own mistakes raise; their texts say what would be right."""
    from ingest.config import ConfigError  # noqa: PLC0415 - see main
    from ingest.feedcommands.errors import FeedsError  # noqa: PLC0415 - see main
    from ingest.jobs import JobError  # noqa: PLC0415 - see main
    from ingest.knowledge import KnowledgeError  # noqa: PLC0415 - see main
    from ingest.pool import PoolError  # noqa: PLC0415 - see main
    from ingest.sources.opening import InputError  # noqa: PLC0415 - see main
    from processors.boilerplate.rules import RulesError  # noqa: PLC0415 - see main
    from processors.topics.definitions import TopicsError  # noqa: PLC0415 - see main
    from sinks.store import StoreError  # noqa: PLC0415 - see main

    known = (ConfigError, FeedsError, InputError, JobError, KnowledgeError, PoolError, RulesError, TopicsError)
    return (*known, StoreError)


def _serve(options: argparse.Namespace, config: Config) -> int:
    stop, reload = _stop_on_signals("what was accepted waits, and goes out after the next start"), threading.Event()
    signal.signal(signal.SIGHUP, lambda number, frame: reload.set())  # noqa: ARG005 - a handler's two arguments
    from ingest.listener import ListenError  # noqa: PLC0415 - see main
    from ingest.live.serving import serve  # noqa: PLC0415 - see main

    try:
        if options.command == "fetch" and (group := options.group or config.fetch.group):
            from ingest.fleet.serving import fetch  # noqa: PLC0415 - see main

            return fetch(config, group, options.instance, stop)
        return serve(config, stop, job=options.command, reload=reload)
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as in _run
        return USAGE


def _work(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals("pages that nothing came of yet are read again")
    from ingest.listener import ListenError  # noqa: PLC0415 - see main
    from ingest.work.service import Options, work  # noqa: PLC0415 - see main

    wanted = Options(group=options.group, instance=options.instance, workers=options.workers)
    try:
        return work(config, wanted, stop)
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as in _run
        return USAGE


def _link(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals("what was not linked yet is read again")
    from ingest.link.service import Options, link  # noqa: PLC0415 - see main
    from ingest.listener import ListenError  # noqa: PLC0415 - see main

    try:
        return link(config, Options(group=options.group, instance=options.instance), stop)
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as in _run
        return USAGE


def _export(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals("the same command goes on where it stopped")
    from ingest.export import Options, export  # noqa: PLC0415 - see main
    from ingest.listener import ListenError  # noqa: PLC0415 - see main

    try:
        return export(config, Options(to=options.to, exit_when_idle=options.exit_when_idle), stop)
    except ListenError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as in _run
        return USAGE


def _replay(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals()
    selection = _selection(options)
    if problem := replayarguments.problem(options):
        print(problem, file=sys.stderr)  # noqa: T201 - as in _run
        return USAGE
    if options.diff:
        return _diff(options, config, selection, stop)
    if options.restory:
        return _restory(options, stop)
    from ingest.replay import Options, replay  # noqa: PLC0415 - see main

    wanted = Options(
        inputs=tuple(options.inputs),
        dry_run=options.dry_run,
        distribute=options.distribute,
        restart=options.restart,
        strict=options.strict,
        workers=options.workers,
        rate=options.rate,
        speed=options.speed,
        topics=options.topics,
        selection=selection,
        as_of=options.as_of,
        knowledge=options.knowledge,
        changes_against=options.against,
    )
    return replay(config, _sinks(options, config), wanted, stop)


def _diff(options: argparse.Namespace, config: Config, selection: Selection, stop: threading.Event) -> int:
    from ingest.diff import Options, diff  # noqa: PLC0415 - see main

    wanted = Options(
        inputs=tuple(options.inputs),
        against=options.against,
        topics=options.topics,
        selection=selection,
        workers=options.workers,
    )
    return diff(config, wanted, stop)


def _restory(options: argparse.Namespace, stop: threading.Event) -> int:
    from ingest.restory import Options, restory  # noqa: PLC0415 - see main

    return restory(Options(inputs=tuple(options.inputs), to=options.to), stop)


def _selection(options: argparse.Namespace) -> Selection:
    from ingest.selection import Selection  # noqa: PLC0415 - see main

    return Selection(
        since=options.since,
        until=options.until,
        hosts=options.host,
        languages=options.language,
        topics=options.topic,
    )


def _sinks(options: argparse.Namespace, config: Config) -> Sinks:
    """Return where a replay writes: `--to` and `--kafka` replace what the configuration names."""
    from ingest.config import FilesSink, KafkaSink, Sinks  # noqa: PLC0415 - see main
    from ingest.scaled import kafka_of  # noqa: PLC0415 - see main

    if options.distribute and options.kafka is None:
        return Sinks(files=None, kafka=kafka_of(config, "replay --distribute"))
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


def _completion(options: argparse.Namespace, config: Config) -> int:
    from ingest.completion.show import show  # noqa: PLC0415 - see main

    return show(config, options.shell, parser())


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


def _retract(options: argparse.Namespace, config: Config) -> int:
    from ingest import retract  # noqa: PLC0415 - see main

    if options.list:
        return retract.listed(config)
    return retract.retract(config, options.wanted, why=options.reason, dry_run=options.dry_run)


def _status(options: argparse.Namespace, config: Config) -> int:
    from ingest.status.show import show  # noqa: PLC0415 - see main

    return show(config, as_json=options.json)


def _tail(options: argparse.Namespace, config: Config) -> int:
    stop = _stop_on_signals("it had nothing to finish")
    from ingest.tail.follow import options_of, tail  # noqa: PLC0415 - see main

    return tail(config, options_of(options), stop, sys.stdout)


def _archive(options: argparse.Namespace, config: Config) -> int:
    from ingest import archives  # noqa: PLC0415 - see main

    if options.action == "get":
        return archives.get(config, options.wanted, path=options.archive, raw=options.raw, out=sys.stdout.buffer)
    return archives.verify(config, options.archive)


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
