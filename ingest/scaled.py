"""What the commands of a scaled-out service ask of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.config import ConfigError, Problem

if TYPE_CHECKING:
    from ingest.config import Config, KafkaSink


def kafka_only(config: Config, command: str) -> KafkaSink:
    """Return where Kafka is, for a command that writes to nothing else.

    Raises:
        ConfigError: no `[sinks.kafka]`, or a `[sinks.files]` beside it that would stay empty.
    """
    kafka = kafka_of(config, command)
    if "sinks.files" in config.given:
        raise _error(
            config,
            "sinks.files",
            f"newstap {command} writes to Kafka only: its work can move to another machine, a file cannot",
            "remove the section, and let newstap export --to DIR keep files",
        )
    return kafka


def kafka_of(config: Config, command: str) -> KafkaSink:
    """Return where Kafka is.

    Raises:
        ConfigError: no `[sinks.kafka]`.
    """
    if config.sinks.kafka is None:
        raise _error(config, "sinks.kafka", f"newstap {command} needs Kafka", "add the section")
    return config.sinks.kafka


def _error(config: Config, key: str, what: str, right: str) -> ConfigError:
    return ConfigError([Problem(source=str(config.file or "(defaults)"), key=key, what=what, right=right)])
