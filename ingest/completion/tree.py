"""What can be completed where, read off the parser of the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES, FOLDERS, TOPICS, FEEDS, NOTHING = "files", "folders", "topics", "feeds", "nothing"
"""Kinds of values; words of a closed list stand for themselves, with blanks between."""

_BY_METAVAR = {"FILE": FILES, "PATH": FILES, "DIR": FOLDERS}
_BY_NAME = {"topic": TOPICS, "topics": TOPICS}
_OF_FEEDS = {"remove", "pause", "resume"}
"""Actions of `newstap feeds` on feeds that are there."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command."""

    flags: tuple[str, ...]
    help: str
    value: str | None
    """What it takes: a kind, or words; None where it takes nothing, or not always."""


@dataclass(frozen=True, slots=True)
class Node:
    """A command, or the whole."""

    path: tuple[str, ...]
    """From `newstap` on."""
    help: str
    options: tuple[Option, ...]
    argument: str
    """What stands behind the options: a kind, or words."""
    children: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Yield it and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def tree(parser: argparse.ArgumentParser, path: tuple[str, ...] = ("newstap",), told: str = "") -> Node:
    """Return what the parser reads."""
    options, argument, children = [], NOTHING, []
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to look at a parser
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001 - as above
            children = [tree(child, (*path, name), helps.get(name, "")) for name, child in action.choices.items()]
        elif action.option_strings:
            options.append(_option(action))
        else:
            argument = _kind(action, path)
    return Node(path, told, tuple(options), argument, tuple(children))


def _option(action: argparse.Action) -> Option:
    takes = action.nargs is None or action.nargs == "+"  # what a flag or an option with an optional value has is 0 or ?
    value = _kind(action, ()) if takes else None
    return Option(tuple(action.option_strings), (action.help or "") % vars(action), value)


def _kind(action: argparse.Action, path: tuple[str, ...]) -> str:
    if action.choices is not None:
        return " ".join(map(str, action.choices))
    if path[1:2] == ("feeds",) and path[-1] in _OF_FEEDS:
        return FEEDS
    return _BY_NAME.get(action.dest) or _BY_METAVAR.get(str(action.metavar), NOTHING)
