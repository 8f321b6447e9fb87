"""A real Apache Kafka for tests and development: one KRaft node on loopback that starts and stops by itself.

In tests, take the fixtures of `tests/kafka_fixtures.py`. By hand: `python -m tests.broker serve`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.broker import install
from tests.broker.install import BrokerMissingError
from tests.broker.process import Broker, DockerBroker, JavaBroker, OwnBroker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["VARIABLE", "Broker", "BrokerMissingError", "GivenBroker", "OwnBroker", "connect", "start"]

VARIABLE = "NEWSTAP_KAFKA_BOOTSTRAP"


@dataclass(frozen=True)
class GivenBroker:
    """A broker somebody else runs; we never stop it."""

    bootstrap: str

    def stop(self) -> None:
        """Leave it alone."""


def connect() -> Broker:
    """Return the broker of `NEWSTAP_KAFKA_BOOTSTRAP`, else start one.

    Raises:
        BrokerMissingError: see `start`.
    """
    given = os.environ.get(VARIABLE)
    return GivenBroker(given) if given else start()


def start(properties: Mapping[str, str] | None = None, protocols: Sequence[str] = ()) -> OwnBroker:
    """Start a broker that nobody else uses; stop it when done.

    Args:
        properties: of the server, beside or in place of ours.
        protocols: of further listeners, such as `SASL_SSL`; `ports` of the broker has their ports.

    Raises:
        BrokerMissingError: nothing on this machine can run one.
    """
    broker = _prepare(properties or {}, protocols)
    broker.start()
    return broker


def _prepare(properties: Mapping[str, str], protocols: Sequence[str]) -> OwnBroker:
    java = install.java()
    try:
        if java is not None:
            return JavaBroker(java, install.jars(), properties, protocols)
        missing = BrokerMissingError(f"no broker for the tests: {install.ADVICE}")
    except BrokerMissingError as error:
        missing = error
    if (docker := install.docker()) is not None:
        return DockerBroker(docker, properties, protocols)
    if (java := install.install_packages()) is not None:
        return JavaBroker(java, install.jars(), properties, protocols)
    raise missing
