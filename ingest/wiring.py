"""Every topology in one place: what each command reads, runs and writes.

| command             | source           | chain | sinks                      | state                          |
|---------------------|------------------|-------|----------------------------|--------------------------------|
| run                 | feeds            | yes   | files, Kafka               | `[state]`                      |
| fetch               | feeds            | no    | Kafka (pages)              | `[state]`                      |
| work                | Kafka (pages)    | yes   | Kafka (enriched)           | none                           |
| link                | Kafka (enriched) | no    | Kafka                      | Kafka                          |
| export              | Kafka (articles) | no    | files                      | `DIR/.newstap`                 |
| replay              | archive          | yes   | files, Kafka               | `DIR/.newstap`, else `[state]` |
| replay --distribute | archive          | no    | Kafka (pages)              | `[state]`                      |
| replay --dry-run    | archive          | yes   | console                    | none                           |
| demo                | feeds            | yes   | files, Kafka if configured | `DIR/.newstap-live`            |
| demo --archive      | archive          | yes   | files, Kafka if configured | `DIR/.newstap`                 |

The parts of `run` and `fetch` are put together in `ingest/live/serving.py`. `work` and `link` have no
outbox: what they read waits in Kafka until what they make of it is there (`ingest/work`, `ingest/link`). Where nothing
is linked, `work` writes to all topics, and its state is in Kafka.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest import issued, linkstore, passed, profiles, retracted
from ingest.sources import archive
from processors.stories.window import KEPT
from sinks import outbox
from sinks.base import Kind
from sinks.files import FilesSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest import config
    from sinks.base import Landing, Sink
    from sinks.kafka import KafkaSink
    from sinks.kafka_admin import Plan
    from sinks.kafka_client import Connection

_DAY = 86_400
MIGRATIONS = (
    outbox.SCHEMA + issued.SCHEMA + archive.SCHEMA,
    profiles.LESSONS,
    passed.SCHEMA,
    linkstore.SCHEMA,
    retracted.SCHEMA,
)
"""Layouts of a job's state, oldest first; a published one is never edited."""


def sinks_of(
    wanted: config.Sinks,
    box: outbox.Outbox,
    topics: Sequence[str],
    *,
    pages: config.Config | None = None,
    landed: Landing | None = None,
    alarms: bool = False,
) -> list[Sink]:
    """Build the configured sinks, each with its place in the outbox; the last three arguments as of `kafka_sink`."""
    sinks: list[Sink] = []
    if wanted.files is not None:
        files = wanted.files
        sinks.append(
            FilesSink(
                files.path,
                box.ledger("files"),
                compression=files.compression,
                rotate_bytes=files.rotate_bytes,
                rotate_seconds=files.rotate_seconds,
                sync=files.fsync == "batch",
                landed=landed,
            )
        )
    if wanted.kafka is not None:
        sinks.append(kafka_sink(wanted.kafka, box, topics, pages=pages, landed=landed, alarms=alarms))
    return sinks


def kafka_sink(
    wanted: config.KafkaSink,
    box: outbox.Outbox,
    topics: Sequence[str],
    *,
    pages: config.Config | None = None,
    landed: Landing | None = None,
    alarms: bool = False,
) -> KafkaSink:
    """Build the Kafka sink; its library is imported only here, since it costs a fifth of a second.

    Args:
        wanted: as configured.
        box: where it has its place.
        topics: each has a stream.
        pages: the configuration, where pages go through Kafka too.
        landed: told where each record is, once it is delivered; None where nobody wants to know.
        alarms: whether alarms go there too; those that wait in the outbox already do in any case.
    """
    from sinks.kafka import KafkaSink  # noqa: PLC0415 - see above

    return KafkaSink(
        box.ledger("kafka"),
        bootstrap=wanted.bootstrap,
        prefix=wanted.topic_prefix,
        topics=topics,
        scaled=pages is not None,
        alarms=alarms or box.holds(Kind.ALARM),
        page_bytes=page_bytes(pages) if pages is not None else 0,
        remember_ms=remember_ms(pages) if pages is not None else -1,
        delivery=wanted.delivery,
        create_topics=wanted.create_topics,
        partitions=wanted.partitions,
        replication=wanted.replication,
        retention_ms=wanted.retention_ms,
        compression=wanted.compression,
        max_request_size=wanted.max_request_bytes,
        security=security_of(wanted),
        landed=landed,
    )


def connection_of(wanted: config.KafkaSink) -> Connection:
    """Return how to reach Kafka."""
    from sinks.kafka_client import Connection  # noqa: PLC0415 - as in kafka_sink

    return Connection(wanted.bootstrap, security_of(wanted))


def plan_of(wanted: config.KafkaSink, topics: Sequence[str], whole: config.Config, *, fleet: bool = False) -> Plan:
    """Return the topics of a scaled-out service; with `fleet`, also of fetchers that share out feeds."""
    from sinks.kafka_admin import Plan  # noqa: PLC0415 - as in kafka_sink
    from sinks.kafka_messages import Names  # noqa: PLC0415 - as above

    return Plan(
        Names(wanted.topic_prefix, tuple(topics), scaled=True, fleet=fleet),
        create=wanted.create_topics,
        partitions=wanted.partitions,
        replication=wanted.replication,
        retention_ms=wanted.retention_ms,
        page_bytes=page_bytes(whole),
        remember_ms=remember_ms(whole),
    )


def page_bytes(config: config.Config) -> int:
    """Return how large the message of a page may be: in base64, with what the feed says of it."""
    return config.fetch.max_page_bytes * 4 // 3 + 1_000_000


def remember_ms(config: config.Config) -> int:
    """Return how long Kafka keeps what is remembered: whoever reads it forgets the parts of it in their own time."""
    window = KEPT // _DAY + 1
    return max(config.state.remember_days, config.stories.remember_days, window) * _DAY * 1000


def security_of(wanted: config.KafkaSink) -> dict[str, Any]:
    """Return the security settings under the names of `sinks.kafka_client`, secrets in clear."""
    settings: dict[str, Any] = {
        "security_protocol": wanted.security_protocol,
        "sasl_mechanism": wanted.sasl_mechanism,
        **_login_of(wanted),
        "ssl_cafile": wanted.ssl_cafile and str(wanted.ssl_cafile),
        "ssl_certfile": wanted.ssl_certfile and str(wanted.ssl_certfile),
        "ssl_keyfile": wanted.ssl_keyfile and str(wanted.ssl_keyfile),
        "ssl_password": wanted.ssl_password and wanted.ssl_password.reveal(),
    }
    return {name: value for name, value in settings.items() if value is not None}


def _login_of(wanted: config.KafkaSink) -> dict[str, Any]:
    """Return who we are: name and password, or where our token comes from."""
    name, password = wanted.sasl_username, wanted.sasl_password
    if wanted.sasl_mechanism != "OAUTHBEARER":
        return {
            "sasl_plain_username": name and name.reveal(),
            "sasl_plain_password": password and password.reveal(),
        }
    from ingest.tokens import EndpointToken, FileToken  # noqa: PLC0415 - its libraries take half a second to load

    if wanted.sasl_oauth_token_file is not None:
        return {"sasl_oauth_token_provider": FileToken(wanted.sasl_oauth_token_file)}
    if wanted.sasl_oauth_url is None or name is None or password is None:
        raise ValueError("OAUTHBEARER without a token, which the configuration does not let pass")
    endpoint = EndpointToken(wanted.sasl_oauth_url, name, password, wanted.sasl_oauth_scope)
    return {"sasl_oauth_token_provider": endpoint}
