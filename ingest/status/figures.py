"""What is told; `dataclasses.asdict` of the whole is what `--json` prints. Times are Unix times, lengths seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.alarms import Alarm
from ingest.owners import Here


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The process that owns the state."""

    pid: int | None = None
    """None: none does. 0: one that has not said which it is yet."""
    health: str | None = None
    """`ok`, `degraded` or `down`, as `/healthz` says; None where it was not asked."""
    ready: bool | None = None
    uptime_seconds: float | None = None
    parts: dict[str, str] = field(default_factory=dict)
    """Why those parts fail that do."""
    problem: str | None = None
    """Why its health is not known, though it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """How many feeds are in which state; each is counted once, but for those that are overdue."""

    total: int = 0
    healthy: int = 0
    failing: int = 0
    paused: int = 0
    dead: int = 0
    """Or gone: only probed now and then."""
    never_polled: int = 0
    overdue: int = 0
    next_due: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """How far a sink is."""

    name: str
    position: int
    """The number of the last item that it has."""
    waiting: int
    """Items that it does not have yet."""
    oldest: float | None
    """When the first of those that tell it was fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The group of `newstap work` or of `newstap link`, where Kafka is configured."""

    group: str
    lag: int | None = None
    """Messages that none of it has committed; None where there never was one, or Kafka did not tell."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetchers:
    """The group of fetchers that share out feeds, where `[fetch] group` names one."""

    group: str
    owned: dict[str, int] = field(default_factory=dict)
    """How many partitions each has, by its name."""
    unowned: int = 0
    """Partitions that nobody has."""
    settled: bool = True
    """Whether the group is sure: while it shares out anew it counts nothing as anybody's."""
    lag: int | None = None
    """Requests for pages since the oldest that none has settled, with what marks their end; None where there never
    was one."""
    problem: str | None = None
    here: tuple[Here, ...] = ()
    """What those have that run on this state folder, or have run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All of it."""

    state: str
    """The folder."""
    exists: bool
    """Whether a service has run on it."""
    service: Service
    feeds: Feeds
    entries_waiting: int = 0
    outbox: int = 0
    """Items that some sink does not have yet."""
    sinks: tuple[Sink, ...] = ()
    records: int = 0
    articles_hour: int = 0
    """Articles of which a record came in the last hour, and in the last day."""
    articles_day: int = 0
    skipped: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    """By step."""
    workers: Workers | None = None
    link: Workers | None = None
    fetchers: Fetchers | None = None
    profiles: int = 0
    """Sites of which anything was learned."""
    archive_bytes: int | None = None
    alarms: tuple[Alarm, ...] = ()
    """Those that stand, the oldest first."""
    attention: tuple[str, ...] = ()
    """What somebody should look at."""
