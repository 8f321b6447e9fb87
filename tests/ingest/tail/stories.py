"""Lines of records that are of stories."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from processors.records import Copy, Story
from sinks.codec import decode_record, encode_record
from tests.ingest.tail.test_tail import line


def of_story(n: int, story: str | None, *, merged: str | None = None, copy_of: str | None = None, **more: Any) -> bytes:
    """A record's line, `n` hours old."""
    seen = datetime(2026, 5, 1, tzinfo=UTC)
    told = None if story is None else Story(id=story, score=1, size=2, first_seen=seen, method="s1", merged=merged)
    dup = None if copy_of is None else Copy(copy_of=copy_of, score=1, kind="exact")
    return encode_record(replace(decode_record(line(n, **more)), story=told, dup=dup))
