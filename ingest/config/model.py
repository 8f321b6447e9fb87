"""Every key of the configuration file: its type, what it takes, its default and its meaning.

This is the one place where a key is defined: reading, checking and `docs/configuration.md` follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from ingest.config.destinations import EMBEDDED, Sinks
from ingest.config.kinds import Choice, Flag, Many, Place, Seconds, Text, Whole
from ingest.config.network import Headers, Network, WebUrl, web_url
from ingest.config.operating import ALARMS, DASHBOARD, LOGGING, Alarms, Dashboard, Logging
from ingest.config.options import Options, Zone
from ingest.config.problems import Problem
from ingest.config.sections import Clash, Section, Table, Tables, keys_of, sections_in
from ingest.secret import Secret

BYTES = Whole(1, 2**40)
TOPIC = Text(  # it becomes part of a Kafka topic's name, which has 249 characters at most
    pattern=r"(?=.{1,100}\Z)[a-z0-9]+(-[a-z0-9]+)*",
    label="topic name",
    right='give small letters, digits and single hyphens, 100 at most, as in "north-korea"',
)
LANGUAGE = Text(  # the well-formed language tags of RFC 5646, 2.1, without the grandfathered ones
    pattern=r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*",
    label="language tag (BCP 47)",
    right='give a language tag, as in "en" or "pt-BR"',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Section):
    """Where the service keeps what it knows."""

    path: Annotated[Path, Place(), "Folder of the SQLite state, the outbox and the site profiles."] = Path("var/state")
    remember_days: Annotated[
        int,
        Whole(1, 36_500),
        "How long it is remembered which links, articles and revisions were delivered, after they were last seen.",
    ] = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Section):
    """When feeds are polled."""

    interval_seconds: Annotated[
        float, Seconds(), "First guess of the time between two polls of a feed; afterwards it is learned."
    ] = 900
    min_interval_seconds: Annotated[float, Seconds(zero=True), "Never sooner, whatever a server hints."] = 600
    max_interval_seconds: Annotated[
        float, Seconds(), "Never later, whatever a server hints; feeds that are dead or gone excepted."
    ] = 86_400
    backoff_seconds: Annotated[float, Seconds(), "First wait after an error; grows up to `max_interval_seconds`."] = 60
    redirect_stable_seconds: Annotated[
        float, Seconds(zero=True), "How long a permanent redirect must hold before the new address is kept."
    ] = 604_800
    unconditional_seconds: Annotated[
        float, Seconds(zero=True), "After so long of 304 only, one request without validators: a 304 can lie."
    ] = 691_200
    dead_after_errors: Annotated[
        int, Whole(1, 1_000_000), "Errors in a row after which a feed counts as dead: reported, and polled rarely."
    ] = 30
    dead_interval_seconds: Annotated[float, Seconds(), "Time between two polls of a dead feed."] = 604_800
    gone_confirm_seconds: Annotated[
        float, Seconds(zero=True), "A second answer 410 after at least this time: the feed is gone."
    ] = 86_400
    gone_probe_seconds: Annotated[float, Seconds(), "Time between two looks at a feed that is gone."] = 2_592_000
    first_fetch: Annotated[
        str, Choice(("all", "new")), "At first contact, take a feed's whole backlog, or only what is new from then on."
    ] = "all"

    def clashes(self) -> Iterator[Clash]:
        """See `Section`."""
        if self.min_interval_seconds > self.max_interval_seconds:
            yield Clash(
                ("min_interval_seconds", "max_interval_seconds"),
                f"{self.min_interval_seconds} is more than max_interval_seconds, {self.max_interval_seconds}",
                "lower it, or raise max_interval_seconds",
            )

    def outside(self, key: str, seconds: float) -> Iterator[Clash]:
        """Tell that an interval is outside the bounds, which win."""
        if not self.min_interval_seconds <= seconds <= self.max_interval_seconds:
            yield Clash(
                (key,),
                f"{seconds} is outside {self.min_interval_seconds} to {self.max_interval_seconds}, which win",
                "set min_interval_seconds and max_interval_seconds of [schedule] to match",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Section):
    """How feeds, robots.txt and article pages are fetched."""

    user_agent: Annotated[
        str,
        Text(pattern="[ -~]+", label="line of printable ASCII", right='as in "newstap/VERSION (+https://example.org)"'),
        "Sent with every request; the word `VERSION` in it becomes newstap's version. Name a contact, a web or mail"
        " address; without one there is a warning.",
    ] = "newstap/VERSION"
    timeout_seconds: Annotated[float, Seconds(), "For a whole request, from connecting to the last byte."] = 30
    host_delay_seconds: Annotated[
        float,
        Seconds(zero=True),
        "Between the starts of two requests to one host (name and port), feeds, robots.txt and pages together.",
    ] = 1.0
    host_connections: Annotated[int, Whole(1, 1000), "Connections to one host at a time."] = 2
    robots_ttl_seconds: Annotated[float, Seconds(zero=True), "How long a robots.txt is believed."] = 86_400
    max_feed_bytes: Annotated[int, BYTES, "Largest feed that is read, after decompression."] = 10_000_000
    max_page_bytes: Annotated[int, BYTES, "Largest page that is read, after decompression."] = 5_000_000
    allow_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Many(of=Network()),
        'Private networks, and any port in them, that may be reached, as in `["127.0.0.0/8"]`.',
    ] = ()
    pages: Annotated[bool, Flag(), "Fetch article pages; if false, take what the feed carries."] = True
    robots_for_feeds: Annotated[
        bool,
        Flag(),
        "Obey robots.txt for feeds too. You named them, and feeds are published to be polled; pages always obey it.",
    ] = False
    reserved: Annotated[
        str,
        Choice(("record", "skip")),
        "What to do with pages that are reserved against text and data mining (`tdm-reservation`, `noai`, robots.txt"
        " groups of AI crawlers): note it in the record's `origin.reserved`, or skip them as `reserved`.",
    ] = "record"
    group: Annotated[
        str | None,
        Text(pattern="[A-Za-z0-9._-]{1,100}", label="name of a group", right='letters, digits, ".", "_" and "-"'),
        "Share out the feeds in Kafka with every `newstap fetch` of this group; `newstap feeds` then changes those."
        " Without it this machine has its feeds to itself.",
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Section):
    """A feed to poll. One table for each."""

    url: Annotated[str, WebUrl(), "Where the feed is."]
    name: Annotated[str | None, Text(), "What to call it in lists and logs; by default its own title."] = None
    interval_seconds: Annotated[float | None, Seconds(), "As in `[schedule]`, for this feed."] = None
    pages: Annotated[bool | None, Flag(), "As in `[fetch]`, for this feed."] = None
    language: Annotated[str | None, LANGUAGE, "Language of its articles where they do not tell it themselves."] = None
    zone: Annotated[str | None, Zone(), "Time zone of dates that come without one."] = None
    tags: Annotated[tuple[str, ...], Many(of=Text()), "Words of your own to find it by."] = ()
    headers: Annotated[
        Mapping[str, Secret],
        Headers(),
        "Request headers for this feed. Values refer to environment variables,"
        ' as in `{ Authorization = "Bearer ${FEED_TOKEN}" }`; only `Accept` and `Accept-Language` need not.',
    ] = field(default_factory=dict)

    def identity(self) -> tuple[str, object]:
        """See `Section`; capitals of the host, the usual port and the fragment make no difference."""
        parts = web_url(self.url)
        usual = {"http": 80, "https": 443}[parts.scheme]
        return "url", (parts.scheme, parts.hostname, parts.port or usual, parts.path or "/", parts.query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics(Section):
    """What records are tagged with."""

    enabled: Annotated[tuple[str, ...], Many(of=TOPIC), "Topics to look for, by name."] = (
        "north-korea",
        "russia",
        "china",
    )
    paths: Annotated[
        tuple[Path, ...], Many(of=Place(exists=True)), "Definitions of your own: TOML files, or folders of them."
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles(Section):
    """What is learned about sites."""

    refresh_seconds: Annotated[float, Seconds(), "How often a running service takes up what it learned."] = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories(Section):
    """Copies, revisions and stories."""

    enabled: Annotated[
        bool,
        Flag(),
        "Tell what a record is a copy of, what it changes, and which story it is of. Where `newstap work` makes the"
        " records, `newstap link` does so, and publishes them.",
    ] = True
    remember_days: Annotated[
        int,
        Whole(1, 36_500),
        "How many days of record time an article's last state is kept, some 1 kB, to tell what the next one changes.",
    ] = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisits(Section):
    """Later looks at the pages of articles: changes are revisions, and pages that are gone are told of."""

    after_seconds: Annotated[
        tuple[float, ...],
        Many(of=Seconds()),
        "When the page of an article is asked for again, counted from its first record, as in `[3600, 14400, 86400,"
        " 259200]`; each is one more request to the site, so by default there is none. `newstap run` alone does so.",
    ] = ()
    gone_confirm_seconds: Annotated[
        float,
        Seconds(zero=True),
        "A second answer 404 or 410 after at least this time: the article is gone, and gets a tombstone.",
    ] = 86_400
    max_articles: Annotated[
        int, Whole(1, 10_000_000), "So many wait for a visit, some 2 kB each; of more, those with the farthest leave."
    ] = 50_000

    def clashes(self) -> Iterator[Clash]:
        """See `Section`."""
        if list(self.after_seconds) != sorted(self.after_seconds):
            yield Clash(("after_seconds",), "does not rise", "put the shortest time first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction(Section):
    """The worker processes that turn pages into articles."""

    workers: Annotated[int, Whole(0, 1024), "Worker processes; 0 for one for each core."] = 0
    worker_timeout_seconds: Annotated[
        float,
        Seconds(),
        "A document that takes longer becomes a dead letter, and its worker is replaced. A feed that takes longer, or"
        " more than 10 s, counts as an error of that feed.",
    ] = 10
    worker_memory_mb: Annotated[
        int,
        Whole(64, 2**20),
        "A worker that needs more than it began with and this is replaced; its document becomes a dead letter.",
    ] = 700
    rules: Annotated[
        tuple[Path, ...], Many(of=Place(exists=True)), "Boilerplate rules of your own, beside those that come along."
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorUse(Section):
    """A processor of your own, called for every article after extraction; several are called in their order."""

    use: Annotated[
        str,
        Text(
            pattern=r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*",
            label='"package.module:Name"',
            right='give the module and the name in it, as in "my_steps:DropShort"',
        ),
        "What to import and call with the options. It is looked for where Python looks, and at last in the folder of"
        " the configuration file.",
    ]
    options: Annotated[
        Mapping[str, object], Options(), "Its keyword arguments; no secrets, because they would stand in the file."
    ] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(Section):
    """Pages as they were fetched, in WARC. Without this section nothing is archived."""

    path: Annotated[Path, Place(), "Folder of the archive."] = Path("var/archive")
    rotate_bytes: Annotated[int, Whole(1, 2**40), "A file of this size is finished, and the next one begun."] = (
        268_435_456
    )
    rotate_seconds: Annotated[float, Seconds(), "A file of this age is finished, and the next one begun."] = 86_400
    feeds: Annotated[
        str,
        Choice(("all", "changed", "none")),
        "Which polls are kept: all of them, an unchanged document as a short reference; those that brought another"
        " document than before; or none.",
    ] = "all"
    keep_days: Annotated[
        int, Whole(1, 36_500, special=-1), "Finished files older than this are deleted; -1: however old."
    ] = -1
    keep_bytes: Annotated[
        int,
        Whole(1, 2**50, special=-1),
        "The oldest finished files are deleted while all files together are larger; -1: however large.",
    ] = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Section):
    """A whole configuration, checked."""

    state: Annotated[State, Table(State), ""] = State()
    schedule: Annotated[Schedule, Table(Schedule), ""] = Schedule()
    fetch: Annotated[Fetch, Table(Fetch), ""] = Fetch()
    feeds: Annotated[tuple[Feed, ...], Tables(Feed), ""] = ()
    topics: Annotated[Topics, Table(Topics), ""] = Topics()
    profiles: Annotated[Profiles, Table(Profiles), ""] = Profiles()
    stories: Annotated[Stories, Table(Stories), ""] = Stories()
    revisits: Annotated[Revisits, Table(Revisits), ""] = Revisits()
    extraction: Annotated[Extraction, Table(Extraction), ""] = Extraction()
    processors: Annotated[tuple[ProcessorUse, ...], Tables(ProcessorUse), ""] = ()
    sinks: Annotated[Sinks, Table(Sinks), ""] = EMBEDDED
    archive: Annotated[Archive | None, Table(Archive), ""] = None
    alarms: Annotated[Alarms, Table(Alarms), ""] = ALARMS
    dashboard: Annotated[Dashboard, Table(Dashboard), ""] = DASHBOARD
    logging: Annotated[Logging, Table(Logging), ""] = LOGGING
    file: Path | None = None
    """The file it was read from, as it was named."""
    given: frozenset[str] = frozenset()
    """The tables and keys that stand in the file, as in `dashboard` and `dashboard.listen`; the rest are defaults."""
    warnings: tuple[Problem, ...] = ()
    """What is legal but probably not meant."""

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        return Path() if self.file is None else self.file.parent

    @property
    def tells_alarms(self) -> bool:
        """Whether alarms go to Kafka."""
        return self.alarms.kafka and self.sinks.kafka is not None

    def clashes(self) -> Iterator[Clash]:
        """See `Section`."""
        if self.alarms.kafka and self.sinks.kafka is None:
            yield Clash(
                ("alarms", "sinks"),
                "kafka is true, but there is no [sinks.kafka] for alarms to go to",
                "add one, or leave kafka out",
            )

    def secrets(self) -> tuple[str, ...]:
        """Return every secret in clear, for `ingest.logs.setup` to mask."""
        found: list[object] = []
        for _, section in sections_in(self):
            for name in keys_of(type(section)):
                value = getattr(section, name)
                found += value.values() if isinstance(value, dict) else [value]
        return tuple(word for secret in found if isinstance(secret, Secret) for word in secret.words())

    def cautions(self) -> Iterator[Clash]:
        """See `Section`."""
        contact = ("@", "://", "www.")
        if self.feeds and not any(sign in self.fetch.user_agent for sign in contact):
            yield Clash(
                ("fetch.user_agent",),
                "names no contact, so that a site in trouble can only block it",
                'add one, as in "newstap/VERSION (+https://example.org/contact)"',
            )
        if "schedule.interval_seconds" in self.given:
            yield from self.schedule.outside("schedule.interval_seconds", self.schedule.interval_seconds)
        for index, feed in enumerate(self.feeds):
            if feed.interval_seconds is not None:
                yield from self.schedule.outside(f"feeds[{index}].interval_seconds", feed.interval_seconds)
