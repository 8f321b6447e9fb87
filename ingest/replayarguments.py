"""The command line of `newstap replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ingest.argumenttypes import address, as_of, count, moment, rate, topics, words

_EPILOG = """\
Examples:
  newstap replay archive/ --to out
  newstap replay CC-NEWS.warc.gz --kafka 127.0.0.1:9092
  newstap replay archive/ --to may --since 2026-05-01 --until 2026-06-01 --language de,fr
  newstap replay page.html --dry-run | jq .topics
  newstap replay archive/ --diff --against out
  newstap replay out --restory --to stories
  newstap replay CC-NEWS.warc.gz --distribute --config news.toml
"""
_BESIDE = ("kafka", "distribute", "topics", "against", "restart", "strict", "as_of", "knowledge")
"""What is for documents, and not for the stories of records."""
_FILTERS = ("since", "until", "host", "language", "topic")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command."""
    replay = commands.add_parser(
        "replay",
        parents=[common],
        help="archived documents through the chain, into files and Kafka; resumable",
        description="Replays archived documents: .txt .html .json .jsonl .warc .arc, each also .gz; directories; "
        "- for standard input. Killed or interrupted, the same command goes on where it stopped.",
        epilog=_EPILOG,
    )
    replay.add_argument("inputs", nargs="+", metavar="PATH", help="a file, a directory, or - for standard input")
    replay.add_argument("--to", type=Path, metavar="DIR", help="write files here, and keep the job's progress here")
    replay.add_argument("--kafka", type=address, metavar="HOST:PORT", help="publish to this Kafka")
    replay.add_argument("--distribute", action="store_true", help="leave the work to newstap work: pages, into Kafka")
    replay.add_argument("--topics", type=topics, metavar="A,B", help="the topics to look for, or all")
    trials = replay.add_mutually_exclusive_group()
    trials.add_argument("--dry-run", action="store_true", help="print the records, deliver and remember nothing")
    trials.add_argument("--diff", action="store_true", help="print what would change in records; deliver nothing")
    trials.add_argument(
        "--publish-changes", action="store_true", help="deliver only records that differ from those of --against"
    )
    trials.add_argument(
        "--restory", action="store_true", help="tell the stories of records anew, in an order of their own: into --to"
    )
    replay.add_argument("--against", type=Path, metavar="DIR", help="where the published records are, for these two")
    replay.add_argument("--restart", action="store_true", help="begin anew: replace the files, publish again")
    replay.add_argument("--strict", action="store_true", help="exit with 1 if there are dead letters")
    replay.add_argument("--workers", type=count, default=0, metavar="N", help="processes (default: one per core)")
    _add_time_travel(replay)
    _add_pace(replay)
    _add_filters(replay)


def _add_time_travel(replay: argparse.ArgumentParser) -> None:
    travel = replay.add_argument_group("time travel")
    travel.add_argument(
        "--as-of",
        type=as_of,
        metavar="TIME|recorded",
        help="with rules, topic definitions and site profiles of then, or those that each page was read with before",
    )
    travel.add_argument("--knowledge", type=Path, metavar="DIR", help="where they are kept (default: in the archive)")


def _add_pace(replay: argparse.ArgumentParser) -> None:
    pace = replay.add_argument_group("pace")
    pace.add_argument("--rate", type=rate, default=0.0, metavar="N", help="documents per second at most")
    pace.add_argument(
        "--speed", type=rate, default=0.0, metavar="N", help="as far apart as they were fetched, N times as fast"
    )


def _add_filters(replay: argparse.ArgumentParser) -> None:
    filters = replay.add_argument_group("filters", "What they leave out is counted, and delivered nowhere.")
    filters.add_argument("--since", type=moment, metavar="TIME", help="published at this time or later")
    filters.add_argument("--until", type=moment, metavar="TIME", help="published before this time")
    filters.add_argument("--host", type=words, default=(), metavar="A,B", help="of these hosts, or below them")
    filters.add_argument("--language", type=words, default=(), metavar="A,B", help="in these languages, as in en,pt-BR")
    filters.add_argument("--topic", type=words, default=(), metavar="A,B", help="about one of these topics")


def problem(options: argparse.Namespace) -> str | None:
    """Return what is wrong with options that do not go together; None where nothing is."""
    given = {name: value is not None and value is not False and value != () for name, value in vars(options).items()}
    wrong = (
        (
            options.distribute and any(map(given.get, ("to", "dry_run", "topics", *_FILTERS))),
            "--distribute only hands pages to workers: without --to, --topics, --dry-run and filters",
        ),
        (
            options.as_of is not None and any(map(given.get, ("topics", "distribute", "diff"))),
            "--as-of brings its own topics, and makes records: without --topics, --distribute and --diff",
        ),
        (
            options.restory and (options.to is None or options.workers or any(map(given.get, (*_BESIDE, *_FILTERS)))),
            "--restory reads records and writes their stories: it needs --to DIR, and goes with --config alone beside",
        ),
        (given["knowledge"] and options.as_of is None, "--knowledge is for --as-of"),
        (
            options.publish_changes and (options.against is None or options.distribute),
            "--publish-changes needs --against DIR, the folder of the records that were published; no --distribute",
        ),
        (
            given["against"] and not (options.publish_changes or options.diff),
            "--against is for --diff and --publish-changes",
        ),
        (
            options.publish_changes and given["to"] and given["against"] and _is_same(options.to, options.against),
            "--publish-changes writes to a folder of its own: choose another one with --to than --against names",
        ),
    )
    return next((text for is_wrong, text in wrong if is_wrong), None)


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
