"""Lists of feeds as OPML 2.0, read from whatever feed readers export and written for any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lxml import etree

from ingest.feeds.encoding import utf8
from ingest.feeds.errors import HostileFeedError, NotAFeedError, UnreadableFeedError
from ingest.feeds.links import absolute
from ingest.feeds.markup import line
from ingest.feeds.model import MAX_NAME, MAX_TITLE
from ingest.feeds.shield import MAX_TAG_BYTES, referenced, root_of
from processors.identity import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

MAX_OUTLINES: Final = 100_000
MAX_DEPTH: Final = 20
SEPARATOR: Final = "/"
# To its end, with whatever stands in quotes; never tried twice, so that it takes linear time.
_TAG: Final = re.compile(rb"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*+")
# XML 1.0, production 2: no reference can bring these into a document either.
_UNFIT: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed of a list."""

    url: str
    title: str = ""
    link: str | None = None
    """The site's own address, where the list gives it."""
    tags: tuple[str, ...] = ()
    """The folders it lies in, each as a path (`News/Europe`), and its categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What an OPML file holds."""

    subscriptions: tuple[Subscription, ...]
    """In the file's order, each feed once: folders of repetitions are joined."""
    refused: tuple[str, ...] = ()
    """Feed addresses that are none that could be fetched, as they stand in the file."""


def read_opml(body: bytes) -> Listing:
    """Return the feeds of an OPML file, with nested folders as tags.

    Attribute names in any case (`xmlUrl`, `xmlurl`, `XMLURL`), titles or none, bare `&`: what readers export differs.
    Feeds are the same if their normalised URLs are.

    Raises:
        EmptyFeedError: nothing but white space.
        NotAFeedError: not OPML.
        HostileFeedError: it declares a document type, which could declare entities, or holds too much.
        UnreadableFeedError: no XML.
    """
    text = utf8(body, None)
    root = root_of(text)
    if root is None or root.name != "opml":
        raise NotAFeedError("not an OPML file")
    if root.doctype:
        raise HostileFeedError("an OPML file with a document type")
    if any(len(tag[0]) > MAX_TAG_BYTES for tag in _TAG.finditer(text)):  # 200,000 attributes take libxml2 a minute
        raise HostileFeedError(f"a tag of more than {MAX_TAG_BYTES} bytes")
    found: dict[str, Subscription] = {}
    refused: list[str] = []
    for attributes, folder in _outlines(_tree(referenced(text[root.at :]))):
        published = attributes.get("xmlurl", "").strip()
        url = absolute(published.replace("feed://", "http://", 1) if published.startswith("feed://") else published)
        if url is None:
            refused.append(line(published)[:MAX_TITLE])
            continue
        one = _subscription(url, attributes, folder)
        key = normalised(url) or url
        found[key] = _joined(found[key], one) if key in found else one
    return Listing(subscriptions=tuple(found.values()), refused=tuple(refused))


def write_opml(subscriptions: Iterable[Subscription], *, title: str = "newstap") -> bytes:
    """Return an OPML file that `read_opml` reads back to the same feeds: one outline for each folder a feed lies in."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = line(title)
    body = etree.SubElement(root, "body")
    folders: dict[str, _Element] = {"": body}
    for one in subscriptions:
        title = _fit(one.title)
        attributes = {"text": title or one.url, "type": "rss", "xmlUrl": one.url}
        if title:
            attributes["title"] = title
        if one.link:
            attributes["htmlUrl"] = one.link
        for tag in one.tags or ("",):
            etree.SubElement(_folder(folders, _fit(tag)), "outline", attributes)
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return written


def _fit(text: str) -> str:
    """Return the text without what XML cannot hold."""
    return _UNFIT.sub("", line(text))


def _tree(text: bytes) -> _Element:
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        tree = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFeedError(f"not XML: {error}") from None
    if tree is None:
        raise UnreadableFeedError("not XML")
    return tree


def _outlines(tree: _Element) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the attributes of each outline that names a feed, their names in lower case, and the path of its folder."""
    waiting: list[tuple[_Element, tuple[str, ...]]] = [(tree, ())]
    count = 0
    while waiting:
        element, path = waiting.pop()
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        if element.tag == "outline":
            count += 1
            if count > MAX_OUTLINES or len(path) > MAX_DEPTH:
                raise HostileFeedError(f"more than {MAX_OUTLINES} outlines, or {MAX_DEPTH} folders within each other")
            if "xmlurl" in attributes:
                yield attributes, SEPARATOR.join(path)
            elif name := _name(attributes):
                path = (*path, name)
        waiting.extend((child, path) for child in reversed(list(element.iterchildren(etree.Element))))


def _name(attributes: dict[str, str]) -> str:
    """Return an outline's name: `text` is the standard's, some readers write `title` alone."""
    return line(attributes.get("text") or attributes.get("title") or "")[:MAX_NAME].strip(SEPARATOR)


def _subscription(url: str, attributes: dict[str, str], folder: str) -> Subscription:
    categories = (line(part).strip(SEPARATOR) for part in attributes.get("category", "").split(","))
    title = line(attributes.get("title") or attributes.get("text") or "")[:MAX_TITLE]
    return Subscription(
        url=url,
        title="" if title == url else title,
        link=absolute(attributes.get("htmlurl")),
        tags=tuple(dict.fromkeys(tag for tag in (folder, *categories) if tag)),
    )


def _joined(one: Subscription, other: Subscription) -> Subscription:
    return replace(
        one,
        title=one.title or other.title,
        link=one.link or other.link,
        tags=tuple(dict.fromkeys((*one.tags, *other.tags))),
    )


def _folder(folders: dict[str, _Element], path: str) -> _Element:
    if path not in folders:
        parent, _, name = path.rpartition(SEPARATOR)
        folders[path] = etree.SubElement(_folder(folders, parent), "outline", {"text": name, "title": name})
    return folders[path]
