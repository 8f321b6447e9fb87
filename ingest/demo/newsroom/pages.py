"""Article pages and front pages, from the templates in `pages/`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from ingest.demo.newsroom.script import Edition, Outlet, Story

MEDIA = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
    "sitemap": "application/xml",
}
"""The content type of each format of feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An edition of a story as it lies on the outlet's server."""

    story: Story
    edition: Edition
    published: datetime
    modified: datetime

    @property
    def corrected(self) -> bool:
        """Whether it is not the first edition."""
        return self.edition != self.story.editions[0]


def article(outlet: Outlet, item: Published, home: str) -> str:
    """Return an article's page; `home` is the outlet's own address, without a slash at its end."""
    story, edition = item.story, item.edition
    published = outlet.local(item.published)
    words = {
        **_heads(outlet, home),
        "title": edition.title,
        "summary": edition.summary,
        "author": story.author,
        "section": story.section,
        "published": published.isoformat(),
        "modified": outlet.local(item.modified).isoformat(),
        "date": published.strftime(outlet.date),
        "url": f"{home}{story.path}",
        "image": f"{home}/img/{story.key}.jpg",
        "app": " ".join(outlet.inside),
    }
    markup = {"body": body(outlet, edition), "related": _related(outlet), "jsonld": _json_ld(outlet, item, home)}
    return _template(story.template).substitute({name: escape(word) for name, word in words.items()} | markup)


def front(outlet: Outlet, items: list[Published], home: str) -> str:
    """Return the front page: links to what is published, and the feed."""
    stories = "\n".join(
        f'<li><a href="{escape(item.story.path)}">{escape(item.edition.title)}</a></li>' for item in items
    )
    words = {**_heads(outlet, home), "type": MEDIA[outlet.format]}
    return _template("front").substitute({name: escape(word) for name, word in words.items()}, stories=stories)


def body(outlet: Outlet, edition: Edition) -> str:
    """Return the text as HTML with the prompts that the outlet puts into it."""
    paragraph, prompt = Template(outlet.paragraph), Template(outlet.prompt)
    texts = [*edition.paragraphs[:-1], f"{edition.paragraphs[-1]} {edition.remark}".rstrip()]
    first, *rest = [paragraph.substitute(text=escape(text, quote=False)) for text in texts]
    inside, below = (
        [prompt.substitute(text=escape(text, quote=False)) for text in prompts]
        for prompts in (outlet.inside, outlet.below)
    )
    return "\n".join([first, *inside, *rest, *below])


def _heads(outlet: Outlet, home: str) -> dict[str, str]:
    return {"outlet": outlet.name, "language": outlet.language, "feed": f"{home}{outlet.feed}"}


def _related(outlet: Outlet) -> str:
    rows = enumerate(outlet.related, start=1)
    return "\n".join(f'<li><a href="/more/{number}">{escape(title)}</a></li>' for number, title in rows)


def _json_ld(outlet: Outlet, item: Published, home: str) -> str:
    """Return schema.org's NewsArticle; "<" is escaped, so that no text can end the script element."""
    said = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": item.edition.title,
        "description": item.edition.summary,
        "datePublished": outlet.local(item.published).isoformat(),
        "dateModified": outlet.local(item.modified).isoformat(),
        "author": [{"@type": "Person", "name": item.story.author}],
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
        "articleSection": item.story.section,
        "inLanguage": outlet.language,
        "image": [f"{home}/img/{item.story.key}.jpg"],
        "mainEntityOfPage": f"{home}{item.story.path}",
    }
    return json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")


@cache
def _template(name: str) -> Template:
    return Template((files(__package__) / "pages" / f"{name}.html").read_text(encoding="utf-8"))
