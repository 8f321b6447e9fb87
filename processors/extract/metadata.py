"""What a page says about its article, in a documented order of trust (`docs/extraction.md` has the table).

For every field: JSON-LD of the article, then meta tags, then visible elements, then the hint of the feed or archive
line. Two exceptions: the site's name is taken from `og:site_name` first (JSON-LD names the publishing company), and an
implausible date (before 1990, or more than a day after the page was fetched) gives way to the next source, whatever
its rank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from processors.dates import machine_date, written_date
from processors.extract import frontmatter, jsonld, people
from processors.extract.glance import weight
from processors.extract.jsonld import text, types, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

    from processors.extract.jsonld import Node
    from processors.records import Page

MAX_METAS = 1000
MAX_VALUE = 5000
MAX_BYLINES = 8
EARLIEST_YEAR = 1990
TOLERANCE = timedelta(days=1)
LONG = 25
"""Least weight of a heading that says what one page is about; a section's is shorter."""

_TITLES = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "title")
_AUTHORS = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl",
    "citation_author", "article:author_name", "og:article:author", "creator", "authors",
)  # fmt: skip
_PUBLISHED = (
    "article:published_time", "og:published_time", "article:published", "datepublished", "parsely-pub-date",
    "sailthru.date", "dcterms.created", "dc.date.issued", "dcterms.issued", "citation_publication_date",
    "cxenseparse:recs:publishtime",
    "og:article:published_time", "publish-date", "publish_date", "publication_date", "pubdate", "pub_date",
    "published_time", "dc.date", "dcterms.date", "date", "article.published", "ptime", "timestamp",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "article:modified", "datemodified", "dcterms.modified",
    "og:modified_time", "article.updated", "lastmod", "last-modified", "revised",
)  # fmt: skip
_SUMMARIES = (
    "og:description",
    "description",
    "twitter:description",
    "dc.description",
    "dcterms.abstract",
    "sailthru.description",
)
_IMAGES = (
    "og:image:secure_url",
    "og:image",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
    "parsely-image-url",
    "thumbnail",
)
_SECTIONS = (
    "article:section",
    "parsely-section",
    "og:article:section",
    "section",
    "cxenseparse:category",
    "sailthru.section",
)
_LANGUAGES = ("og:locale", "content-language", "language", "dc.language", "inlanguage")
_DECLARING = jsonld.ARTICLES - {"CreativeWork", "Review"}
_BYLINE = re.compile(r"(?:^|[\s_-])(?:byline|author)(?:[-_]{0,2}(?:name|link|url))?s?(?=$|[\s_-])", re.IGNORECASE)
_DATED = re.compile(r"publish|posted|created|entry-date|post-date|article.?date", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The values of one page."""

    title: str
    headlines: tuple[str, ...]
    """Every form of the title found, to be dropped from the text."""
    canonical: str | None
    summary: str | None
    authors: tuple[str, ...]
    published: datetime | None
    modified: datetime | None
    language: str | None
    """As declared."""
    site: str | None
    image: str | None
    section: str | None
    body: str | None
    """JSON-LD's `articleBody`."""
    declared: bool
    """Whether the page calls itself an article: by one or two JSON-LD nodes, or a publication time in its meta tags."""
    entitled: bool
    """Whether the one heading of the first rank is long and is in the page's title too, as an article's is."""
    free: bool | None
    """JSON-LD's `isAccessibleForFree` of the article."""
    kinds: frozenset[str]
    """The types of all JSON-LD nodes, and `og:` with the page's `og:type`."""


def read(root: HtmlElement, page: Page) -> Metadata:
    """Read the metadata of a page, before any pass changes its tree. Never raises for what a page holds."""
    nodes = jsonld.nodes_of(root)
    node = jsonld.article_of(nodes)
    metas = _metas(root)
    h1 = [found for element in _some(root.iter("h1"), 5) if (found := _plain(element))]
    site = _first(metas, ("og:site_name",)) or text(node.get("publisher")) or _first(metas, ("application-name",))
    heads = [text(node.get("headline")), *(metas.get(name) for name in _TITLES), _title_tag(root), *h1]
    titles = tuple(dict.fromkeys(head for head in heads if head))
    latest = _latest(page)
    published = _date([*values(node.get("datePublished")), *_all(metas, _PUBLISHED), *_times(root)], latest)
    modified = _date([*values(node.get("dateModified")), *_all(metas, _MODIFIED)], latest)
    published = published or page.hint.published
    return Metadata(
        title=_title(titles, site, h1) or page.hint.title or "",
        headlines=titles,
        canonical=_link(root, "canonical") or metas.get("og:url"),
        summary=_summary(node, metas, titles) or page.hint.summary,
        authors=_authors(node, metas, root, site) or page.hint.authors,
        published=published,
        modified=(modified if not (modified and published and modified < published) else None) or page.hint.modified,
        language=_language(root, node, metas) or page.hint.language,
        site=site,
        image=_image(root, node, metas, page.url),
        section=text(node.get("articleSection")) or _first(metas, _SECTIONS),
        body=jsonld.body(node),
        declared=1 <= sum(1 for one in nodes if types(one) & _DECLARING) <= 2 or "article:published_time" in metas,
        entitled=_is_entitled(h1, _title_tag(root) or ""),
        free=_flag(node.get("isAccessibleForFree")),
        kinds=frozenset().union(*map(types, nodes), {f"og:{metas['og:type'].lower()}"} if "og:type" in metas else ()),
    )


def visible_date(lines: Iterable[str], page: Page) -> datetime | None:
    """Return the first plausible date among date lines of the text, for a page whose markup gives none."""
    dates = (date for line in lines if (date := written_date(line)))
    return next((date for date in dates if _plausible(date, _latest(page))), None)


def _is_entitled(h1: list[str], title: str) -> bool:
    return len(h1) == 1 and weight(h1[0]) >= LONG and frontmatter.key(h1[0]) in frontmatter.key(title)


def _flag(value: object) -> bool | None:
    """Return what is meant by `true`, `"False"`, `["false"]` and the like."""
    first = next(iter(values(value)), None)
    return {"true": True, "false": False}.get((text(first) or str(first)).strip().lower())


def _latest(page: Page) -> datetime | None:
    return page.origin.fetched + TOLERANCE if page.origin.fetched else None


def _metas(root: HtmlElement) -> dict[str, str]:
    """Return the meta tags by lower-case name, the first of each."""
    found: dict[str, str] = {}
    for element in _some(root.iter("meta"), MAX_METAS):
        get = element.get
        content = " ".join((get("content") or "")[:MAX_VALUE].split())
        if not content:
            continue
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            name = get(attribute)
            if name:
                found.setdefault(name.strip().lower(), content)
    return found


def _title(titles: tuple[str, ...], site: str | None, h1: list[str]) -> str | None:
    """Return the first title without the site's name; where it is cut ("…"), a later one that goes on from there."""
    if not titles:
        return None
    best = titles[0]
    if best.endswith(("…", "...")):
        begin = frontmatter.key(best)
        best = next(
            (title for title in [*h1, *titles] if title != best and frontmatter.key(title).startswith(begin)), best
        )
    return _without_site(best, site, h1)


def _without_site(title: str, site: str | None, h1: list[str]) -> str:
    """Cut the end that is the site's name, or that the visible headline does not have."""
    visible = {frontmatter.key(heading) for heading in h1}
    for separator in frontmatter.SEPARATORS:
        head, found, tail = title.rpartition(separator)
        named = site is not None and frontmatter.key(tail) == frontmatter.key(site)
        if found and head and (named or frontmatter.key(head) in visible):
            return head.strip()
    return title


def _title_tag(root: HtmlElement) -> str | None:
    element = root.find(".//title")
    return _plain(element) if element is not None else None


def _authors(node: Node, metas: dict[str, str], root: HtmlElement, site: str | None) -> tuple[str, ...]:
    """Return the people of the first source that names any but the site itself."""
    itself = frontmatter.key(site or "")
    tags = (value for value in _all(metas, _AUTHORS) if not value.startswith(("http:", "https:", "/")))
    for bylines in (_named(node.get("author")), *([value] for value in tags), _bylines(root)):
        named = tuple(name for name in people.names(bylines) if frontmatter.key(name) != itself)
        if named:
            return named
    return ()


def _named(value: object) -> Iterator[str]:
    for one in values(value):
        if isinstance(one, dict):
            yield from (name for name in values(one.get("name")) if isinstance(name, str))
        elif isinstance(one, str):
            yield one


def _bylines(root: HtmlElement) -> list[str]:
    """Return the visible bylines: `rel=author`, `itemprop=author` or a class that says so; the first kind found."""
    by_rel = [
        _plain(element)
        for element in _some((e for e in root.iter("a") if "author" in (e.get("rel") or "")), MAX_BYLINES)
    ]
    if any(by_rel):
        return [line for line in by_rel if line]
    candidates = root.iter("span", "a", "p", "div", "address")
    marked = (e for e in candidates if e.get("itemprop") == "author" or _BYLINE.search(e.get("class") or ""))
    return [line for element in _some(marked, 2) if (line := _plain(element)) and len(line) < people.MAX_BYLINE]


def _times(root: HtmlElement) -> Iterator[str]:
    """Return the dates of visible elements: `<time>` marked as publication first, then the first `<time>` of all."""
    times = _some(
        (e for e in root.iter("time", "span", "abbr") if e.get("datetime") or e.get("itemprop") == "datePublished"), 20
    )
    marked = [e for e in times if "pubdate" in e.attrib or _DATED.search(f"{e.get('itemprop')} {e.get('class')}")]
    for element in [*marked, *times[:1]]:
        yield element.get("datetime") or element.get("content") or _plain(element)


def _date(candidates: Iterable[object], latest: datetime | None) -> datetime | None:
    """Return the first plausible date; where it names the day only, the first that gives that day's time."""
    found = [
        date
        for value in candidates
        if isinstance(value, str) and (date := machine_date(value)) and _plausible(date, latest)
    ]
    if not found:
        return None
    first = found[0]
    if (first.hour, first.minute, first.second) == (0, 0, 0) and not first.utcoffset():
        return next((date for date in found[1:] if date.date() == first.date() and (date.hour or date.minute)), first)
    return first


def _plausible(date: datetime, latest: datetime | None) -> bool:
    return date.year >= EARLIEST_YEAR and (latest is None or date <= latest)


def _language(root: HtmlElement, node: Node, metas: dict[str, str]) -> str | None:
    declared = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang")
    return declared or text(node.get("inLanguage")) or _first(metas, _LANGUAGES)


def _summary(node: Node, metas: dict[str, str], titles: tuple[str, ...]) -> str | None:
    known = {frontmatter.key(title) for title in titles}
    for value in (text(node.get("description")), *_all(metas, _SUMMARIES)):
        if value and frontmatter.key(value) not in known:
            return value
    return None


def _image(root: HtmlElement, node: Node, metas: dict[str, str], url: str | None) -> str | None:
    for value in (_picture(node.get("image")), *_all(metas, _IMAGES), _link(root, "image_src")):
        found = absolute(root, value, url)
        if found:
            return found
    return None


def _picture(value: object) -> str | None:
    for one in values(value):
        found = one.get("url") or one.get("contentUrl") or one.get("@id") if isinstance(one, dict) else one
        found = found[0] if isinstance(found, list) and found else found
        if isinstance(found, str) and found.strip():
            return found.strip()
    return None


def absolute(root: HtmlElement, value: str | None, url: str | None) -> str | None:
    """Return the http(s) URL that an address in the page stands for, by the page's `base`, else its URL; or None."""
    if not value:
        return None
    base = root.find(".//base[@href]")
    try:
        context = urljoin(url or "", base.get("href").strip()) if base is not None else url or ""
        found = urljoin(context if urlsplit(context).scheme in {"http", "https"} else url or "", value.strip())
        return found if urlsplit(found).scheme in {"http", "https"} and urlsplit(found).hostname else None
    except ValueError:  # "Invalid IPv6 URL" and the like
        return None


def _link(root: HtmlElement, relation: str) -> str | None:
    for element in _some(root.iter("link"), MAX_METAS):
        if relation in (element.get("rel") or "").lower().split() and element.get("href"):
            return str(element.get("href")).strip()
    return None


def _first(metas: dict[str, str], names: Iterable[str]) -> str | None:
    return next(iter(_all(metas, names)), None)


def _all(metas: dict[str, str], names: Iterable[str]) -> list[str]:
    return [metas[name] for name in names if name in metas]


def _plain(element: HtmlElement) -> str:
    return " ".join(element.text_content()[:MAX_VALUE].split())


def _some(elements: Iterable[HtmlElement], most: int) -> list[HtmlElement]:
    return [element for _, element in zip(range(most), elements, strict=False)]
