"""Shows prompts that stood in or beside the article, whichever step took them out.

Trafilatura drops most app-install and newsletter boxes by their class names, in silence. So that a reader of a record
sees what was there, the short blocks in and around the container are run through the same line rules, and what those
of the kinds below take is reported with the rest. Costs 0.2 ms a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from processors.extract.blocks import INLINE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

MAX_LINES = 400
LEVELS = 2
"""How far above the container "beside" reaches."""
KINDS = ("app-", "newsletter")
"""Rules whose names begin so take what is certainly no article, wherever it stands."""

_HIDDEN = frozenset(("script", "style", "noscript", "template", "svg", "select", "option", "textarea", "head", "title"))
_TEXT_NODES = etree.XPath(".//text()[string-length() > 5]")


def lines_around(container: HtmlElement) -> str:
    """Return the text of the short blocks in and beside the container, a line each, in page order."""
    scope = container
    for _ in range(LEVELS):
        parent = scope.getparent()
        if parent is None or scope.tag == "body":
            break
        scope = parent
    found: dict[HtmlElement, list[str]] = {}
    for node in _TEXT_NODES(scope):
        if text := node.strip():
            holder = _holder(node.getparent().getparent() if node.is_tail else node.getparent())
            if holder is not None and holder.tag not in _HIDDEN:
                found.setdefault(holder, []).append(text)
    lines = (" ".join(" ".join(parts).split()) for parts in found.values())
    return "\n".join([line for line in lines if len(line) < 300][-MAX_LINES:])


def is_prompt(rule: str) -> bool:
    """Tell whether a rule takes prompts that are reported wherever they stood."""
    return rule.startswith(KINDS)


def missing(lines: Iterable[str], seen: Iterable[str], text: str) -> list[str]:
    """Return the lines that are neither seen already nor part of the text."""
    known = {"".join(line.split()) for line in seen}
    kept = {"".join(line.split()) for line in text.split("\n")}
    return [line for line in dict.fromkeys(lines) if (key := "".join(line.split())) not in known and key not in kept]


def _holder(element: HtmlElement | None) -> HtmlElement | None:
    while element is not None and element.tag in INLINE:
        element = element.getparent()
    return element
