"""Pages to extract from, put together of invented markup and well-known history."""

from __future__ import annotations

from datetime import datetime

from processors.boilerplate.rules import LineRules
from processors.extract.extractor import PASSES, Extract
from processors.records import NO_HINT, Article, Form, Hint, Mode, Origin, Page

HEADLINE = "The Suez Canal opens to ships"
PROSE = (
    (
        "The canal between the Mediterranean and the Red Sea was opened on 17 November 1869, after ten years "
        "of digging through sand and rock under the direction of Ferdinand de Lesseps."
    ),
    (
        "Its first years were harder than its builders had promised: fewer than 500 ships passed in 1870, and "
        "the company that had dug it came close to bankruptcy before traffic grew."
    ),
    (
        "The journey from London to Bombay became some 7,000 kilometres shorter, and coal stations along the "
        "old route around the Cape of Good Hope lost the business they had lived on."
    ),
    (
        "In 1875 the British government bought the shares of the Khedive of Egypt for four million pounds, "
        "lent at short notice by the house of Rothschild, and became the largest single holder."
    ),
)
OTHER_PROSE = (
    (
        "A second report tells how the lighthouse at Eddystone was built four times, the third of them by "
        "John Smeaton in 1759, who dovetailed its granite blocks like the trunk of an oak."
    ),
    (
        "When the rock under it began to give way, his tower was taken down stone by stone and set up again "
        "on Plymouth Hoe, where visitors have climbed it ever since the year 1884."
    ),
)
NO_RULES = LineRules([], "none")


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def html(body: str, head: str = "", *, lang: str = "en") -> str:
    return f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def article(inner: str = "", head: str = "", around: str = "") -> str:
    """Return a plain news page: headline, four paragraphs, then whatever a test puts in or around."""
    return html(f"<article><h1>{HEADLINE}</h1>{paragraphs(*PROSE)}{inner}</article>{around}", head)


def page(
    body: str | bytes,
    *,
    url: str | None = "https://gazette.example/history/suez",
    content_type: str | None = "text/html; charset=utf-8",
    hint: Hint = NO_HINT,
    fetched: datetime | None = None,
) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    origin = Origin(mode=Mode.REPLAY, fetched=fetched)
    return Page(form=Form.HTML, body=raw, origin=origin, url=url, content_type=content_type, hint=hint)


def extracted(
    body: str | bytes, *, without: str | None = None, rules: LineRules = NO_RULES, **about: object
) -> Article:
    """Extract with no line rules unless given, and with one pass left out where named."""
    extract = Extract(rules=rules, passes=PASSES - {without} if without else PASSES)
    return extract(page(body, **about))  # type: ignore[arg-type]  # passed on as they are
