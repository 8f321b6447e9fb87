"""An answer as the page of an entry: where it came from, and what reserves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest.fetch.reservations import reservation
from processors.records import Form, Page, Reason, Skipped, TextSource

if TYPE_CHECKING:
    from ingest.fetch.messages import Response
    from ingest.fetch.robots import Robots


async def received(carried: Page, response: Response, robots: Robots, *, skip_reserved: bool) -> Page | Skipped:
    """Return the page that an answer brings; a skip where it is reserved, and such pages are to be left out."""
    reserved = await _reserved(response, robots)
    origin = replace(carried.origin, fetched=response.fetched, reserved=reserved)
    if reserved and skip_reserved:
        return Skipped(origin=origin, url=response.final_url, reason=Reason.RESERVED, detail=", ".join(reserved))
    return Page(
        form=Form.HTML,
        body=response.body,
        origin=origin,
        url=response.final_url,
        content_type=response.headers.get("content-type"),
        hint=carried.hint,
        text_source=TextSource.PAGE,
    )


def led_to_front(carried: Page, response: Response) -> bool:
    """Say whether a link to an article led to a front page."""
    return _is_front(response.final_url) and not _is_front(carried.url or "")


async def _reserved(response: Response, robots: Robots) -> tuple[str, ...]:
    agents = await robots.reserved_against(response.final_url)
    found = reservation(response.headers, response.body, agents)
    marks = ["tdm-reservation"] if found.tdm else []
    if found.tdm and found.policy:
        marks.append(f"tdm-policy={found.policy}")
    return (*marks, *found.words, *(f"robots:{agent}" for agent in found.agents))


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query
