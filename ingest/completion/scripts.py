"""Scripts of shells."""

from __future__ import annotations

import shlex
from importlib.resources import files
from typing import TYPE_CHECKING

from ingest.completion.tree import FEEDS, FILES, FOLDERS, NOTHING, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.completion.tree import Node, Option


def script(shell: str, root: Node, topics: Sequence[str]) -> str:
    """Return what a shell reads.

    Args:
        shell: `bash`, `zsh` or `fish`.
        root: the command line.
        topics: names that options of topics take.
    """
    frame = files("ingest.completion").joinpath(f"{shell}.txt").read_text("utf-8")
    made = _fish(root) if shell == "fish" else _cases(root)
    return frame.replace("@TOPICS@", " ".join(topics)).replace("@GENERATED@", "\n".join(made))


def _cases(root: Node) -> Iterator[str]:
    """Yield functions that bash and zsh read alike: commands, options and kinds of values by the path of a command."""
    nodes = list(root.walk())
    yield from _function("commands", ((_path(n), " ".join(c.path[-1] for c in n.children)) for n in nodes))
    yield from _function("options", ((_path(n), " ".join(f for o in n.options for f in o.flags)) for n in nodes))
    yield from _function("argument", ((_path(n), n.argument) for n in nodes))
    values = ((f"{_path(n)} {flag}", o.value) for n in nodes for o in n.options if o.value for flag in o.flags)
    yield from _function("value", values)


def _path(node: Node) -> str:
    return " ".join(node.path)


def _function(name: str, answers: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"_newstap_{name}() {{"
    yield '    case "$1" in'
    yield from (f"        {shlex.quote(asked)}) echo {shlex.quote(answer)} ;;" for asked, answer in answers if answer)
    yield "    esac"
    yield "}\n"


def _fish(root: Node) -> Iterator[str]:
    yield 'function __newstap_below\n    switch "$argv"'
    for node in root.walk():
        if node.children:
            below = " ".join(child.path[-1] for child in node.children)
            yield f"        case {_quoted(_path(node))}\n            string split ' ' {_quoted(below)}"
    yield "    end\nend\n"
    for node in root.walk():
        here = f"complete -c newstap -n {_quoted('__newstap_at ' + _path(node))}"
        for child in node.children:
            yield f"{here} -a {_quoted(child.path[-1])} -d {_quoted(child.help)}"
        if not node.children and node.argument != NOTHING:
            yield f"{here} {_fish_value(node.argument)}"
        for option in node.options:
            takes = "-r" if option.value == FILES else "-x"
            value = "" if option.value is None else f" {takes} {_fish_value(option.value)}"
            yield f"{here} {_fish_flags(option)}{value} -d {_quoted(option.help)}"


def _fish_flags(option: Option) -> str:
    return " ".join(f"-l {_quoted(f[2:])}" if f.startswith("--") else f"-s {_quoted(f[1:])}" for f in option.flags)


def _fish_value(kind: str) -> str:
    kinds = {
        NOTHING: "",
        FILES: "-F",
        FOLDERS: "-a '(__fish_complete_directories)'",
        TOPICS: "-a '(__newstap_topics)'",
        FEEDS: "-a '(__newstap_feeds)'",
    }
    return kinds.get(kind, f"-a {_quoted(kind)}")


def _quoted(text: str) -> str:
    """Return a word of fish: in single quotes only these two are special."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
