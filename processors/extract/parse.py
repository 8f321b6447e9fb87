"""Clean UTF-8 to one tree, parsed once and safe to walk.

lxml with an element class lookup in C: the stock lxml.html parser asks Python for the class of every element, 8 % of
trafilatura's time. Hostile shapes are simplified before they cost quadratic time or text: start tags of more than
30,000 bytes lose all attributes but class, id, href and src (100,000 attributes took libxml2 9.6 s), and a page nested
beyond libxml2's own limit of 256 levels is flattened to 200: trafilatura gives nothing of what lies deeper, and goes
through lists by recursion. Whether a page is so deep costs nothing to know: the parser stops there and says so.
"""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

from processors.base import Skip
from processors.records import Reason

MAX_BYTES = 20_000_000
MAX_TAG_BYTES = 30_000
MAX_DEPTH = 200
LINES_BEHIND = 10

_LONG_TAG = re.compile(rb"<([a-zA-Z][\w:-]{0,40})(\s[^<>]{%d,})>" % MAX_TAG_BYTES)
_KEPT = re.compile(
    rb"\s(?:class|id|href|src)\s*=\s*(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|[^\s\"'>]{1,2000})", re.IGNORECASE
)
_TAG = re.compile(rb"<(/?)([a-zA-Z][\w:-]{0,40})[^<>]*?(/?)>")
_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
# What no step after the metadata reads.
_DEAD = ("script", "style", "noscript", "svg", "template", "link")
_BINARY = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"\x7fELF",
    b"BM",
)
# A doctype or <html> closed like an empty element makes libxml2 drop what follows (lxml bug 1955915).
_DOCTYPE = re.compile(rb"^\s*<\s?!\s?DOCTYPE[^>]*/[^<>]*>", re.IGNORECASE)
# References to characters that XML cannot hold: lxml parses them, then refuses to move the text they are in.
_FORBIDDEN = re.compile(
    rb"&#(?:[xX]0*(?:[0-8b-cB-CeEfF]|1[0-9a-fA-F]|7[fF]|[fF]{3}[eEfF]|[dD][89a-fA-F][0-9a-fA-F]{2})(?![0-9a-fA-F])"
    rb"|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|127|6553[45])(?![0-9]));?"
)
# What pages put together of several files go on with behind the `</html>` of their header; libxml2 stops there.
_END = re.compile(rb"</html\s*>", re.IGNORECASE)
_MORE = re.compile(rb"<(?:p|div|table|section|article)[\s>]", re.IGNORECASE)
_EMPTY_ROOT = re.compile(rb"(<html\b[^<>]*?)\s*/>", re.IGNORECASE)


def refuse_other_than_html(body: bytes) -> None:
    """Refuse an empty body, a monstrous one, and what is not text by its first bytes and share of control bytes.

    Raises:
        Skip: EMPTY, TOO_LARGE or NOT_HTML.
    """
    if len(body) > MAX_BYTES:
        raise Skip(Reason.TOO_LARGE, f"{len(body)} bytes of HTML; at most {MAX_BYTES}")
    start = body[:2048].lstrip()
    if not start and not body.strip():
        raise Skip(Reason.EMPTY, "no bytes")
    if start.startswith(_BINARY):
        raise Skip(Reason.NOT_HTML, f"starts like a binary file: {start[:4]!r}")
    controls = len(start) - len(start.translate(None, bytes(range(1, 9)) + bytes(range(14, 27)) + bytes(range(28, 32))))
    if controls > len(start) / 10:
        raise Skip(Reason.NOT_HTML, f"{controls} control bytes in the first {len(start)}")


def parse(page: bytes) -> HtmlElement:
    """Return the root of the page: always an `html` element with a `body`.

    Raises:
        Skip: NO_TEXT, where the parser finds nothing at all.
    """
    page = _shortened(_repaired(page))
    root, beyond = _parsed(page, _PARSER)
    if root is not None and not beyond and _ends_early(root, page) and (whole := _reopened(page)) is not page:
        root, beyond = _parsed(page := whole, _PARSER)
    if beyond:
        root = _shallow(page)
    if root is None:
        raise Skip(Reason.NO_TEXT, "no elements")
    return _framed(root)


def strip_dead(root: HtmlElement) -> None:
    """Remove scripts, styles and drawings, after the metadata was read; their tails stay."""
    etree.strip_elements(root, *_DEAD, with_tail=False)


def document(content: HtmlElement) -> HtmlElement:
    """Return a new document whose body is, or holds, the element (which moves into it)."""
    root: HtmlElement = _PARSER.makeelement("html")
    if content.tag == "body":
        root.append(content)
    else:
        etree.SubElement(root, "body").append(content)
    return root


IMPLIED = frozenset(b"p li dt dd option html body head".split())
"""What may stand there without its end, as often as it likes."""


def flattened(page: bytes, *, uncounted: frozenset[bytes] = IMPLIED) -> bytes:
    """Drop start and end tags nested deeper than `MAX_DEPTH`, so that what they held survives.

    Counts tags without knowing HTML's implied ends; an unclosed `<p>` per paragraph would reach the limit too, so `p`,
    `li` and the like do not count.
    """
    depth = 0
    kept: list[bytes] = []
    position = 0
    for match in _TAG.finditer(page):
        name = match[2].lower()
        if name in _VOID or name in uncounted or match[3]:
            continue
        depth += -1 if match[1] else 1
        if depth >= MAX_DEPTH + (0 if match[1] else 1):
            kept.append(page[position : match.start()])
            kept.append(b" ")
            position = match.end()
        depth = max(depth, 0)
    kept.append(page[position:])
    return b"".join(kept)


def _parser(*, huge: bool) -> etree.HTMLParser:
    parser = etree.HTMLParser(
        encoding="utf-8",
        collect_ids=False,
        default_doctype=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=huge,
    )
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    return parser


_PARSER = _parser(huge=False)
_HUGE = _parser(huge=True)
"""For what the other does not read to its end: 10 MB in one text, too."""


def _parsed(page: bytes, parser: etree.HTMLParser) -> tuple[HtmlElement | None, bool]:
    """Return the root, and whether the page is beyond the parser's limits, where it stopped."""
    try:
        root = etree.fromstring(page, parser)
    except etree.XMLSyntaxError:  # "Document is empty": nothing that looks like an element
        return None, False
    errors = parser.error_log.filter_from_fatals() if len(parser.error_log) else ()
    return root, any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in errors)


def _shallow(page: bytes) -> HtmlElement | None:
    """Return the root of a page too deep for the parser, as if everything counted where that is not enough."""
    root, beyond = _parsed(flattened(page), _PARSER)
    return _parsed(flattened(page, uncounted=frozenset()), _HUGE)[0] if beyond else root


def _repaired(page: bytes) -> bytes:
    head, rest = page[:4096], page[4096:]
    if b"/" in head.partition(b">")[0]:
        head = _DOCTYPE.sub(b"", head, count=1)
    page = _EMPTY_ROOT.sub(rb"\1>", head, count=1) + rest
    if b"\xef\xbf" in page:
        page = page.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
    return _FORBIDDEN.sub(b"", page) if b"&#" in page else page


def _ends_early(root: HtmlElement, page: bytes) -> bool:
    """Tell whether many lines stand behind the last element: looking for an end in every page takes 5 % of its time."""
    last = root
    while len(last):
        last = last[-1]
    return page.count(b"\n") - (last.sourceline or 0) > LINES_BEHIND


def _reopened(page: bytes) -> bytes:
    """Take away the ends of a page that goes on, as browsers do."""
    end = _END.search(page)
    return _END.sub(b"", page) if end and _MORE.search(page, end.end()) else page


def _shortened(page: bytes) -> bytes:
    return _LONG_TAG.sub(_without_attributes, page) if _has_gap(page) else page


def _has_gap(page: bytes) -> bool:
    """Tell whether somewhere no tag ends for as long as a start tag may be, in a handful of searches."""
    position = 0
    while position + MAX_TAG_BYTES < len(page):
        end = page.rfind(b">", position, position + MAX_TAG_BYTES)
        if end < 0:
            return True
        position = end + 1
    return False


def _without_attributes(match: re.Match[bytes]) -> bytes:
    kept = {
        attribute.partition(b"=")[0].strip().lower(): attribute for attribute in _KEPT.findall(match[2][:MAX_TAG_BYTES])
    }
    return b"<" + match[1] + b"".join(kept.values()) + b">"


def _framed(root: HtmlElement) -> HtmlElement:
    """Give a fragment, or an SVG or frameset without body, the frame that every pass counts on."""
    if root.tag != "html":
        return document(root)
    if root.find("body") is None:
        content = [child for child in root if child.tag != "head"]
        etree.SubElement(root, "body").extend(content)
    return root
