"""Looks a syndication feed over before a parser sees it, and takes out what would cost or fool the parser.

One pass over the tags, in linear time. The limits come from measurements of feedparser 6.0.14: its time is quadratic
in the attributes of a tag (20,000 take 3.9 s), it reads 11,000 items a second, and two million `<` take it 6.4 s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from html.entities import html5
from typing import Final

from ingest.feeds.errors import HostileFeedError
from ingest.feeds.model import MAX_ENTRIES

MAX_TAG_BYTES: Final = 65_536
MAX_ATTRIBUTES: Final = 100
MAX_TAGS: Final = 150_000
MAX_DEPTH: Final = 1_000
MAX_REFERENCES: Final = 400_000
MAX_ENTITY_BYTES: Final = 1_000

_PROLOG: Final = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->|<!doctype[^\[>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_DOCTYPE: Final = re.compile(rb"<!doctype", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?([a-zA-Z][\w.-]*)(?=[\s/>])")
_MARKUP: Final = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<(/?)([a-zA-Z][\w.:-]{0,63})?[^>]*(?:>|\Z)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(rb"=\s*[\"']")
# What begins like a reference, but is none of XML's own five; sections of CDATA and comments hold none.
_REFERENCE: Final = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    rb"|&(?!(?:amp|lt|gt|quot|apos);)(?:#[xX]([0-9a-fA-F]+);|#([0-9]+);|(\w{1,31});)?",
    re.DOTALL,
)
_ENTITY: Final = re.compile(rb"<!entity\s+[^\s\"'>]+\s+(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_NESTED: Final = re.compile(rb"&[^#\s;]")
_NONCHARACTERS: Final = re.compile(rb"\xef\xbf[\xbe\xbf]")
# feedparser must not see these. By `xml:base` it resolves guids, so that they change when a feed moves; captions of
# pictures it files under the entry's content (kurtmckee/feedparser#53), where nothing tells them from the article.
_HIDDEN: Final = (
    (b"<media:description", b"<media:caption"),
    (b"</media:description", b"</media:caption"),
)
_BASE: Final = re.compile(rb"(?<=\s)xml:base(?=\s*=)")


@dataclass(frozen=True, slots=True)
class Shielded:
    """A document that a parser can be trusted with, and what was done to it."""

    text: bytes
    """From the root element on: without XML declaration, document type and what it declares."""
    omitted: int = 0
    cut: bool = False
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """Where a document's first element begins, and its name without prefix, in lower case."""

    at: int
    name: str
    doctype: bool
    """A document type was declared before it."""


def root_of(text: bytes) -> Root | None:
    """Find the first element behind XML declaration, comments and document type; None where there is none."""
    position = 0
    doctype = False
    while match := _PROLOG.match(text, position):
        doctype = doctype or _DOCTYPE.match(match[0]) is not None
        position = match.end()
    found = _ROOT.search(text, position, position + MAX_TAG_BYTES)
    return Root(found.start(), found[1].decode().lower(), doctype) if found else None


def shielded(text: bytes, root: Root) -> Shielded:
    """Return the feed without what is dangerous in it, its surplus entries and its last one if that is cut in two.

    Raises:
        HostileFeedError: a limit is crossed that real feeds keep away from.
    """
    for entity in _ENTITY.finditer(text, 0, root.at):
        if len(entity[1]) > MAX_ENTITY_BYTES or _NESTED.search(entity[1]):
            raise HostileFeedError("entities that grow: one that is very long, or made of others")
    if text.count(b"&") > MAX_REFERENCES:
        raise HostileFeedError(f"more than {MAX_REFERENCES} references, each of which costs the parser a call")
    text = text[root.at :]
    walk = _Walk(root.name.encode())
    walk.over(text)
    omitted = 0
    if walk.full_at is not None:
        text, omitted = _shortened(text, walk)
    elif not walk.closed:
        text = text[: walk.open_at]
    sound = referenced(text)
    cut = not walk.closed and walk.full_at is None
    return Shielded(_hidden(sound), omitted, cut=cut, repaired=sound != text)


def referenced(text: bytes) -> bytes:
    """Return the markup with what XML can hold for each bare `&`, name of HTML and character that it cannot."""
    return _REFERENCE.sub(_reference, _NONCHARACTERS.sub(b"\xef\xbf\xbd", text))


class _Walk:
    """One pass over the markup: counts it, and keeps the places of the entries."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._item: bytes | None = None
        self._depth = 0
        self.items = 0
        self.open_at: int | None = None
        """Where the entry that has not ended yet begins."""
        self.full_at: int | None = None
        """Where the last entry that is kept ends."""
        self.closed = False

    @property
    def item(self) -> bytes:
        return self._item or b"item"

    def over(self, text: bytes) -> None:
        """Walk to the end, or to the last entry that is kept."""
        tags = 0
        for match in _MARKUP.finditer(text):
            if match[1] is None:
                continue
            tags += 1
            size = match.end() - match.start()
            if size > 1_000:
                _refuse_long(match[0])
            empty = text[match.end() - 2 : match.end()] == b"/>"
            self._depth += -1 if match[1] else not empty
            if tags > MAX_TAGS or self._depth > MAX_DEPTH:
                raise HostileFeedError(f"more than {MAX_TAGS} tags, or {MAX_DEPTH} within each other")
            if match[2] and self._full(match, empty=empty):
                return

    def _full(self, match: re.Match[bytes], *, empty: bool) -> bool:
        """Note where entries begin and end; tell whether there are as many as are kept."""
        name = match[2]
        local = name.rpartition(b":")[2].lower()
        if match[1] and local == self._root:
            self.closed = True
        if name != self._item and (self._item or local not in {b"item", b"entry"}):
            return False
        self._item = name
        if not match[1]:
            self.open_at = match.start()
        if match[1] or empty:
            self.items += 1
            self.open_at = None
            self._depth = 0  # tags that were never closed, as in HTML that nobody escaped, do not add up
            if self.items == MAX_ENTRIES:
                self.full_at = match.end()
        return self.full_at is not None


def _refuse_long(tag: bytes) -> None:
    if len(tag) > MAX_TAG_BYTES:
        raise HostileFeedError(f"a tag of more than {MAX_TAG_BYTES} bytes")
    if sum(1 for _ in _ATTRIBUTE.finditer(tag)) > MAX_ATTRIBUTES:
        raise HostileFeedError(f"a tag with more than {MAX_ATTRIBUTES} attributes")


def _shortened(text: bytes, walk: _Walk) -> tuple[bytes, int]:
    """Return the feed up to the last entry that is kept, with its end, and how many entries that leaves out."""
    full = walk.full_at or 0
    last = text.rfind(b"</" + walk.item, full)
    rest = text[full:] if last < 0 else text[text.find(b">", last) + 1 :]
    omitted = len(re.findall(b"<" + re.escape(walk.item) + rb"[\s/>]", text[full:]))
    return text[:full] + (rest if len(rest) <= MAX_TAG_BYTES else b""), omitted


def _reference(match: re.Match[bytes]) -> bytes:
    """Return what XML can hold for an "&": the commonest faults of feeds are bare ones and the names of HTML."""
    if match[0].startswith(b"<"):
        return match[0]
    if match[3]:
        character = html5.get(match[3].decode() + ";")
        return b"&amp;" + match[0][1:] if character is None else escape(character).encode()
    if not (match[1] or match[2]):
        return b"&amp;"
    return _numbered(match)


def _numbered(match: re.Match[bytes]) -> bytes:
    """Return a reference to a character that XML can hold unchanged, U+FFFD for any other (XML 1.0, production 2)."""
    digits, radix = (match[1], 16) if match[1] else (match[2], 10)
    code = int(digits, radix) if len(digits) <= 8 else 0
    allowed = code in {9, 10, 13} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return match[0] if allowed else b"&#xFFFD;"


def _hidden(text: bytes) -> bytes:
    for name, other in _HIDDEN:
        text = text.replace(name, other)
    return _BASE.sub(b"xmlbase", text) if b"xml:base" in text else text
