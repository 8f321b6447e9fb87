"""The steps from a fetched page to an article, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors import language
from processors.base import Skip
from processors.extract import dense, engine, frontmatter, gate, lead, metadata, prompts, scripts, tidy
from processors.extract.assemble import article_of
from processors.extract.blocks import blocks_of, prose_of
from processors.extract.charset import to_utf8
from processors.extract.parse import parse, refuse_other_than_html, strip_dead
from processors.extract.region import coverage, paths, region_of
from processors.extract.text import paragraphs
from processors.extract.version import VERSION
from processors.identity import host_of
from processors.records import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement

    from processors.boilerplate.rules import LineRules
    from processors.extract.blocks import Block
    from processors.extract.metadata import Metadata
    from processors.extract.region import Region
    from processors.records import Article, Page, Removal

PASSES = frozenset(
    {
        *tidy.PASSES,
        "container",
        "boxes",
        "coverage",
        "runs",
        "whole-page",
        "json-ld",
        "lead",
        "folds",
        "front-matter",
        "rules",
        "prompts",
        "gate",
        "scripts",
        "dense-links",
        "link-rows",
        "false-links",
    }
)
"""Every step that can be left out, to measure what it is worth."""
COVERED = 0.6
"""Share of the container's prose; less than this in the text, and it is extracted again without names to prune by."""
GAIN = 1.3
"""The second text counts if it is this much longer."""
SHORT = 80
"""Characters; less than this from a container, and the whole page is tried."""
TEASER = 250
"""Characters; less than this, and the page's scripts are looked through for a longer text."""


class Extract:
    """Turns an HTML page into an article: `Extract(rules=LineRules.load())(page)`.

    Pure and without memory: the same page gives the same article, in any order and any process.
    """

    def __init__(self, *, rules: LineRules, passes: frozenset[str] = PASSES) -> None:
        if unknown := passes - PASSES:
            raise ValueError(f"unknown passes {sorted(unknown)}; there are {sorted(PASSES)}")
        self._rules = rules
        self._passes = passes

    @property
    def version(self) -> str:
        """What the result depends on beside the page and the rules."""
        return VERSION

    def __call__(self, page: Page) -> Article:
        """Return the page's article.

        Raises:
            Skip: EMPTY (no bytes), NOT_HTML (a binary file), NO_TEXT (nothing but markup, scripts or boilerplate), or
                one of the reasons of `gate`, which know better why there is no article.
        """
        refuse_other_than_html(page.body)
        source = to_utf8(page.body, page.content_type)[0]
        root = parse(source)
        meta = metadata.read(root, page)
        strip_dead(root)
        text, around = self._extracted(root, meta)
        if len(text) < TEASER and "scripts" in self._passes:
            text = max(text, self._from_scripts(source, meta), key=len)
        code = language.decide(meta.language, text or meta.title)
        text, removed = self._clean(text, around, meta, code, host_of(page.url))
        if "gate" in self._passes:
            gate.check(source, meta, text, page.url)
        if not text:
            raise Skip(Reason.NO_TEXT, "no text but boilerplate" if removed else "no text")
        return article_of(page, meta, text, code, removed)

    def text(self, body: bytes, content_type: str | None = None) -> str:
        """Return the extracted text alone, without metadata and line rules: what benchmarks compare."""
        root = parse(to_utf8(body, content_type)[0])
        strip_dead(root)
        return self._extracted(root, None)[0]

    def _extracted(self, root: HtmlElement, meta: Metadata | None) -> tuple[str, str]:
        """Return the text, and the lines in and beside its container."""
        body = root.find("body")
        for name, tidied in tidy.PASSES.items():
            if name in self._passes:
                tidied(body)
        blocks = blocks_of(body)
        if "false-links" in self._passes:
            tidy.free_false_links(blocks)
        region = region_of(body, prose_of(body, blocks)) if "container" in self._passes else None
        first = _lead(blocks, region, meta) if region is not None and "lead" in self._passes else None
        around, text = self._from(region) if region is not None else ("", "")
        if len(text) < SHORT and (region is None or "whole-page" in self._passes):
            text = max(text, paragraphs(engine.of_page(root)), key=len)
        if meta is not None and meta.body and "json-ld" in self._passes:
            text = _believed(meta.body, text)
        return lead.with_lead(text, first), around

    def _from_scripts(self, source: bytes, meta: Metadata) -> str:
        html = scripts.body_in(source.decode(), meta.title)
        return "" if html is None else paragraphs(engine.of_container(parse(html.encode()).find("body")))

    def _from(self, region: Region) -> tuple[str, str]:
        around = prompts.lines_around(region.container) if "prompts" in self._passes else ""
        if "boxes" in self._passes:
            tidy.drop_boxes(region)
        if "folds" in self._passes:
            tidy.free_folds(region)
        if "runs" in self._passes:
            tidy.wrap_runs(region.blocks)
        compact = dense.is_dense(region.blocks)
        if compact and "dense-links" in self._passes:
            dense.free_links(region)
        if compact and "link-rows" in self._passes:
            dense.drop_link_rows(region)
        text = paragraphs(engine.of_container(region.container, dense=compact))
        if "coverage" in self._passes and coverage(region, text) < COVERED:
            for element in paths(region):
                tidy.anonymous(element)
            again = paragraphs(engine.of_container(region.container, dense=compact))
            text = again if len(again) >= GAIN * len(text) else text
        return around, text

    def _clean(
        self, text: str, around: str, meta: Metadata, code: str | None, host: str | None
    ) -> tuple[str, tuple[Removal, ...]]:
        removed: tuple[Removal, ...] = ()
        if "front-matter" in self._passes:
            text, removed = frontmatter.without(text, titles=meta.headlines, authors=meta.authors, section=meta.section)
        if "rules" not in self._passes:
            return text, removed
        text, taken = self._rules.apply(text, title=meta.title, language=code, host=host)
        removed += taken
        if around:
            _, beside = self._rules.apply(around, language=code, host=host)
            shown = {removal.text: removal for removal in beside if prompts.is_prompt(removal.rule)}
            removed += tuple(shown[line] for line in prompts.missing(shown, (one.text for one in removed), text))
        return text, removed


def _lead(blocks: Sequence[Block], region: Region, meta: Metadata | None) -> str | None:
    summary, titles = (meta.summary, meta.headlines) if meta else (None, ())
    return lead.lead_of(blocks, region, summary, frontmatter.variants(titles))


def _believed(declared: str, text: str) -> str:
    """Return JSON-LD's `articleBody` where the page shows less than half of it and something else; else the text.

    Without the demand for twice the length, live pages (whose JSON-LD holds one update) and teasers win: F1 1.00 to
    0.29 on one.
    """
    if len(declared) <= 2 * len(text) or len(declared) < SHORT:
        return text
    words, found = set(declared.split()), set(text.split())
    overlap = len(words & found) / len(words)
    return paragraphs(declared) if overlap < 0.6 else text
