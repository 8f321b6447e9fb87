"""What a schedule knows of a feed, what a poll can bring, and what an operator can set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The times of `[schedule]`, in seconds, under the same names; `docs/configuration.md` has their meaning.

    For a feed with an interval of its own, `dataclasses.replace(settings, interval_seconds=…)`.
    """

    interval_seconds: float = 900
    min_interval_seconds: float = 600
    max_interval_seconds: float = 86_400
    backoff_seconds: float = 60
    redirect_stable_seconds: float = 604_800
    unconditional_seconds: float = 691_200
    dead_after_errors: int = 30
    dead_interval_seconds: float = 604_800
    gone_confirm_seconds: float = 86_400
    gone_probe_seconds: float = 2_592_000


class ErrorClass(StrEnum):
    """Why a poll failed. The values are stored and are labels of metrics."""

    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    TLS = "tls"
    TIMEOUT = "timeout"
    SERVER = "server"
    """A 5xx answer."""
    THROTTLED = "throttled"
    """429, or 503 with Retry-After: the whole host wants a pause, which its queue sees to."""
    NOT_FOUND = "not_found"
    """404 and other 4xx answers; live feeds give them and come back."""
    BLOCKED = "blocked"
    """401, 403, a challenge for browsers: someone decided that we are not wanted."""
    GONE = "gone"
    REFUSED = "refused"
    """By us: a private address, robots.txt, a scheme that is not http or https."""
    REDIRECTS = "redirects"
    """A loop, or too many hops."""
    PROTOCOL = "protocol"
    """What HTTP does not allow, such as 304 to a request without validators."""
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    """A body that is cut short or not in the coding it claims."""
    NOT_A_FEED = "not_a_feed"
    CRASHED = "crashed"
    """The parser ran out of time or memory, or died."""


class Health(StrEnum):
    """Whether a feed is polled by its interval or only probed."""

    ACTIVE = "active"
    DEAD = "dead"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes a request conditional, byte for byte as the server gave it, and the one URL it may be sent to."""

    url: str
    etag: bytes | None = None
    last_modified: bytes | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """A permanent redirect that has not been written back yet."""

    target: str
    first_seen: float
    count: int = 1
    proven: bool = False
    """Whether the target gave a feed with entries of this feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is remembered of a feed between two polls. Times are Unix times, lengths are seconds."""

    url: str
    interval: float
    """Learned time between two polls; hints and jitter are not in it."""
    next_due: float
    validators: Validators | None = None
    body_hash: bytes | None = None
    """Of the last body that was parsed; None where that was only a part of one."""
    declared: float | None = None
    """Interval that the document asked for (`ttl`, `sy:`)."""
    max_age: float | None = None
    """Freshness lifetime of the last response."""
    errors: int = 0
    """In a row."""
    error: ErrorClass | None = None
    failing_since: float | None = None
    health: Health = Health.ACTIVE
    gone_since: float | None = None
    """First answer 410 that no success has followed."""
    redirect: Redirect | None = None
    last_success: float | None = None
    last_body: float | None = None
    """Last answer that was not a 304."""
    unmodified: int = 0
    """Answers 304 since then."""
    last_items: float | None = None
    """Last time that new entries came."""
    usual_gap: float | None = None
    """Running mean of the time between two polls that brought new entries; None until there were two."""
    entries: int = 0
    """In the last document that was parsed."""
    steady: int = 0
    """Successes in a row that were on time; one after an error is not."""
    parsed: int = 0
    """Documents with entries so far, after the first; with `missed` it makes the miss rate."""
    missed: int = 0
    """How many of those shared no entry with the one before: something scrolled off unseen."""
    lies: int = 0
    """Unconditional requests that proved a 304 wrong."""
    silent: bool = False
    """Far longer without news than usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a good response tells beside its body."""

    url: str
    """The final one, after redirects."""
    moved: str | None = None
    """The same where every hop on the way was permanent (301, 308), else None."""
    conditional: bool = True
    """Whether validators were sent to the final URL."""
    etag: bytes | None = None
    last_modified: bytes | None = None
    max_age: float | None = None
    """Freshness lifetime in seconds (`ingest.schedule.freshness`)."""


@dataclass(frozen=True, slots=True)
class NotModified:
    """304."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Same:
    """200 with the body of last time."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """200 with another body, parsed as a feed; it may have no entries at all."""

    answer: Answer
    body_hash: bytes | None
    """None where the document may be more than what came of it."""
    new: int
    """Entries that this feed never showed before."""
    known: int
    oldest_new: float | None = None
    """When the oldest of the new entries was published, if they tell."""
    declared: float | None = None
    """Interval that the document asks for: the longer one of `ttl` and `sy:`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No feed came."""

    error: ErrorClass
    retry_after: float | None = None
    """Seconds, of an answer that named them."""


@dataclass(frozen=True, slots=True)
class Gone:
    """410."""


Outcome = NotModified | Same | Items | Failure | Gone


class NoteKind(StrEnum):
    """What an operator should hear of. The values are labels of metrics."""

    MOVED = "moved"
    """The new address was written back; detail: the address."""
    MISSED = "missed"
    """Entries scrolled off between two polls."""
    LIED = "lied"
    """The server said 304 while there was news."""
    EMPTIED = "emptied"
    """A document without entries, where there were some."""
    DEGRADED = "degraded"
    """A document that breaks the rules of its format, ends in mid-air or holds too much was read as far as it goes."""
    SILENT = "silent"
    DIED = "died"
    """Failed too often, from now on only probed; detail: the error class."""
    GONE_ONCE = "gone_once"
    GONE = "gone"
    """410 was confirmed; from now on only probed."""
    DISCOVERED = "discovered"
    """The address is a web page's that names a feed, which is polled in its place; detail: the feed's address."""
    REVIVED = "revived"
    """A dead or gone feed answers again."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was noticed in a poll."""

    kind: NoteKind
    detail: str = ""
