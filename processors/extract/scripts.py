"""The article of a page that shows it only once its scripts have run: as HTML in a string of the page's own state.

Such pages carry what they show as JSON (`__NEXT_DATA__`, `window.__STATE__ = {...}` and many more); no two look alike,
but the text is a long string of paragraphs in all of them. Looked for only where the page itself shows next to nothing,
in scripts that hold the page's title too: consent texts and other articles lie in scripts as well.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_LENGTH = 400
"""Characters of the string, markup included."""
MIN_PARAGRAPHS = 2
MAX_SCRIPT = 5_000_000
TITLE = 12
"""Characters of the title that the script must hold."""

_OPENING = re.compile(r"<script\b[^>]{0,2000}>", re.IGNORECASE)
_CLOSING = re.compile("</script", re.IGNORECASE)
_STRING = re.compile(rf'"((?:[^"\\]|\\.){{{MIN_LENGTH},}})"', re.DOTALL)
_PARAGRAPH = re.compile(r"<p[\s>]", re.IGNORECASE)


def body_in(page: str, title: str | None) -> str | None:
    """Return the HTML of the longest text in the page's scripts; None without one, or without a title to know it by."""
    found = [html for html in _texts(page, title or "") if len(_PARAGRAPH.findall(html)) >= MIN_PARAGRAPHS]
    return max(found, key=len, default=None)


def _texts(page: str, title: str) -> Iterator[str]:
    start = title[:TITLE].strip()
    if len(start) < TITLE // 2:
        return
    for script in _scripts(page):
        if len(script) > MAX_SCRIPT or not (start in script or json.dumps(start)[1:-1] in script):
            continue
        for string in _STRING.findall(script):
            try:
                text = json.loads(f'"{string}"', strict=False)
            except ValueError:  # a string of JavaScript that is no JSON
                continue
            yield text


def _scripts(page: str) -> Iterator[str]:
    """Yield what stands in each script, up to the first that has no end: in linear time."""
    opening = _OPENING.search(page)
    while opening is not None and (closing := _CLOSING.search(page, opening.end())) is not None:
        yield page[opening.end() : closing.start()]
        opening = _OPENING.search(page, closing.end())
