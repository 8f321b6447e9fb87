"""What a page's tags say, each value with its source as records name it (`provenance`): `meta:og:title`, `html:h1`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

MAX_METAS = 1000
MAX_VALUE = 5000

Said = tuple[str, str]
"""A source and the value it gives."""


def metas_of(root: HtmlElement) -> dict[str, str]:
    """Return the meta tags by lower-case name, the first of each."""
    found: dict[str, str] = {}
    for element in some(root.iter("meta"), MAX_METAS):
        get = element.get
        content = " ".join((get("content") or "")[:MAX_VALUE].split())
        if not content:
            continue
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            name = get(attribute)
            if name:
                found.setdefault(name.strip().lower(), content)
    return found


def said(metas: dict[str, str], names: Iterable[str]) -> list[Said]:
    """Return the values of the meta tags of these names, in the order of the names."""
    return [(f"meta:{name}", metas[name]) for name in names if name in metas]


def first(candidates: Iterable[tuple[str, str | None]]) -> tuple[str | None, str]:
    """Return the first value that there is, and its source; None and "" without any."""
    return next(((value, source) for source, value in candidates if value), (None, ""))


def link(root: HtmlElement, relation: str) -> str | None:
    """Return the address of the first `<link>` of a relation."""
    for element in some(root.iter("link"), MAX_METAS):
        if relation in (element.get("rel") or "").lower().split() and element.get("href"):
            return str(element.get("href")).strip()
    return None


def title_of(root: HtmlElement) -> str | None:
    """Return the text of `<title>`."""
    element = root.find(".//title")
    return plain(element) if element is not None else None


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


def plain(element: HtmlElement) -> str:
    """Return an element's text on one line."""
    return " ".join(element.text_content()[:MAX_VALUE].split())


def some(elements: Iterable[HtmlElement], most: int) -> list[HtmlElement]:
    """Return the first of many elements: what hostile pages hold has no end."""
    return [element for _, element in zip(range(most), elements, strict=False)]
