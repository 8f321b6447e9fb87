"""What is archived, as groups of records: pages, entries, skips, feeds and unchanged feeds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.archive.records import (
    HTTP_REQUEST,
    HTTP_RESPONSE,
    IDENTICAL,
    JSON,
    NOT_MODIFIED,
    Group,
    digest_of,
    member,
    new_id,
    response_head,
    stamp,
    uri,
)
from processors.records import Failed, Form, Page, Record, Skipped
from sinks.codec import encode_page_header, encode_skipped, encode_whole_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.archived import Original
    from ingest.fetch.messages import Response, Wire

SCHEMA = 1


def document(
    page: Page,
    response: Response | None,
    outcome: object,
    fingerprint: Mapping[str, str | None] | None,
) -> Group:
    """Return what is kept of a document that was read.

    Args:
        page: as the processors saw it.
        response: what it came in; None where it is made from what the feed carries.
        outcome: what became of it; the page itself where others will tell.
        fingerprint: names what it was processed with; a record brings its own.
    """
    if isinstance(outcome, Record):
        fingerprint = outcome.fingerprint
    told = {"fingerprint": _json(fingerprint), "became": _json(_became(outcome))}
    if response is None or response.wire is None or page.form is not Form.HTML:
        return _alone("entry", page, {**told, "page": encode_whole_page(page)})
    return _exchange("page", response, response.wire, {**told, "page": encode_page_header(page)}, page.hint.url)


def skipped(outcome: Skipped) -> Group:
    """Return what is kept of an entry that was skipped before anything read it."""
    return _alone("skipped", outcome, {"skipped": encode_skipped(outcome)})


def feed(response: Response, asked: str) -> tuple[Group, str] | None:
    """Return a feed's document and the id of its response; None where nothing is known of how it came."""
    if response.wire is None:
        return None
    name = new_id()
    return _exchange("feed", response, response.wire, {}, asked, name=name), name


def unchanged(response: Response, before: Original) -> Group | None:
    """Return what is kept of a document that is the same as the one before: a revisit."""
    if response.wire is None:
        return None
    modified = response.status != 304
    block = response_head(response.wire.status_line, response.headers)
    packed = member(
        "revisit",
        block,
        date=stamp(response.fetched),
        content_type=HTTP_RESPONSE,
        more={
            "WARC-Record-ID": new_id(),
            "WARC-Target-URI": uri(response.final_url),
            "WARC-IP-Address": response.remote,
            "WARC-Profile": IDENTICAL if modified else NOT_MODIFIED,
            "WARC-Refers-To": before.record,
            "WARC-Refers-To-Target-URI": uri(response.final_url),
            "WARC-Refers-To-Date": before.date,
            "WARC-Payload-Digest": before.digest,
        },
    )
    return Group(members=(packed,), main=0, digest=before.digest)


def _exchange(
    kind: str, response: Response, wire: Wire, told: dict[str, bytes], asked: str | None, *, name: str | None = None
) -> Group:
    name = name or new_id()
    date, url = stamp(response.fetched), uri(response.final_url)
    hops = [{"url": hop.url, "status": hop.status} for hop in response.hops]
    told = {**told, "fetch": _json({"asked": asked, "hops": hops})}
    digest = digest_of(wire.body)
    beside = {"WARC-Target-URI": url, "WARC-Concurrent-To": name}
    members = (
        member("metadata", _object(kind, told), date=date, content_type=JSON, more=_identified(beside)),
        member("request", wire.request, date=date, content_type=HTTP_REQUEST, more=_identified(beside)),
        member(
            "response",
            response_head(wire.status_line, response.headers) + wire.body,
            date=date,
            content_type=HTTP_RESPONSE,
            more={
                "WARC-Record-ID": name,
                "WARC-Target-URI": url,
                "WARC-IP-Address": response.remote,
                "WARC-Payload-Digest": digest,
            },
        ),
    )
    return Group(members=members, main=2, digest=digest)


def _alone(kind: str, content: Page | Skipped, told: dict[str, bytes]) -> Group:
    block = _object(kind, told)
    packed = member(
        "metadata",
        block,
        date=stamp(content.origin.fetched or datetime.now(UTC)),
        content_type=JSON,
        more=_identified({"WARC-Target-URI": uri(content.url or content.origin.feed)}),
    )
    return Group(members=(packed,), main=0, digest=digest_of(block))


def _identified(more: dict[str, str | None]) -> dict[str, str | None]:
    return {"WARC-Record-ID": new_id(), **more}


def _object(kind: str, told: dict[str, bytes]) -> bytes:
    """Return a JSON object of values that are JSON already."""
    parts = [b'"schema":%d' % SCHEMA, b'"kind":"%s"' % kind.encode()]
    return b"{" + b",".join([*parts, *(b'"%s":%s' % (name.encode(), value) for name, value in told.items())]) + b"}"


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _became(outcome: object) -> dict[str, str] | None:
    if isinstance(outcome, Record):
        return {"record": outcome.id}
    if isinstance(outcome, Skipped):
        return {"skipped": outcome.reason}
    return {"failed": outcome.step} if isinstance(outcome, Failed) else None
