"""How often metadata agree with what pages say of themselves in JSON-LD: by field, as it is and with JSON-LD held out.

The first agreement tells how faithfully JSON-LD is read where it is trusted first; the second, on the same pages with
every JSON-LD script cut out, how good the other sources are that a page without it depends on. Publishers contradict
themselves, so neither can reach 1: a headline for search engines is not that of the page, `publisher` is a company.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from processors import language
from processors.boilerplate.rules import LineRules
from processors.dates import machine_date
from processors.extract import frontmatter, jsonld, metadata, people
from processors.extract.extractor import PASSES, Extract
from processors.extract.parse import parse
from processors.records import Article, Form, Mode, Origin, Page

_SCRIPT = re.compile(r"<script[^>]{0,500}ld\+json.*?</script\s*>", re.IGNORECASE | re.DOTALL)
_EXTRACT = Extract(rules=LineRules([], "none"), passes=PASSES - {"gate"})
Row = dict[str, Any]


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Give the lines of the table: field, pages whose JSON-LD has it, and of these the shares."""
    counts = {field: [0, 0, 0, 0] for field in FIELDS}
    for row in rows:
        stated = _stated(row["html"])
        if not stated:
            continue
        whole, rest = _read(row["html"], row["url"]), _read(_SCRIPT.sub("", row["html"]), row["url"])
        for field, (truth, same) in FIELDS.items():
            if (wanted := truth(stated)) is None:
                continue
            found = getattr(rest, field.partition(" ")[0])
            marks = (
                True,
                same(wanted, getattr(whole, field.partition(" ")[0])),
                bool(found),
                bool(found) and same(wanted, found),
            )
            counts[field] = [count + mark for count, mark in zip(counts[field], marks, strict=True)]
    yield f"{'field':<25} {'pages':>6} {'agree':>7} {'held out: found':>16} {'agree of those':>15}"
    for field, (pages, agree, found, held) in counts.items():
        shares = (f"{agree / pages:7.3f} {found / pages:16.3f} {held / max(1, found):15.3f}") if pages else ""
        yield f"{field:<25} {pages:6} {shares}"


def _stated(html: str) -> jsonld.Node:
    node = jsonld.article_of(jsonld.nodes_of(parse(html.encode("utf-8", "replace"))))
    return node if jsonld.types(node) & (jsonld.ARTICLES - {"CreativeWork"}) else {}


def _read(html: str, url: str) -> Article:
    """Read a page as the service does, its text too: a language or a date may be told by that alone."""
    body = html.encode("utf-8", "replace")
    origin = Origin(mode=Mode.REPLAY)
    return _EXTRACT(Page(form=Form.HTML, body=body, origin=origin, url=url, content_type="text/html; charset=utf-8"))


def _moment(name: str) -> Callable[[jsonld.Node], datetime | None]:
    def read(node: jsonld.Node) -> datetime | None:
        found = next((value for value in jsonld.values(node.get(name)) if isinstance(value, str)), "")
        return machine_date(found)

    return read


def _said(name: str) -> Callable[[jsonld.Node], str | None]:
    return lambda node: jsonld.text(node.get(name))


def _people(node: jsonld.Node) -> frozenset[str] | None:
    named = [jsonld.text(one) or "" for one in jsonld.values(node.get("author"))]
    return frozenset(map(frontmatter.key, people.names(named))) or None


def _picture(node: jsonld.Node) -> str | None:
    return metadata.picture(node.get("image"))


def _spoken(node: jsonld.Node) -> str | None:
    return language.primary(jsonld.text(node.get("inLanguage")))


def _same_text(wanted: str, found: str | None) -> bool:
    """Compare letters and digits, with and without a site's name at an end."""
    if found and frontmatter.key(wanted) == frontmatter.key(found):
        return True
    return bool(found) and not frontmatter.variants([wanted]).isdisjoint(frontmatter.variants([found]))


def _same_moment(wanted: datetime, found: datetime | None) -> bool:
    """Compare to the minute; a day alone agrees with any time on it."""
    if found is None:
        return False
    day_only = not (wanted.hour or wanted.minute) or not (found.hour or found.minute)
    near = abs((wanted - found).total_seconds())
    return near < 60 or (day_only and near < 86_400)


def _same_clock(wanted: datetime, found: datetime | None) -> bool:
    """Compare what the clock on the wall showed: a time that stands on a page says no zone."""
    return found is not None and (
        _same_moment(wanted, found) or _same_moment(wanted.replace(tzinfo=UTC), found.replace(tzinfo=UTC))
    )


def _same_file(wanted: str, found: str | None) -> bool:
    """Compare the file's name: sizes and crops of one picture differ in folders and queries."""
    return bool(found) and _file(wanted) == _file(found)


def _file(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/").rpartition("/")[2].partition(".")[0]
    except ValueError:
        return url


def _same_people(wanted: frozenset[str], found: tuple[str, ...]) -> bool:
    return wanted == frozenset(map(frontmatter.key, found))


FIELDS: dict[str, tuple[Callable[[jsonld.Node], Any], Callable[[Any, Any], bool]]] = {
    "title": (_said("headline"), _same_text),
    "authors": (_people, _same_people),
    "published": (_moment("datePublished"), _same_moment),
    "published (by the clock)": (_moment("datePublished"), _same_clock),
    "modified": (_moment("dateModified"), _same_moment),
    "language": (_spoken, str.__eq__),
    "section": (_said("articleSection"), _same_text),
    "image": (_picture, _same_file),
    "site": (_said("publisher"), _same_text),
}
"""By name: what JSON-LD states, and when our value is the same."""
