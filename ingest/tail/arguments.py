"""The arguments of `newstap tail`. Nothing is imported here that `--help` would have to wait for."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.argumenttypes import address, moment, words

_EPILOG = """\
Without --to and --kafka it reads what the configuration names: the files, else Kafka. It ends with Ctrl-C.

Examples:
  newstap tail --config news.toml
  newstap tail --topic russia --topic china --language en,de
  newstap tail --unique --language en
  newstap tail --to out --since 2h --text "nuclear talks"
  newstap tail --from-start --once --json | jq -r .title
"""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LAST = 10
"""Records of the past that are shown first."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command."""
    tail = commands.add_parser(
        "tail",
        parents=[common],
        help="follows records as they arrive, from files or Kafka",
        description="Shows the newest records, then each as it arrives. Needs no lock, leaves no group in Kafka.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tail.add_argument("--json", action="store_true", help="each record's line as it is")
    tail.add_argument("--unique", action="store_true", help="one record of each story, the first; no copies")
    tail.add_argument("--once", action="store_true", help="end with the last record that is there")
    _add_source(tail)
    _add_begin(tail)
    _add_filters(tail)


def _add_source(tail: argparse.ArgumentParser) -> None:
    source = tail.add_mutually_exclusive_group()
    source.add_argument("--to", type=Path, metavar="DIR", help="follow the files of this folder")
    source.add_argument(
        "--kafka",
        type=address,
        nargs="?",
        const=True,
        metavar="HOST:PORT",
        help="follow Kafka: the configured, or this",
    )


def _add_begin(tail: argparse.ArgumentParser) -> None:
    begin = tail.add_mutually_exclusive_group()
    begin.add_argument(
        "-n", "--last", type=_number, default=LAST, metavar="N", help="begin with the newest N (default: %(default)s)"
    )
    begin.add_argument(
        "--since", type=ago, metavar="TIME", help="begin with what was published in the last 2h, or since"
    )
    begin.add_argument("--from-start", action="store_true", help="begin with the oldest")


def _add_filters(tail: argparse.ArgumentParser) -> None:
    filters = tail.add_argument_group("filters", "One of the values of each; those of --text all.")
    filters.add_argument("--topic", type=words, action="extend", default=[], metavar="T", help="can be repeated")
    filters.add_argument("--language", type=words, action="extend", default=[], metavar="L", help="as in en or pt-BR")
    filters.add_argument("--host", type=words, action="extend", default=[], metavar="H", help="a host, or below it")
    filters.add_argument(
        "--site", type=words, action="extend", default=[], metavar="S", help="part of an outlet's name"
    )
    filters.add_argument("--text", default="", metavar="WORDS", help="words in title, summary or text")


def ago(text: str) -> datetime:
    """Return the time that is so long ago (`90s`, `30m`, `2h`, `7d`), or a time as `ingest.argumenttypes.moment`."""
    if match := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        return moment(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: as in 2h, 7d, 2026-01-31, 2026-01-31T06:00Z") from error


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 999999")
    return int(text)
