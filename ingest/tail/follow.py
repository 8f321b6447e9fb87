"""The command: from where records come to where they are shown, until it is told to end."""

from __future__ import annotations

import logging
import os
import select
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING, TextIO

from ingest.config import FilesSink, KafkaSink
from ingest.scaled import kafka_of
from ingest.selection import Selection
from ingest.tail.display import Display, coloured
from ingest.tail.files import FilesTail
from ingest.tail.source import Begin, TailError
from ingest.tail.unique import OneOfEach
from ingest.wanted import Wanted
from sinks.codec import CodecError, decode_record

if TYPE_CHECKING:
    import argparse
    import threading
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ingest.config import Config
    from ingest.tail.source import Tail
    from processors.records import Record

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.2
"""Between two looks at files."""
DONE, STOPPED = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    to: Path | None = None
    kafka: str | None = None
    """`host:port`; empty: what is configured."""
    begin: Begin = field(default_factory=Begin)
    wanted: Wanted = field(default_factory=Wanted)
    as_json: bool = False
    once: bool = False
    unique: bool = False
    """Only the first of each story, and no copies."""


def options_of(given: argparse.Namespace) -> Options:
    """Return what `ingest.tail.arguments` has read."""
    hosts, languages, topics = map(tuple, (given.host, given.language, given.topic))
    begins_earlier = given.since is not None or given.from_start
    return Options(
        to=given.to,
        kafka="" if given.kafka is True else given.kafka,
        begin=Begin(last=None if begins_earlier else given.last, since=given.since),
        wanted=Wanted(
            selection=Selection(since=given.since, hosts=hosts, languages=languages, topics=topics),
            sites=tuple(given.site),
            words=tuple(given.text.casefold().split()),
        ),
        as_json=given.json,
        once=given.once,
        unique=given.unique,
    )


def tail(config: Config, options: Options, stop: threading.Event, out: TextIO) -> int:
    """Show records until `stop` is set, or the reader of our output has gone; return the exit code.

    Raises:
        ConfigError: Kafka is asked for, and none is configured.
    """
    try:
        with closing(_source(config, options)) as source:
            _Showing(config, options, stop, out).run(source)
    except TailError as error:
        log.error("%s", error)  # noqa: TRY400 - the message says it all
        return STOPPED
    except BrokenPipeError:  # as with `| head`: that is how it is ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    return DONE


class _Showing:
    def __init__(self, config: Config, options: Options, stop: threading.Event, out: TextIO) -> None:
        self._options = options
        self._stop = stop
        self._out = out
        self._unique = OneOfEach() if options.unique else None
        self._display = Display(colours=coloured(out), topics=config.topics.enabled)

    def run(self, source: Tail) -> None:
        """Show what is asked for of the past, then what comes."""
        for lines in self._past(source.before(), self._options.begin.last or 0):
            self._write(lines)
        while not self._stop.is_set():
            came = False
            for lines in self._shown(source.arrived()):
                self._write(lines)
                came = True
            self._out.flush()
            if self._options.once and source.has_caught_up():
                return
            if not came:
                _require_reader(self._out)
                self._stop.wait(_PAUSE_SECONDS)

    def _past(self, bodies: Iterable[bytes], most: int) -> list[bytes]:
        """Return what is written of the newest records, which come first, in their order."""
        if self._unique is not None:
            return [self._lines(body, record) for body, record in self._unique.newest(self._asked_for(bodies), most)]
        return list(islice(self._shown(bodies), most))[::-1]

    def _shown(self, bodies: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what is written of each record that is asked for, until we are to end."""
        if self._options.as_json and not self._options.wanted and self._unique is None:
            yield from takewhile(lambda _: not self._stop.is_set(), bodies)
            return
        for body, record in self._asked_for(bodies):
            if self._unique is None or self._unique.takes(record):
                yield self._lines(body, record)

    def _asked_for(self, bodies: Iterable[bytes]) -> Iterator[tuple[bytes, Record]]:
        for body in takewhile(lambda _: not self._stop.is_set(), bodies):
            try:
                record = decode_record(body)
            except CodecError as error:
                log.warning("passed over, no record: %s", error)
                continue
            if self._options.wanted.takes(record):
                yield body, record

    def _lines(self, body: bytes, record: Record) -> bytes:
        return body if self._options.as_json else "\n".join([*self._display.lines(record), ""]).encode()

    def _write(self, shown: bytes) -> None:
        self._out.buffer.write(shown + b"\n")


def _require_reader(out: TextIO) -> None:
    """Notice that whoever read our output has gone, though there is nothing to write.

    Raises:
        BrokenPipeError: so it is.
    """
    poll = select.poll()
    poll.register(out.fileno(), 0)  # errors are told always: POLLERR at the write end of a pipe that nobody reads
    if any(event & select.POLLERR for _, event in poll.poll(0)):
        raise BrokenPipeError


def _source(config: Config, options: Options) -> Tail:
    files, kafka = config.sinks.files, _kafka(config, options)
    if kafka is not None and (options.kafka is not None or (files is None and options.to is None)):
        from ingest.tail.topic import TopicTail  # noqa: PLC0415 - the library takes a fifth of a second
        from ingest.wiring import connection_of  # noqa: PLC0415 - as above
        from sinks.kafka_messages import Names  # noqa: PLC0415 - as above

        return TopicTail(connection_of(kafka), Names(kafka.topic_prefix).articles, options.begin)
    return FilesTail(options.to or (files or FilesSink()).path, options.begin)


def _kafka(config: Config, options: Options) -> KafkaSink | None:
    if options.kafka:
        return replace(config.sinks.kafka or KafkaSink(), bootstrap=options.kafka)
    return config.sinks.kafka if options.kafka is None else kafka_of(config, "tail --kafka")
