"""What the commands of a scaled-out service ask of the configuration."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.config import ConfigError, Problem
from ingest.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.config import Config, KafkaSink
    from ingest.health import Health
    from ingest.listener import Pages
    from ingest.metrics import Metrics


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


def listens(config: Config) -> bool:
    """Tell whether HTTP requests are answered: where the file says so, since several of these run on one machine."""
    return bool(config.dashboard.listen) and "dashboard.listen" in config.given


@contextmanager
def listening(config: Config, health: Health, metrics: Metrics, pages: Pages = ()) -> Iterator[None]:
    """Answer HTTP requests meanwhile, at the address of the file; those for pages, too, where there are any.

    Raises:
        ListenError: the address cannot be had.
    """
    if not listens(config):
        yield
        return
    listener = Listener(config.dashboard.listen, health, metrics, token=config.dashboard.token, pages=pages)
    listener.start()
    try:
        yield
    finally:
        listener.stop()


def _error(config: Config, key: str, what: str, right: str) -> ConfigError:
    return ConfigError([Problem(source=str(config.file or "(defaults)"), key=key, what=what, right=right)])
