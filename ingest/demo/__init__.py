"""The sample archive that `newstap demo` replays without a network, and what must come out of it.

Everything in it was written for this project: invented outlets on reserved host names (RFC 2606) tell settled
history or plainly fictional local news. `build` makes its WARC file from `sources/`; the other documents are kept
as they are.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What one document of the archive must become. None: not prescribed.

    A document is named by `file` and, where a file holds several, `line` or `url`; a URL that the crawl met twice
    stands here twice, as a record and as a skip.
    """

    file: str
    """Below the archive folder, with slashes."""
    outcome: str
    """`record` or `skipped`."""
    line: int | None = None
    """Of a JSON lines file, from 1."""
    url: str | None = None
    """As fetched, where the archive tells it."""
    reason: str | None = None
    """Of a skip; then nothing below is set."""
    title: str | None = None
    language: str | None = None
    """Primary subtag: a record may say `en-GB` where this says `en`."""
    topics: tuple[str, ...] = ()
    """Exactly these of north-korea, russia and china."""
    mentions: tuple[str, ...] = ()
    """Topics that are named in passing, and must not be tagged."""
    authors: tuple[str, ...] | None = None
    published: str | None = None
    """RFC 3339, with the publisher's own offset."""
    summary: str | None = None
    present: tuple[str, ...] = ()
    """From the first and the last paragraph: must be in the text."""
    removed: tuple[str, ...] = ()
    """Each must be in the text of some removal."""
    absent: tuple[str, ...] = ()
    """On the page, but not article: must not be in the text."""


@contextmanager
def archive() -> Iterator[Path]:
    """Give the archive as a folder on disk; its path is the same each time where the package is installed unzipped."""
    with as_file(files(__name__) / "archive") as folder:
        yield folder


def expected() -> list[Expectation]:
    """Read `expected.json`: one entry per document of the archive, in the order of a replay."""
    listed = json.loads((files(__name__) / "expected.json").read_text(encoding="utf-8"))["documents"]
    return [Expectation(**{name: frozen(value) for name, value in each.items()}) for each in listed]


def frozen(value: Any) -> Any:  # noqa: ANN401 - a JSON value in, the same out, but for lists
    """Turn a JSON list into a tuple."""
    return tuple(value) if isinstance(value, list) else value
