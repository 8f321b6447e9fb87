"""Reads what a page says of itself in JSON-LD, however broken.

Everything here is defensive by necessity: arrays where objects belong, objects where strings belong, HTML comments
around the JSON, raw newlines in strings, trailing commas. Nothing raises; what cannot be read is silent.
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

MAX_BYTES = 1_000_000
MAX_NODES = 500
ARTICLES = frozenset(
    (
        "Article", "NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "OpinionNewsArticle",
        "BackgroundNewsArticle", "ReviewNewsArticle", "AskPublicNewsArticle", "AdvertiserContentArticle", "BlogPosting",
        "LiveBlogPosting", "Report", "ScholarlyArticle", "TechArticle", "SatiricalArticle", "SocialMediaPosting",
        "DiscussionForumPosting", "Review", "CreativeWork",
    )
)  # fmt: skip

_SHELL = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|"
    r"(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*(?:;\s*)?$"
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_TAGS = re.compile(r"<[^<>]{0,500}>")
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6])\b[^<>]{0,100}>", re.IGNORECASE)

Node = dict[str, object]


def nodes_of(root: HtmlElement) -> list[Node]:
    """Return the objects of all JSON-LD scripts in page order, those of `@graph` and `mainEntity` included."""
    nodes: list[Node] = []
    for script in root.iter("script"):
        if (script.get("type") or "").strip().lower().startswith("application/ld+json"):
            nodes.extend(_walk(_loads(script.text or "")))
    return nodes[:MAX_NODES]


def article_of(nodes: list[Node]) -> Node:
    """Return the node of the page's article, or an empty one: a news type before a general one, the first of equals."""
    articles = [node for node in nodes if types(node) & ARTICLES]
    named = [node for node in articles if text(node.get("headline")) or text(node.get("name"))]
    news = [node for node in named if any(kind != "CreativeWork" for kind in types(node) & ARTICLES)]
    return next(iter(news or named or articles), {})


def types(node: Node) -> frozenset[str]:
    """Return the names of a node's types, without a vocabulary's prefix."""
    kinds = node.get("@type")
    return frozenset(str(kind).rpartition("/")[2] for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind)


def text(value: object) -> str | None:
    """Return a value as plain text on one line: of a list the first, of an object its name or `@value`."""
    for one in values(value):
        found = (one.get("@value") or one.get("name")) if isinstance(one, dict) else one
        if isinstance(found, str) and (plain := " ".join(unescape(_TAGS.sub(" ", unescape(found))).split())):
            return plain
    return None


def values(value: object) -> list[object]:
    """Return a value as a list: JSON-LD lets every property hold one or several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def body(node: Node) -> str | None:
    """Return `articleBody` as paragraphs joined by newlines."""
    raw = node.get("articleBody")
    if not isinstance(raw, str):
        return None
    plain = unescape(_TAGS.sub(" ", _BREAKS.sub("\n", unescape(raw))))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return "\n".join(line for line in lines if line) or None


def _loads(raw: str) -> object:
    if len(raw) > MAX_BYTES:
        return None
    raw = _SHELL.sub("", raw).strip().rstrip(";")
    for candidate in (raw, _TRAILING_COMMA.sub("", raw)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):  # RecursionError: 50,000 nested objects
            continue
    return None


def _walk(value: object) -> Iterator[Node]:
    for node in values(value)[:MAX_NODES]:
        if isinstance(node, list):
            yield from (inner for inner in node[:MAX_NODES] if isinstance(inner, dict))
        elif isinstance(node, dict):
            yield node
            for name in ("@graph", "mainEntity", "mainEntityOfPage"):
                yield from (inner for inner in values(node.get(name))[:MAX_NODES] if isinstance(inner, dict))
