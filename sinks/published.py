"""A record as those who read it see it: the fields of `record.v1.json`, flat, in the documented order.

Inside, a record is an article in an envelope (`processors.records.Record`); on the wire it is one object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from processors.records import SCHEMA
from sinks.codec import decode_record

if TYPE_CHECKING:
    from datetime import datetime

    from processors.records import Copy, Origin, Removal, Revision, Story, TextSource, TopicTag


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRecord:
    """One article; docs/records.md says what each field means, `newstap schema record.v1` prints the JSON Schema.

    Names and values are those of the JSON, but for `revision.kind`, which is `revision.class` there, and times, which
    are `datetime` with the offset that was published. For each piece of evidence of a topic,
    `getattr(record, evidence.field)[evidence.start : evidence.end] == evidence.phrase`.
    """

    schema: int
    id: str
    url: str | None
    canonical_url: str | None
    title: str
    text: str = field(repr=False)
    summary: str | None
    authors: tuple[str, ...]
    published: datetime | None
    modified: datetime | None
    language: str | None
    site: str | None
    image: str | None
    image_caption: str | None
    section: str | None
    paywalled: bool | None
    wire: str | None
    topics: tuple[TopicTag, ...]
    removed: tuple[Removal, ...] = field(repr=False)
    text_source: TextSource
    provenance: dict[str, str] = field(repr=False)
    revision: Revision
    dup: Copy | None
    story: Story | None
    origin: Origin
    fingerprint: dict[str, str | None]

    @property
    def event(self) -> tuple[str, int]:
        """What makes it the one and only: `id` and `revision.n`, each pair of which is published once."""
        return self.id, self.revision.n


def published(body: bytes) -> PublishedRecord:
    """Read one record, a message's value or a line of a file; fields that are not known are passed over.

    Raises:
        CodecError: not a record of schema 1.
    """
    record = decode_record(body)
    article = {name: getattr(record.article, name) for name in record.article.__dataclass_fields__}
    return PublishedRecord(
        schema=SCHEMA,
        id=record.id,
        revision=record.revision,
        dup=record.dup,
        story=record.story,
        origin=record.origin,
        fingerprint=record.fingerprint,
        **article,
    )
