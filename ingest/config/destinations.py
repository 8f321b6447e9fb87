"""The keys of `[sinks]`: where records go. See `ingest.config.model` for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ingest.config.kinds import Choice, Flag, Place, Seconds, Text, Whole
from ingest.config.network import Brokers, Credential, WebUrl
from ingest.config.sections import Clash, Section, Table
from ingest.secret import Secret

_PASSWORD = ("sasl_username", "sasl_password")
_TOKEN = ("sasl_oauth_url", "sasl_oauth_scope", "sasl_oauth_token_file")
PREFIX = Text(  # of the 249 characters of a Kafka topic's name, what follows the prefix needs its share
    pattern=r"(?!\.)[a-zA-Z0-9._-]{1,100}(?<!\.)",
    label="start of a Kafka topic name",
    right='give letters, digits, ".", "_" or "-", 100 at most, without a dot at either end',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSink(Section):
    """Files of JSON lines. Without a configuration, or without `[sinks]` in it, this is where records go."""

    path: Annotated[Path, Place(), "Folder that gets `records/`, `dead-letters/` and `skipped/`."] = Path("var/out")
    compression: Annotated[str, Choice(("none", "gzip", "zstd")), "How finished files are compressed."] = "none"
    rotate_bytes: Annotated[int, Whole(1, 2**40), "A file of this size is finished, and the next one begun."] = (
        134_217_728
    )
    rotate_seconds: Annotated[float, Seconds(), "A file of this age is finished, and the next one begun."] = 3600
    fsync: Annotated[
        str,
        Choice(("batch", "off")),
        "Make each batch durable on the disk, or leave that to the operating system: faster, but after a power cut"
        " the last records may be lost.",
    ] = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSink(Section):
    """Kafka topics. Without this section there is no Kafka."""

    bootstrap: Annotated[
        str, Brokers(), "The first brokers to ask; `NEWSTAP_KAFKA_BOOTSTRAP` in the environment overrides it."
    ] = "127.0.0.1:9092"
    delivery: Annotated[
        str, Choice(("exactly-once", "at-least-once")), "With transactions, or without: a restart may then repeat."
    ] = "exactly-once"
    topic_prefix: Annotated[str, PREFIX, "What topic names begin with, as in `news.articles.v1`."] = "news"
    create_topics: Annotated[bool, Flag(), "Create topics that are missing."] = True
    partitions: Annotated[int, Whole(1, 10_000), "Of topics that are created."] = 6
    replication: Annotated[int, Whole(1, 1000), "Of topics that are created."] = 1
    retention_ms: Annotated[
        int,
        Whole(1, 2**63 - 1, special=-1),
        "Of topics that are created; -1 for ever. It counts from an article's own date: any other value deletes what"
        " is older as soon as it arrives.",
    ] = -1
    compression: Annotated[str, Choice(("none", "gzip", "lz4", "zstd")), "Of batches on the wire and the broker."] = (
        "lz4"
    )
    max_request_bytes: Annotated[
        int, Whole(1024, 2**31 - 1), "Largest record that is sent; larger ones become dead letters."
    ] = 1_000_000
    security_protocol: Annotated[
        str, Choice(("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")), "How to talk to the brokers."
    ] = "PLAINTEXT"
    sasl_mechanism: Annotated[
        str | None,
        Choice(("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")),
        "How to log in; for the `SASL_` protocols.",
    ] = None
    sasl_username: Annotated[
        Secret | None, Credential(literal=True), "Who logs in; the client's id for `sasl_oauth_url`."
    ] = None
    sasl_password: Annotated[Secret | None, Credential(), "Its password; the client's secret for `sasl_oauth_url`."] = (
        None
    )
    sasl_oauth_url: Annotated[
        str | None, WebUrl(), "For OAUTHBEARER: the endpoint that grants tokens to us (OAuth 2.0, client credentials)."
    ] = None
    sasl_oauth_scope: Annotated[str | None, Text(), "What is asked for there."] = None
    sasl_oauth_token_file: Annotated[
        Path | None,
        Place(exists=True),
        "For OAUTHBEARER, in place of `sasl_oauth_url`: a file that holds a token, read anew for each connection.",
    ] = None
    ssl_cafile: Annotated[
        Path | None, Place(exists=True), "Authorities that may vouch for a broker; by default the system's."
    ] = None
    ssl_certfile: Annotated[Path | None, Place(exists=True), "Our own certificate, where brokers ask for one."] = None
    ssl_keyfile: Annotated[Path | None, Place(exists=True), "Its key, if not in the same file."] = None
    ssl_password: Annotated[Secret | None, Credential(), "The key's password."] = None

    @property
    def sasl(self) -> bool:
        """Whether the protocol logs in."""
        return self.security_protocol.startswith("SASL_")

    @property
    def tls(self) -> bool:
        """Whether the protocol encrypts."""
        return self.security_protocol.endswith("SSL")

    def clashes(self) -> Iterator[Clash]:
        """See `Section`."""
        yield from self._login()
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_password"):
            if not self.tls and getattr(self, name) is not None:
                yield self._unused(name, '"SSL" or "SASL_SSL"')
        for name in ("ssl_keyfile", "ssl_password"):
            if self.ssl_certfile is None and getattr(self, name) is not None:
                yield Clash((name, "ssl_certfile"), "is of no use without ssl_certfile", "set ssl_certfile too")

    def _login(self) -> Iterator[Clash]:
        if not self.sasl:
            for name in ("sasl_mechanism", *_PASSWORD, *_TOKEN):
                if getattr(self, name) is not None:
                    yield self._unused(name, '"SASL_SSL"')
            return
        needed = ["sasl_mechanism", *(() if self.sasl_oauth_token_file is not None else _PASSWORD)]
        for name in needed:
            if getattr(self, name) is None:
                yield Clash((name, "security_protocol"), f"is missing for {self.security_protocol}", "set it")
        yield from self._token() if self.sasl_mechanism == "OAUTHBEARER" else self._no_token()

    def _token(self) -> Iterator[Clash]:
        """One of the two ways to a token, and nothing of the other."""
        if self.sasl_oauth_token_file is None:
            if self.sasl_oauth_url is None:
                yield Clash(
                    ("sasl_oauth_url", "sasl_mechanism"),
                    "is missing for OAUTHBEARER",
                    "set it, or sasl_oauth_token_file",
                )
            return
        for name in (*_PASSWORD, "sasl_oauth_url", "sasl_oauth_scope"):
            if getattr(self, name) is not None:
                yield Clash((name, "sasl_oauth_token_file"), "is of no use with sasl_oauth_token_file", "leave one out")

    def _no_token(self) -> Iterator[Clash]:
        for name in _TOKEN:
            if getattr(self, name) is not None:
                yield Clash(
                    (name, "sasl_mechanism"),
                    f"is of no use with sasl_mechanism {self.sasl_mechanism}",
                    'set sasl_mechanism to "OAUTHBEARER", or leave it out',
                )

    def cautions(self) -> Iterator[Clash]:
        """See `Section`."""
        if self.security_protocol == "SASL_PLAINTEXT" and self.sasl_mechanism == "PLAIN":
            yield Clash(("security_protocol",), "the password crosses the network in clear", 'use "SASL_SSL", or SCRAM')
        if self.security_protocol == "SASL_PLAINTEXT" and self.sasl_mechanism == "OAUTHBEARER":
            yield Clash(("security_protocol",), "the token crosses the network in clear", 'use "SASL_SSL"')
        if self.sasl_oauth_url is not None and self.sasl_oauth_url.startswith("http:"):
            yield Clash(("sasl_oauth_url",), "the client's secret crosses the network in clear", "use https")

    def _unused(self, name: str, protocols: str) -> Clash:
        return Clash(
            (name, "security_protocol"),
            f"is of no use with security_protocol {self.security_protocol}",
            f"set security_protocol to {protocols}, or leave it out",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sinks(Section):
    """Where records go: files, Kafka or both."""

    files: Annotated[FilesSink | None, Table(FilesSink), ""] = None
    kafka: Annotated[KafkaSink | None, Table(KafkaSink), ""] = None

    def clashes(self) -> Iterator[Clash]:
        """See `Section`."""
        if self.files is None and self.kafka is None:
            yield Clash(
                ("files", "kafka"),
                "there is neither this nor [sinks.kafka], so records would go nowhere",
                "add one of them, or leave [sinks] out for files in var/out",
            )


EMBEDDED = Sinks(files=FilesSink())
"""What is used where no sink is configured."""
