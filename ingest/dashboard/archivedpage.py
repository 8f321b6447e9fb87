"""A record's page as it was archived: to be looked at as text, or kept as a file; never as a page of our origin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from ingest.archive.getting import page_at
from ingest.archived import ArchiveError
from ingest.dashboard.recordpage import GONE
from ingest.dashboard.texts import plain

if TYPE_CHECKING:
    from starlette.requests import Request

    from ingest.config import Config
    from ingest.dashboard.kept import Kept
    from ingest.dashboard.views import Views

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""Should a browser take it for a page all the same, nothing in it runs, and it has no origin."""


class ArchivedPage:
    """See the module.

    Args:
        kept: the records.
        config: says where the archive is.
        views: says what is missing.
    """

    def __init__(self, kept: Kept, config: Config, views: Views) -> None:
        self._kept = kept
        self._config = config
        self._views = views

    async def show(self, request: Request) -> Response:
        """Answer with the bytes of the page that a record was made of, as a download of plain text."""
        record_id = request.path_params["id"]
        states = self._kept.of(record_id)
        ref = states[-1].record.origin.archive if states else None
        if ref is None or self._config.archive is None:
            return self._views.missing(request, f"No archived page of {plain(record_id)} is known.", GONE)
        try:
            body = await asyncio.to_thread(page_at, self._config.archive.path, ref.file, ref.offset)
        except (ArchiveError, OSError) as error:
            return self._views.missing(request, "The archived page cannot be read.", plain(str(error)))
        return Response(
            body,
            media_type="text/plain; charset=utf-8",
            headers={
                "Content-Security-Policy": POLICY,
                "Content-Disposition": f'attachment; filename="{_name(record_id)}.html.txt"',
            },
        )


def _name(record_id: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in record_id)[:80]
