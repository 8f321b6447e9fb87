"""What a page says about its article, in a documented order of trust (`docs/extraction.md` has the table).

For every field: JSON-LD of the article, then meta tags, then visible elements, then the hint of the feed or archive
line; `provenance` says which it was. The site's name is the exception: it is taken from `og:site_name` first, because
JSON-LD names the publishing company, unless that is an address. Dates and names have rules of their own (`when`,
`bylines`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from processors.extract import frontmatter, jsonld, when
from processors.extract.blocks import weight
from processors.extract.bylines import authors_of
from processors.extract.jsonld import text, types, values
from processors.extract.tags import absolute, first, link, metas_of, plain, said, some, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

    from processors.extract.jsonld import Node
    from processors.extract.tags import Said
    from processors.records import Page

LONG = 25
"""Least weight of a heading that says what one page is about; a section's is shorter."""
HINT = "hint"
"""The source of what only the feed's entry or the archive's line says."""
MAX_FIGURES = 50

_TITLES = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "title")
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
# What an outlet's name is not: an address, in whole or its host alone.
_ADDRESS = re.compile(r"https?://\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,8}", re.IGNORECASE)


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
    caption: str | None
    """The image's."""
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
    provenance: dict[str, str]
    """The source of each value that is there, by the field of an article that it is for."""


def read(root: HtmlElement, page: Page) -> Metadata:
    """Read the metadata of a page, before any pass changes its tree. Never raises for what a page holds."""
    nodes = jsonld.nodes_of(root)
    node, metas, hint = jsonld.article_of(nodes), metas_of(root), page.hint
    h1 = [line for element in some(root.iter("h1"), 5) if (line := plain(element))]
    heads = _heads(node, metas, title_of(root), h1)
    site = _site(node, metas)
    title = _title(heads, site[0], h1) or (hint.title or "", HINT)
    canonical = first([("link:canonical", link(root, "canonical")), *said(metas, ["og:url"])])
    summary = first([*_summaries(node, metas, heads), (HINT, hint.summary)])
    authors = authors_of(node, metas, root, _outlet(site[0], node, metas)) or (hint.authors, HINT)
    published = _published(node, metas, root, page)
    modified = _modified(node, metas, page, published[0])
    language = first([*_languages(root, node, metas), (HINT, hint.language)])
    image = _image(root, node, metas, page.url)
    caption = first(_captions(root, node, image[0]))
    section = first([("json-ld:articleSection", text(node.get("articleSection"))), *said(metas, _SECTIONS)])
    found: dict[str, tuple[object, str]] = {
        "title": title, "canonical_url": canonical, "summary": summary, "authors": authors, "published": published,
        "modified": modified, "language": language, "site": site, "image": image, "image_caption": caption,
        "section": section,
    }  # fmt: skip
    return Metadata(
        title=title[0],
        headlines=tuple(dict.fromkeys(value for _, value in heads)),
        canonical=canonical[0],
        summary=summary[0],
        authors=authors[0],
        published=published[0],
        modified=modified[0],
        language=language[0],
        site=site[0],
        image=image[0],
        caption=caption[0],
        section=section[0],
        body=jsonld.body(node),
        declared=1 <= sum(1 for one in nodes if types(one) & _DECLARING) <= 2 or "article:published_time" in metas,
        entitled=_is_entitled(h1, title_of(root) or ""),
        free=_flag(node.get("isAccessibleForFree")),
        kinds=frozenset().union(*map(types, nodes), {f"og:{metas['og:type'].lower()}"} if "og:type" in metas else ()),
        provenance={field: source for field, (value, source) in found.items() if value},
    )


def _is_entitled(h1: list[str], title: str) -> bool:
    return len(h1) == 1 and weight(h1[0]) >= LONG and frontmatter.key(h1[0]) in frontmatter.key(title)


def _flag(value: object) -> bool | None:
    """Return what is meant by `true`, `"False"`, `["false"]` and the like."""
    one = next(iter(values(value)), None)
    return {"true": True, "false": False}.get((text(one) or str(one)).strip().lower())


def _heads(node: Node, metas: dict[str, str], title: str | None, h1: list[str]) -> list[Said]:
    stated = [("json-ld:headline", text(node.get("headline"))), *said(metas, _TITLES), ("html:title", title)]
    return [(source, value) for source, value in [*stated, *(("html:h1", one) for one in h1)] if value]


def _title(heads: list[Said], site: str | None, h1: list[str]) -> tuple[str, str] | None:
    """Return the first title without the site's name; where it is cut ("…"), a later one that goes on from there."""
    if not heads:
        return None
    source, best = heads[0]
    if best.endswith(("…", "...")):
        begin = frontmatter.key(best)
        longer = [*(("html:h1", one) for one in h1), *heads]
        source, best = next(
            (one for one in longer if one[1] != best and frontmatter.key(one[1]).startswith(begin)), (source, best)
        )
    return _without_site(best, site, h1), source


def _without_site(title: str, site: str | None, h1: list[str]) -> str:
    """Cut the end that is the site's name, or that the visible headline does not have."""
    visible = {frontmatter.key(heading) for heading in h1}
    for separator in frontmatter.SEPARATORS:
        head, found, tail = title.rpartition(separator)
        named = site is not None and frontmatter.key(tail) == frontmatter.key(site)
        if found and head and (named or frontmatter.key(head) in visible):
            return head.strip()
    return title


def _site(node: Node, metas: dict[str, str]) -> tuple[str | None, str]:
    """Return the outlet's name: an address only where nothing else is given."""
    stated = [*said(metas, ["og:site_name"]), ("json-ld:publisher", text(node.get("publisher")))]
    stated += said(metas, ["application-name"])
    return first(sorted(stated, key=lambda one: _ADDRESS.fullmatch(one[1] or "") is not None))


def _outlet(site: str | None, node: Node, metas: dict[str, str]) -> frozenset[str]:
    """Return the keys of all that the outlet and its company are called."""
    names = (site, text(node.get("publisher")), metas.get("og:site_name"), metas.get("publisher"))
    return frozenset(frontmatter.key(name) for name in names if name)


def _published(node: Node, metas: dict[str, str], root: HtmlElement, page: Page) -> tuple[datetime | None, str]:
    found, hinted = when.published_of(node, metas, root, page), page.hint.published
    if found[0] is None and hinted is not None and when.plausible(hinted, when.latest(page)):
        return hinted, HINT
    return found


def _modified(node: Node, metas: dict[str, str], page: Page, published: datetime | None) -> tuple[datetime | None, str]:
    """Return the last change; one before the publishing is none."""
    found, source = when.modified_of(node, metas, page)
    if found is None or (published is not None and found < published):
        return page.hint.modified, HINT
    return found, source


def _languages(root: HtmlElement, node: Node, metas: dict[str, str]) -> list[tuple[str, str | None]]:
    declared = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang")
    return [("html:lang", declared), ("json-ld:inLanguage", text(node.get("inLanguage"))), *said(metas, _LANGUAGES)]


def _summaries(node: Node, metas: dict[str, str], heads: list[Said]) -> list[Said]:
    """Return the descriptions that are not a title again."""
    known = {frontmatter.key(value) for _, value in heads}
    stated = [("json-ld:description", text(node.get("description"))), *said(metas, _SUMMARIES)]
    return [(source, value) for source, value in stated if value and frontmatter.key(value) not in known]


def _image(root: HtmlElement, node: Node, metas: dict[str, str], url: str | None) -> tuple[str | None, str]:
    stated = [("json-ld:image", picture(node.get("image"))), *said(metas, _IMAGES)]
    stated.append(("link:image_src", link(root, "image_src")))
    return first((source, absolute(root, value, url)) for source, value in stated)


def picture(value: object) -> str | None:
    """Return the address in a value of JSON-LD that is an image, or several."""
    for one in values(value):
        found = one.get("url") or one.get("contentUrl") or one.get("@id") if isinstance(one, dict) else one
        found = found[0] if isinstance(found, list) and found else found
        if isinstance(found, str) and found.strip():
            return found.strip()
    return None


def _captions(root: HtmlElement, node: Node, image: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield what may be the caption of the image: JSON-LD's, that of the figure with the same file."""
    if image is None:
        return
    stated = next(iter(values(node.get("image"))), None)
    yield "json-ld:image", text(stated.get("caption")) if isinstance(stated, dict) else None
    name = urlsplit(image).path.rpartition("/")[2]
    for figure in some(root.iter("figure"), MAX_FIGURES):
        caption = figure.find(".//figcaption")
        if caption is not None and name and any(name in (one.get("src") or "") for one in figure.iter("img")):
            yield "html:figcaption", plain(caption)
