"""Every topology in one place: what each command reads, runs and writes.

| command         | source  | chain | sinks                      | state                          |
|-----------------|---------|-------|----------------------------|--------------------------------|
| replay          | archive | yes   | files, Kafka               | `DIR/.newstap`, else `[state]` |
| replay --dry-run| archive | yes   | console                    | none                           |
| run             | feeds   | yes   | files, Kafka               | `[state]`                      |
| demo            | feeds   | yes   | files, Kafka if configured | `DIR/.newstap-live`            |
| demo --archive  | archive | yes   | files, Kafka if configured | `DIR/.newstap`                 |

The parts of `run` are put together in `ingest/live/service.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest import issued, profiles
from ingest.sources import archive
from sinks import outbox
from sinks.files import FilesSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest import config
    from sinks.base import Sink
    from sinks.kafka import KafkaSink
    from sinks.kafka_client import Connection

MIGRATIONS = (outbox.SCHEMA + issued.SCHEMA + archive.SCHEMA, profiles.LESSONS)
"""Layouts of a job's state, oldest first; a published one is never edited."""


def sinks_of(wanted: config.Sinks, box: outbox.Outbox, topics: Sequence[str]) -> list[Sink]:
    """Build the configured sinks, each with its place in the outbox."""
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
            )
        )
    if wanted.kafka is not None:
        sinks.append(kafka_sink(wanted.kafka, box, topics))
    return sinks


def kafka_sink(wanted: config.KafkaSink, box: outbox.Outbox, topics: Sequence[str]) -> KafkaSink:
    """Build the Kafka sink; its library is imported only here, since it costs a fifth of a second."""
    from sinks.kafka import KafkaSink  # noqa: PLC0415 - see above

    return KafkaSink(
        box.ledger("kafka"),
        bootstrap=wanted.bootstrap,
        prefix=wanted.topic_prefix,
        topics=topics,
        delivery=wanted.delivery,
        create_topics=wanted.create_topics,
        partitions=wanted.partitions,
        replication=wanted.replication,
        retention_ms=wanted.retention_ms,
        compression=wanted.compression,
        max_request_size=wanted.max_request_bytes,
        security=_security(wanted),
    )


def connection_of(wanted: config.KafkaSink) -> Connection:
    """Return how to reach the brokers, for whoever reads what was written."""
    from sinks.kafka_client import Connection  # noqa: PLC0415 - as above

    return Connection(wanted.bootstrap, _security(wanted))


def _security(wanted: config.KafkaSink) -> dict[str, Any]:
    """Return the security settings under kafka-python's names, secrets in clear."""
    settings: dict[str, Any] = {
        "security_protocol": wanted.security_protocol,
        "sasl_mechanism": wanted.sasl_mechanism,
        "sasl_plain_username": wanted.sasl_username and wanted.sasl_username.reveal(),
        "sasl_plain_password": wanted.sasl_password and wanted.sasl_password.reveal(),
        "ssl_cafile": wanted.ssl_cafile and str(wanted.ssl_cafile),
        "ssl_certfile": wanted.ssl_certfile and str(wanted.ssl_certfile),
        "ssl_keyfile": wanted.ssl_keyfile and str(wanted.ssl_keyfile),
        "ssl_password": wanted.ssl_password and wanted.ssl_password.reveal(),
    }
    return {name: value for name, value in settings.items() if value is not None}
