"""Markup to plain text, in time linear in its length: titles, summaries, and how much text there is."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]*>", re.DOTALL)
_NAME: Final = re.compile(r"</?([a-zA-Z][\w:-]*)")
_INLINE: Final = frozenset(
    [
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u"),
        *("var", "wbr"),
    ]
)
_SILENT: Final = frozenset({"script", "style", "template"})
# C0 but white space, DEL, and the marks that can turn the order of the text around them.
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def is_markup(value: str) -> bool:
    """Tell whether the value holds a tag; `5 < 6` and `AT&T` do not."""
    return _TAG.search(value) is not None


def plain(markup: str) -> str:
    """Return the text of a piece of HTML on one line: no tags, scripts, control characters, entities resolved once."""
    return line(html.unescape("".join(_texts(markup))))


def line(text: str) -> str:
    """Return the text on one line, without control characters."""
    if not text.isprintable():
        text = _CONTROLS.sub("", text)
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """Return plain text as HTML, a paragraph a line."""
    lines = (line(row) for row in text.splitlines())
    return "\n".join(f"<p>{html.escape(row, quote=False)}</p>" for row in lines if row)


def _texts(markup: str) -> list[str]:
    pieces: list[str] = []
    position = 0
    silent: str | None = None
    for match in _TAG.finditer(markup):
        if silent is None:
            pieces.append(markup[position : match.start()])
        position = match.end()
        named = _NAME.match(match[0])
        name = named[1].lower() if named else ""
        if name in _SILENT:
            closing = match[0].startswith("</")
            silent = None if closing and silent == name else silent or (None if closing else name)
        elif name and name not in _INLINE:
            pieces.append(" ")
    if silent is None:
        pieces.append(markup[position:])
    return pieces
