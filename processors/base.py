"""How to write a processor: a callable from Article to Article.

A processor is built once, from the options of its configuration table as keyword arguments, then called for every
article, in several worker processes. It keeps no memory between calls, reads no network, clock or disk, and returns a
new article (`dataclasses.replace`). To leave an article out, raise `Skip`; any other exception makes the document a
dead letter whose error names the processor.
"""

from __future__ import annotations

from typing import Protocol

from processors.records import Article, Reason


class Skip(Exception):  # noqa: N818 - not an error: the document is left out on purpose
    """Leave this document out; counted under its reason, with the detail kept in `skipped/`.

    Raises:
        ValueError: not one of the reasons, which are a closed list; say more in the detail.
    """

    def __init__(self, reason: Reason = Reason.FILTERED, detail: str | None = None) -> None:
        super().__init__(reason, detail)
        self.reason = Reason(reason)
        self.detail = detail


class Processor(Protocol):
    """One step of the chain after extraction; verbs make good names."""

    @property
    def name(self) -> str:
        """What logs and dead letters call this step."""
        ...

    def __call__(self, article: Article, /) -> Article:
        """Return the article, changed or not.

        Raises:
            Skip: the document is to be left out.
        """
        ...
