"""Examples for the `--help` of commands that have none beside their arguments, and how `--help` is laid out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "archive": ("newstap archive get https://www.gazette.example/harbour/ferry", "newstap archive verify"),
    "archive get": (
        "newstap archive get https://www.gazette.example/harbour/ferry --config news.toml > page.html",
        "newstap archive get 4fcec2de7337355bdac20871f32edb55 --raw --archive var/archive",
    ),
    "archive verify": ("newstap archive verify --config news.toml", "newstap archive verify --archive var/archive"),
    "audit": ("newstap audit --config news.toml", "newstap audit --to out"),
    "check": ("newstap check --config news.toml",),
    "demo": ("newstap demo", "newstap demo --exit-when-idle --pace 0.1 --to demo", "newstap demo --archive"),
    "retract": (
        "newstap retract https://www.gazette.example/harbour/ferry --reason 'court order 12/26' --config news.toml",
        "newstap retract --list --config news.toml",
    ),
    "schema": ("newstap schema", "newstap schema record.v1 > record.schema.json", "newstap schema asyncapi"),
    "site": ("newstap site show gazette.example",),
    "site export": ("newstap site export gazette.example > rules.toml", "newstap site export gazette.example --to out"),
    "site forget": ("newstap site forget gazette.example",),
    "site show": ("newstap site show gazette.example --config news.toml", "newstap site show gazette.example --to out"),
    "topics": ("newstap topics list", "newstap topics test my-topic.toml"),
    "topics list": ("newstap topics list --config news.toml",),
    "topics test": ("newstap topics test", "newstap topics test my-topic.toml"),
    "why": (
        "newstap why https://www.gazette.example/harbour/ferry --config news.toml",
        "newstap why 4fcec2de7337355bdac20871f32edb55 --to out",
    ),
    "feeds add": (
        "newstap feeds add https://gazette.example/feed.xml --name 'The Gazette' --tag local",
        "newstap feeds add --discover https://gazette.example/",
    ),
    "feeds export": ("newstap feeds export feeds.opml", "newstap feeds export | ssh elsewhere newstap feeds import -"),
    "feeds import": ("newstap feeds import subscriptions.opml",),
    "feeds list": ("newstap feeds list", "newstap feeds list --json | jq -r 'select(.error) | .url'"),
    "feeds pause": ("newstap feeds pause https://gazette.example/feed.xml",),
    "feeds remove": ("newstap feeds remove https://gazette.example/feed.xml",),
    "feeds resume": ("newstap feeds resume https://gazette.example/feed.xml",),
    "feeds test": ("newstap feeds test https://gazette.example/",),
}
"""By command and action."""


class Layout(argparse.HelpFormatter):
    """Wraps a description to the width of the terminal, and leaves what has lines of its own as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(indent + line for line in text.splitlines(keepends=True))
        return super()._fill_text(text, width, indent)


def add(parser: argparse.ArgumentParser, command: str = "") -> None:
    """Give a parser, and those of its commands and actions, the layout and the examples."""
    parser.formatter_class = Layout
    if command in EXAMPLES:
        parser.epilog = "\n".join(["Examples:", *(f"  {example}" for example in EXAMPLES[command])])
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to look at a parser
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for name, child in action.choices.items():
                add(child, f"{command} {name}".lstrip())
