"""What stands in a parsed line, as parts of records; what is of a wrong type raises, as in `sinks.fields`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from processors.records import (
    ArchiveRef,
    Article,
    Copy,
    Edit,
    Evidence,
    Hint,
    Mode,
    Origin,
    Reason,
    Removal,
    Revision,
    Story,
    TextSource,
    TopicTag,
    writable,
)
from sinks.fields import by_name, count, moment, text, text_or_none, texts


def hint_of(row: dict[str, Any]) -> Hint:
    """Return what a feed or a line said of a document."""
    return Hint(
        title=text_or_none(row, "title"),
        summary=text_or_none(row, "summary"),
        authors=texts(row, "authors"),
        published=moment(row.get("published")),
        modified=moment(row.get("modified")),
        language=text_or_none(row, "language"),
        content=text_or_none(row, "content"),
        url=text_or_none(row, "url"),
    )


def article_of(row: dict[str, Any]) -> Article:
    """Return the article of a record."""
    return Article(
        title=text(row, "title"),
        text=text(row, "text"),
        url=row.get("url"),
        canonical_url=row.get("canonical_url"),
        summary=row.get("summary"),
        authors=texts(row, "authors"),
        published=moment(row.get("published")),
        modified=moment(row.get("modified")),
        language=row.get("language"),
        site=row.get("site"),
        image=row.get("image"),
        image_caption=row.get("image_caption"),
        section=row.get("section"),
        paywalled=row.get("paywalled"),
        wire=row.get("wire"),
        topics=tuple(_topic(tag) for tag in row.get("topics") or ()),
        removed=tuple(_removal(cut) for cut in row.get("removed") or ()),
        text_source=TextSource(row.get("text_source", TextSource.PAGE)),
        provenance=by_name(row, "provenance", text),
    )


def _removal(row: dict[str, Any]) -> Removal:
    seen = None if row.get("seen") is None else count(row, "seen")
    return Removal(rule=text(row, "rule"), text=text(row, "text"), seen=seen, since=moment(row.get("since")))


def _topic(row: dict[str, Any]) -> TopicTag:
    evidence = tuple(
        Evidence(field=text(e, "field"), phrase=text(e, "phrase"), start=count(e, "start"), end=count(e, "end"))
        for e in row.get("evidence") or ()
    )
    return TopicTag(topic=text(row, "topic"), score=float(row["score"]), evidence=evidence)


def revision_of(row: dict[str, Any]) -> Revision:
    """Return which state of an article it is."""
    return Revision(
        n=count(row, "n", 1),
        of=text_or_none(row, "of"),
        previous=text_or_none(row, "previous"),
        kind=text_or_none(row, "class"),
        changed=None if row.get("changed") is None else texts(row, "changed"),
        correction=text_or_none(row, "correction"),
        numbers=None if row.get("numbers") is None else tuple(_pair(one) for one in row["numbers"]),
        diff=None if row.get("diff") is None else tuple(_edit(one) for one in row["diff"]),
    )


def _pair(values: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever the line holds
    old, new = texts({"pair": values}, "pair")
    return old, new


def _edit(row: dict[str, Any]) -> Edit:
    return Edit(old=text(row, "old"), new=text(row, "new"))


def copy_of(row: dict[str, Any]) -> Copy:
    """Return what a record is a copy of."""
    return Copy(copy_of=text(row, "copy_of"), score=float(row["score"]), kind=text(row, "kind"))


def story_of(row: dict[str, Any]) -> Story:
    """Return the event that a record belongs to."""
    return Story(
        id=text(row, "id"),
        score=float(row["score"]),
        size=count(row, "size", 1),
        first_seen=writable(datetime.fromisoformat(text(row, "first_seen"))),
        method=text(row, "method"),
        merged=text_or_none(row, "merged"),
    )


def origin_of(row: dict[str, Any]) -> Origin:
    """Return how a document reached us."""
    return Origin(
        mode=Mode(row["mode"]),
        document_id=text_or_none(row, "document_id"),
        feed=text_or_none(row, "feed"),
        fetched=moment(row.get("fetched")),
        archive=_archive(row["archive"]) if row.get("archive") else None,
        fallback=Reason(row["fallback"]) if row.get("fallback") is not None else None,
        reserved=texts(row, "reserved"),
    )


def _archive(row: dict[str, Any]) -> ArchiveRef:
    return ArchiveRef(file=text(row, "file"), offset=count(row, "offset"), digest=text_or_none(row, "digest"))
