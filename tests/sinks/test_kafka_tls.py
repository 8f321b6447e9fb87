"""Encrypted brokers that ask for a SCRAM password or for a certificate: delivery exactly once, and one clear error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from sinks.base import SinkBrokenError
from sinks.kafka import KafkaSink
from tests.broker import start
from tests.broker.certificates import Authority, broker_properties
from tests.commands import newstap
from tests.kafka_fixtures import committed
from tests.sinks.descriptors import nothing_left_open
from tests.sinks.kafka_driver import MemoryLedger, drive, items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.broker import OwnBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
SECRET = "hunter2-SENTINEL"
PROPERTIES = {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
        "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    ),
    "listener.name.ssl.ssl.client.auth": "required",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "newstap test")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that the broker does not know, and that vouches for nobody."""
    return Authority(tmp_path_factory.mktemp("stranger"), "somebody else")


@pytest.fixture(scope="module")
def authorities(authority: Authority, stranger: Authority) -> tuple[Authority, Authority]:
    return authority, stranger


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[OwnBroker]:
    """A broker with a listener for passwords and one for certificates; the user `news` is known."""
    broker = start(PROPERTIES | broker_properties(authority), ["SASL_SSL", "SSL"])
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    told = admin.alter_user_scram_credentials(
        [UserScramCredentialUpsertion("news", ScramMechanism.SCRAM_SHA_512, SECRET, iterations=4096)]
    )
    admin.close()
    assert told == {"news": None}
    yield broker
    broker.stop()


@pytest.fixture
def _the_file_names_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of the run's broker is in the environment, and would replace the one in the file."""
    monkeypatch.delenv("NEWSTAP_KAFKA_BOOTSTRAP", raising=False)


def scram(authority: Authority, password: str = SECRET) -> dict[str, Any]:
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "news",
        "sasl_plain_password": password,
        "ssl_cafile": str(authority.certificate),
    }


def certified(authority: Authority, by: Authority | None) -> dict[str, Any]:
    """Return the settings of a client that trusts an authority and has a certificate of another, or none."""
    settings = {"security_protocol": "SSL", "ssl_cafile": str(authority.certificate)}
    if by is not None:
        certificate, key = by.issue("client")
        settings |= {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
    return settings


def sink(broker: OwnBroker, security: dict[str, Any], prefix: str = "news", patience: float = 3.0) -> KafkaSink:
    return KafkaSink(
        MemoryLedger(prefix),
        bootstrap=f"127.0.0.1:{broker.ports[security['security_protocol']]}",
        prefix=prefix,
        topics=("china",),
        partitions=2,
        patience_seconds=patience,
        security=security,
    )


@pytest.mark.parametrize("how", ["SASL_SSL", "SSL"])
def test_delivered_once_although_the_ledger_forgot(encrypted: OwnBroker, authority: Authority, how: str) -> None:
    """The second sink learns from the broker, over the same encrypted line, how far the first came."""
    security = scram(authority) if how == "SASL_SSL" else certified(authority, authority)
    prefix = how.lower().replace("_", "-")
    for upto in (12, 30):
        mine = sink(encrypted, security, prefix, patience=10.0)
        drive(mine, items(upto))
        assert mine.check() == []
        mine.close()

    keys = sorted(message.key.decode() for message in committed(encrypted.bootstrap, f"{prefix}.articles.v1"))
    assert keys == sorted(f"id-{number}" for number in range(1, 31))


REFUSALS = {
    "wrong password": "SaslAuthenticationFailed.*SCRAM-SHA-512",
    "unknown broker": "CERTIFICATE_VERIFY_FAILED.*ssl_cafile has to name the authority",
    "no certificate": "ALERT_BAD_CERTIFICATE.*ssl_certfile",
    "a stranger's certificate": "ALERT_CERTIFICATE_UNKNOWN.*ssl_certfile",
    "unreadable certificate": "ssl_cafile .*ca.pem: .*is it PEM",
}


@pytest.mark.parametrize("case", REFUSALS)
def test_whoever_is_refused_is_told_why_at_once(
    encrypted: OwnBroker, authority: Authority, stranger: Authority, tmp_path: Path, case: str
) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate\n")
    security = {
        "wrong password": lambda: scram(authority, f"not-{SECRET}"),
        "unknown broker": lambda: scram(stranger),
        "no certificate": lambda: certified(authority, None),
        "a stranger's certificate": lambda: certified(authority, stranger),
        "unreadable certificate": lambda: scram(authority) | {"ssl_cafile": str(tmp_path / "ca.pem")},
    }[case]()
    refused = sink(encrypted, security)

    with nothing_left_open(), pytest.raises(SinkBrokenError, match=REFUSALS[case]) as raised:
        refused.open()
    assert SECRET not in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "case",
    [(SECRET, 0, ""), (f"not-{SECRET}", 0, "SaslAuthenticationFailed"), (SECRET, 1, "CERTIFICATE_VERIFY_FAILED")],
)
@pytest.mark.usefixtures("_the_file_names_the_broker")
def test_newstap_check_tells_it_in_one_line(
    encrypted: OwnBroker, authorities: tuple[Authority, Authority], tmp_path: Path, case: tuple[str, int, str]
) -> None:
    password, trusted, told = case
    given = scram(authorities[trusted]) | {"bootstrap": f"127.0.0.1:{encrypted.ports['SASL_SSL']}"}
    given |= {"sasl_username": given.pop("sasl_plain_username"), "sasl_password": "${NEWS_PASSWORD}"}
    del given["sasl_plain_password"]
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    tmp_path.joinpath("news.toml").write_text("\n".join(["[sinks.kafka]", *lines, ""]))

    done = newstap("check", "--config", "news.toml", cwd=tmp_path, env={"NEWS_PASSWORD": password})

    assert done.returncode == (2 if told else 0)
    assert len(done.stderr.splitlines()) == (1 if told else 0)
    assert told in done.stderr
    assert SECRET not in done.stderr + done.stdout
