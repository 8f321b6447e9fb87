"""Pages, articles and records with every field set to something plausible: a test overrides what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from processors.records import (
    ArchiveRef,
    Article,
    Copy,
    Evidence,
    Failed,
    Form,
    Hint,
    Mode,
    Origin,
    Page,
    Reason,
    Record,
    Removal,
    Revision,
    Skipped,
    Step,
    Story,
    TextSource,
    TopicTag,
)
from sinks.base import Item, Kind

SEOUL = timezone(timedelta(hours=9))
URL = "https://gazette.example.org/harbour/ferry"
TEXT = "The ferry to Pyongyang Street sails twice a day.\nTickets are sold on the pier."


def make_origin(**fields: Any) -> Origin:
    return Origin(
        **{
            "mode": Mode.REPLAY,
            "document_id": "ferry-1",
            "feed": "https://gazette.example.org/feed.xml",
            "fetched": datetime(2024, 5, 2, 3, 4, 5, 678_000, tzinfo=UTC),
            "archive": ArchiveRef(file="pages.warc.gz", offset=1234, digest="sha1:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        }
        | fields
    )


def make_hint(**fields: Any) -> Hint:
    return Hint(
        **{
            "title": "Ferry sails again",
            "summary": "Twice a day.",
            "authors": ("Ada Quill",),
            "published": datetime(2024, 5, 1, 8, 30, tzinfo=SEOUL),
            "modified": datetime(2024, 5, 1, 9, 0, tzinfo=SEOUL),
            "language": "en",
        }
        | fields
    )


def make_page(**fields: Any) -> Page:
    return Page(
        **{
            "form": Form.HTML,
            "body": b"<!doctype html><title>Ferry sails again</title><p>The ferry sails twice a day.</p>",
            "origin": make_origin(),
            "url": URL,
            "content_type": "text/html; charset=utf-8",
            "hint": make_hint(),
            "text_source": TextSource.PAGE,
            "attempt": 1,
        }
        | fields
    )


def make_article(**fields: Any) -> Article:
    evidence = Evidence(field="text", phrase="Pyongyang", start=13, end=22)
    return Article(
        **{
            "title": "Ferry sails again",
            "text": TEXT,
            "url": URL + "?utm_source=feed",
            "canonical_url": URL,
            "summary": "Twice a day.",
            "authors": ("Ada Quill", "Ben Inkwell"),
            "published": datetime(2024, 5, 1, 8, 30, tzinfo=SEOUL),
            "modified": datetime(2024, 5, 1, 9, 0, tzinfo=SEOUL),
            "language": "en",
            "site": "The Fictional Gazette",
            "image": "https://gazette.example.org/ferry.jpg",
            "image_caption": "The ferry at the pier.",
            "section": "Harbour",
            "paywalled": False,
            "topics": (TopicTag(topic="north-korea", score=0.25, evidence=(evidence,)),),
            "removed": (Removal(rule="newsletter", text="Sign up for our newsletter"),),
            "text_source": TextSource.PAGE,
            "provenance": {"title": "json-ld:headline", "published": "meta:article:published_time"},
        }
        | fields
    )


def make_record(**fields: Any) -> Record:
    return Record(
        **{
            "id": "0123456789abcdef0123456789abcdef",
            "article": make_article(),
            "origin": make_origin(),
            "fingerprint": {"newstap": "0.1.0", "extractor": "trafilatura 2.3.1", "profiles": None},
            "revision": Revision(
                n=2, of="a", previous="b", kind="minor", changed=("title", "text"), correction="A name was wrong."
            ),
            "dup": Copy(copy_of="fedcba9876543210fedcba9876543210", score=0.875, kind="near"),
            "story": Story(
                id="s1", score=0.5, size=3, first_seen=datetime(2024, 5, 1, tzinfo=UTC), method="shingles-1"
            ),
        }
        | fields
    )


def make_failed(**fields: Any) -> Failed:
    return Failed(
        **{
            "origin": make_origin(),
            "url": URL,
            "step": Step.EXTRACT,
            "error": "ParserError: Document is empty",
            "page": make_page(attempt=2),
            "attempt": 2,
        }
        | fields
    )


def make_skipped(**fields: Any) -> Skipped:
    return Skipped(
        **{"origin": make_origin(), "url": URL, "reason": Reason.NO_TEXT, "detail": "43 characters of text"} | fields
    )


def make_item(**fields: Any) -> Item:
    return Item(**{"seq": 0, "kind": Kind.RECORD, "key": "k", "body": b'{"schema":1}'} | fields)
