"""The types everything else speaks: Page → Article → Record, or a Skipped or Failed outcome.

All are frozen; change one with `dataclasses.replace`. All times are aware datetimes (`aware` refuses naive ones),
because the wire format writes a naive time without a zone in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import UnionType

SCHEMA = 1
"""Version of the record layout. Changes within a version only add."""
_MINUTE = timedelta(minutes=1)


class Mode(StrEnum):
    """Which wiring made a record (`origin.mode`)."""

    RUN = "run"
    REPLAY = "replay"
    WORK = "work"


class TextSource(StrEnum):
    """Where a record's text came from (`text_source`)."""

    PAGE = "page"
    FEED = "feed"
    ARCHIVE = "archive"


class Form(StrEnum):
    """What a page's body is, and so how it is read."""

    HTML = "html"
    """A web page, bytes as received."""
    CARRIED = "carried"
    """What a feed entry carries: the article's own markup, or text as HTML, in UTF-8, without a page around it."""
    COPIED = "copied"
    """UTF-8 text as copied from a page: title first, then perhaps dek, byline, date line, caption, text, footer."""
    GIVEN = "given"
    """UTF-8 text of the article itself: no search for a title, no page gate, no minimum length."""
    LINE = "line"
    """One JSON document of an archive, not decoded yet: what it holds decides how it is read."""


class Reason(StrEnum):
    """Why a document was skipped. Closed: every value is documented in `docs/records.md`."""

    BACKLOG = "backlog"
    """Was in the feed at first contact, and `first_fetch` is "new"."""
    BOT_CHALLENGE = "bot-challenge"
    CONSENT_WALL = "consent-wall"
    DUPLICATE = "duplicate"
    EMPTY = "empty"
    FILTERED = "filtered"
    GONE = "gone"
    """The page of an article that was published is no longer there."""
    HTTP_STATUS = "http-status"
    INDEX_PAGE = "index-page"
    NO_TEXT = "no-text"
    NOT_HTML = "not-html"
    OTHER_ARTICLE = "other-article"
    """The page of an article that was published holds another one now."""
    PAYWALL = "paywall"
    RESERVED = "reserved"
    """The publisher reserves text and data mining, and the operator leaves such documents out."""
    RETRACTED = "retracted"
    """The article was taken down by the operator."""
    REVISIT = "revisit"
    ROBOTS = "robots"
    SOFT_404 = "soft-404"
    TOO_LARGE = "too-large"
    UNCHANGED = "unchanged"
    """A new state of an article that differs from the last one in nothing that is read."""
    UNREACHABLE = "unreachable"
    """The page could not be fetched."""
    VIDEO_PAGE = "video-page"


class Step(StrEnum):
    """Where a document failed (`step` of a dead letter). Closed, and documented, as `Reason` is."""

    READ = "read"
    """The archive, the line or the HTTP message could not be read."""
    EXTRACT = "extract"
    """Extraction raised, ran over its time or memory limit, or its worker process died."""
    PROCESS = "process"
    """A processor of the chain raised; the error names it."""
    DELIVER = "deliver"
    """A sink refused this one record for good; the error names the sink."""


def aware(value: datetime | None) -> datetime | None:
    """Return the time unchanged.

    Raises:
        ValueError: the time has no zone.
    """
    if value is not None and value.utcoffset() is None:
        raise ValueError(f"time without a zone: {value.isoformat()!r}; give it an offset")
    return value


def writable(value: datetime) -> datetime:
    """Return the same instant with an offset of whole minutes, which is all that RFC 3339 can write.

    Raises:
        ValueError: the instant is outside the calendar in UTC.
    """
    offset = value.utcoffset()
    if offset is None or not offset % _MINUTE:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"time out of range: {value.isoformat()!r}") from error


def fraction(value: float) -> float:
    """Return the score unchanged.

    Raises:
        ValueError: not from 0 to 1; NaN, which JSON cannot say, is neither.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"a score must be from 0 to 1, not {value!r}")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRef:
    """Where in an archive a document lies."""

    file: str
    offset: int
    """Bytes from the start of the file; of the decompressed text where the compression has no members to seek to."""
    digest: str | None = None
    """`sha1:BASE32` or `sha256:HEX` of the payload, as the archive or we computed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a document reached us. The only part of a record that may differ between a live run and its replay."""

    mode: Mode
    document_id: str | None = None
    feed: str | None = None
    fetched: datetime | None = None
    archive: ArchiveRef | None = None
    fallback: Reason | None = None
    """Why the text is the feed's and not the page's, where the page was meant to be read."""
    reserved: tuple[str, ...] = ()
    """What reserves the document against text and data mining: `tdm-reservation`, `tdm-policy=URL`, `noai`,
    `noimageai`, `robots:gptbot` ..."""

    def __post_init__(self) -> None:
        aware(self.fetched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What the feed entry or the archive's line said about a document, used where the page itself is silent."""

    title: str | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    content: str | None = field(default=None, repr=False)
    """HTML that the feed entry carries, which may be no more than its description."""
    url: str | None = None
    """The entry's link, as it was asked for."""

    def __post_init__(self) -> None:
        aware(self.published)
        aware(self.modified)


NO_HINT = Hint()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One fetched or archived document, as bytes; decoded in one place only, by extraction."""

    form: Form
    body: bytes = field(repr=False)
    origin: Origin
    url: str | None = None
    """The final URL, after redirects."""
    content_type: str | None = None
    """The HTTP header's value, whole, as received."""
    hint: Hint = NO_HINT
    text_source: TextSource = TextSource.PAGE
    attempt: int = 1
    """Counts up each time a dead letter is replayed."""
    as_of: str | None = field(default=None, repr=False)
    """The `fingerprint` of when it was read before, as JSON, where it is to be read so again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something a boilerplate rule took out of the extracted text, verbatim."""

    rule: str
    text: str
    seen: int | None = None
    """Of a learned line: on how many articles of its site it had been by then."""
    since: datetime | None = None
    """And when the first of them was published."""

    def __post_init__(self) -> None:
        aware(self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A phrase that counted for a topic: `getattr(record, field)[start:end] == phrase` (Python string offsets)."""

    field: str
    phrase: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTag:
    """A topic a document is about, with a score from 0 to 1 and the phrases that gave it."""

    topic: str
    score: float
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        fraction(self.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Clean text and metadata: what extraction makes and processors refine.

    Types are checked here too, not by mypy alone: a processor of a user's own is told at its `replace` what is wrong.
    """

    title: str
    text: str = field(repr=False)
    url: str | None = None
    canonical_url: str | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    site: str | None = None
    image: str | None = None
    image_caption: str | None = None
    section: str | None = None
    paywalled: bool | None = None
    """Whether the page says of itself that it is not free to read; None where it says nothing."""
    wire: str | None = None
    """The news agency that it credits."""
    topics: tuple[TopicTag, ...] = ()
    removed: tuple[Removal, ...] = field(default=(), repr=False)
    text_source: TextSource = TextSource.PAGE
    provenance: dict[str, str] = field(default_factory=dict, repr=False)
    """Where values come from, by field: of those that extraction found, as it found them."""

    def __post_init__(self) -> None:
        aware(self.published)
        aware(self.modified)
        for name in ("title", "text"):
            _check(name, getattr(self, name), str)
        texts = ("url", "canonical_url", "summary", "language", "site", "image", "image_caption", "section", "wire")
        for name in texts:
            _check(name, getattr(self, name), str | None)
        _check("paywalled", self.paywalled, bool | None)
        _check("provenance", self.provenance, dict)
        for name, source in self.provenance.items():
            _check(f"provenance of {name!r}", source, str)
        for name, of in (("authors", str), ("topics", TopicTag), ("removed", Removal)):
            _check(name, getattr(self, name), tuple)
            for item in getattr(self, name):
                _check(f"each of {name}", item, of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A sentence as it was and as it is; one of them empty where it came or went."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Which state of an article this is. `n` counts from 1; the rest is null where no earlier state is known."""

    n: int = 1
    of: str | None = None
    """The first state that was seen, as ID/N."""
    previous: str | None = None
    """The one that this one was compared with."""
    kind: str | None = None
    """`class` on the wire: minor or substantive."""
    changed: tuple[str, ...] | None = None
    """Names of fields."""
    correction: str | None = None
    """The sentence that says it was corrected."""
    numbers: tuple[tuple[str, str], ...] | None = None
    """Numbers as they were and as they are; one of them empty where there was none."""
    diff: tuple[Edit, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """`dup` on the wire: the earliest record this one is a copy of."""

    copy_of: str
    score: float
    kind: str

    def __post_init__(self) -> None:
        fraction(self.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The event a record belongs to."""

    id: str
    score: float
    size: int
    first_seen: datetime
    method: str
    merged: str | None = None
    """A story that this record showed to be the same one; it gets no more members."""

    def __post_init__(self) -> None:
        fraction(self.score)
        aware(self.first_seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is published: an article with its key, provenance and place among its revisions and copies."""

    id: str
    article: Article
    origin: Origin
    fingerprint: dict[str, str | None]
    revision: Revision = Revision()
    dup: Copy | None = None
    story: Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A document that was left out on purpose, with its reason."""

    origin: Origin
    url: str | None
    reason: Reason
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A document that could not be finished: a dead letter. Holds its input, so that it can be replayed."""

    origin: Origin
    url: str | None
    step: Step
    error: str
    page: Page | None = None
    """None where no document can be held, as with an unreadable archive; `origin.archive` then points at the place."""
    attempt: int = 1


Outcome = Record | Skipped | Failed


def _check(name: str, value: object, wanted: type | UnionType) -> None:
    if not isinstance(value, wanted):
        kind = wanted.__name__ if isinstance(wanted, type) else wanted
        raise TypeError(f"{name} must be {kind}, not {type(value).__name__}")
