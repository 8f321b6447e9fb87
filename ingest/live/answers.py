"""What an HTTP answer, or the lack of one, means to the schedule. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest import schedule
from ingest.fetch import messages
from ingest.schedule import Answer, ErrorClass, Failure, Gone, NotModified, freshness

if TYPE_CHECKING:
    from ingest.fetch.errors import FetchError
    from ingest.fetch.messages import Response

_KINDS = {
    "invalid_url": ErrorClass.REFUSED,
    "blocked_ssrf": ErrorClass.REFUSED,
    "robots": ErrorClass.REFUSED,
    "redirect": ErrorClass.REDIRECTS,
    "timeout": ErrorClass.TIMEOUT,
    "dns": ErrorClass.UNRESOLVED,
    "network": ErrorClass.UNREACHABLE,
    "refused": ErrorClass.UNREACHABLE,
    "reset": ErrorClass.RESET,
    "cut_short": ErrorClass.UNDECODABLE,
    "tls": ErrorClass.TLS,
    "protocol": ErrorClass.PROTOCOL,
    "too_large": ErrorClass.TOO_LARGE,
    "encoding": ErrorClass.UNDECODABLE,
    "content": ErrorClass.UNDECODABLE,
}
"""By `FetchError.kind`."""
_UNWANTED = frozenset({401, 402, 403, 407, 451})
"""Someone decided that we are not to have it."""


def failure_of(error: FetchError) -> Failure:
    """Return what a fetch that gave no answer means."""
    return Failure(_KINDS[error.kind])


def status_of(response: Response, retry_after: float | None) -> Failure | Gone | None:
    """Return what an answer's status means; None for those that bring a document, and for 304.

    206 brings a part of one, and nobody asked for a part (RFC 9110, 15.3.7): kept as the whole, a later 304 would lose
    the rest.

    Args:
        response: the answer.
        retry_after: seconds, of `ingest.fetch.pushback.retry_after`.
    """
    status = response.status
    if status == 304 or is_whole(status):
        return None
    if status == 410:
        return Gone()
    if status == 429 or (status == 503 and retry_after is not None):
        return Failure(ErrorClass.THROTTLED, retry_after)
    if status in _UNWANTED:
        return Failure(ErrorClass.BLOCKED)
    if status >= 500:
        return Failure(ErrorClass.SERVER)
    return Failure(ErrorClass.NOT_FOUND if status >= 400 else ErrorClass.PROTOCOL)


def is_whole(status: int) -> bool:
    """Say whether an answer of this status brings a document, all of it."""
    return 200 <= status < 300 and status != 206


def answer_of(response: Response, asked: messages.Validators | None, *, believed: bool = True) -> Answer:
    """Return what a good answer says beside its body.

    Args:
        response: of status 200 to 299, or 304.
        asked: the validators that the request carried.
        believed: whether its validators may be kept; not those of a document that ends in mid-air.
    """
    given = response.validators if believed else None
    headers = response.headers
    return Answer(
        url=response.final_url,
        moved=response.final_url if response.moved else None,
        conditional=asked is not None and asked.url == response.final_url,
        etag=_bytes(given.etag) if given else None,
        last_modified=_bytes(given.last_modified) if given else None,
        max_age=freshness(headers.get("cache-control"), headers.get("expires"), response.fetched.timestamp()),
    )


def unmodified(response: Response, asked: messages.Validators | None) -> NotModified:
    """Return a 304 as the schedule takes it."""
    return NotModified(answer_of(response, asked))


def asking(held: schedule.Validators | None) -> messages.Validators | None:
    """Return stored validators as a request carries them."""
    if held is None:
        return None
    return messages.Validators(url=held.url, etag=_text(held.etag), last_modified=_text(held.last_modified))


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode("latin-1")


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
